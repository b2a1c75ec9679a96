//! From a name to where it is defined: includes, upstreams, named locations, variables.

use gen_lsp_types::{Location, Range};
use nginx_wslint::config::{DirectiveId, Target, included_files};

use super::cursor::Cursor;
use super::documents::Documents;
use super::places::Places;

/// The places that define what is under the cursor.
pub(super) fn of(cursor: &Cursor<'_, '_>, documents: &Documents, places: &Places<'_>) -> Vec<Location> {
    let Some(word) = cursor.word().filter(|&word| word > 0) else { return Vec::new() };
    let tree = cursor.tree();
    let on = cursor.directive;
    let text = tree.arg(on, word).unwrap_or_default();
    if tree.is(on, "include") {
        let job = cursor.home.job;
        let files = included_files(&text, &job.root, &job.options, documents);
        let start = |path: &std::path::PathBuf| Some(Location { uri: documents.uri(path)?, range: Range::default() });
        return files.iter().filter_map(start).collect();
    }
    let found: Vec<DirectiveId> = if let Some((name, _)) = cursor.variable() {
        tree.definitions(&name).iter().map(|definition| definition.at).collect()
    } else if text.starts_with('@') {
        named_locations(cursor, &text)
    } else if tree.name(on).ends_with("_pass") && word == 1 {
        let hosts = tree.hosts(&Target::new(&text), tree.directive(on).parent);
        hosts.iter().filter_map(|host| Some(tree.upstream(host)?.block)).collect()
    } else {
        Vec::new()
    };
    found.into_iter().filter_map(|id| places.head(id)).collect()
}

/// The locations of that name: nginx looks in the same server alone, so that those elsewhere count only where the server
/// is not in sight.
fn named_locations(cursor: &Cursor<'_, '_>, name: &str) -> Vec<DirectiveId> {
    let tree = cursor.tree();
    let server = tree.enclosing(cursor.directive, "server");
    let all = tree.ids().filter(|&id| tree.is(id, "location") && tree.arg(id, 1).as_deref() == Some(name));
    all.filter(|&id| server.is_none() || tree.enclosing(id, "server") == server).collect()
}
