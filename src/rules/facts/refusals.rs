//! What nginx refuses to start with, whatever it was meant for.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::super::spelling::is_slip;
use super::{Fact, directive, when};
use crate::config::{Context, DirectiveId, Modifier, Name, ROOT, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "locations-nested-wrongly" "locations in the block that cannot stand in it; the word is why" nested_wrongly;
    "misspelt-inside" "lines in the block whose name is that of a directive with a slip of the pen; the words are that name and what it sets" misspelt_inside;
    "misspelt-beside" "a line in effect on the route has a misspelt name" misspelt_beside;
    "argument-count" "nginx does not accept the directive with so many arguments; the word is how many" argument_count;
};

/// Whether nothing can be said of a directive because its text is not finished, or its block not known.
pub(super) fn is_unsure(tree: &Tree, id: DirectiveId) -> bool {
    let directive = tree.directive(id);
    let file = tree.file(directive.file);
    file.well_known || file.ast.template().is_some() || (directive.parent == ROOT && !tree.is_complete())
}

/// Whether the line opens a map with its entries, at the top of a fragment that is no template.
fn is_sure_of_map(tree: &Tree, id: DirectiveId) -> bool {
    let file = tree.file(tree.directive(id).file);
    tree.is(id, "map") && tree.is_block(id) && !file.well_known && file.ast.template().is_none()
}

/// Locations are few where they are wrong; whoever has more of them learns of these first.
pub(super) const MOST: usize = 20;

/// `cannot be inside the exact location`, `is outside location` and its like (`ngx_http_core_location`).
fn nested_wrongly(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope).filter(|&id| !tree.own(id, "location").is_empty() && !is_unsure(tree, id))?;
    let around = tree.location(block)?;
    let mut places = Vec::new();
    let mut words = Vec::new();
    for id in tree.locations(block).filter(|&id| !is_unsure(tree, id) && scope.only.is_none_or(|only| only == id)) {
        let Some(inner) = tree.location(id) else { continue };
        let why = match (around.modifier, inner.modifier) {
            (Modifier::Exact, _) => "serves one path alone, and takes no other locations in".to_owned(),
            (Modifier::Named, _) => "has only a name, and takes no other locations in".to_owned(),
            (_, Modifier::Named) => format!("cannot hold `{}`: named locations stand in the server", inner.path),
            _ if inner.is_regex() || inner.path.starts_with(&around.path) => continue,
            (Modifier::Regex | Modifier::RegexNoCase, _) => {
                format!("is a pattern, and `{}` does not begin with its very text", inner.path)
            }
            _ => format!("cannot hold `{}`, which does not begin with its path", inner.path),
        };
        if places.len() < MOST {
            places.push(Place::head(id));
            words.push(why);
        }
    }
    (!places.is_empty()).then_some(Hit { places, words })
}

/// What a WebSocket route is made of. Names that are shorter, or of which modules have a like one, are left out.
const MEANT: [&str; 30] = [
    "proxy_pass",
    "proxy_set_header",
    "proxy_http_version",
    "proxy_read_timeout",
    "proxy_send_timeout",
    "proxy_connect_timeout",
    "proxy_buffering",
    "proxy_request_buffering",
    "proxy_redirect",
    "proxy_hide_header",
    "proxy_pass_header",
    "proxy_cache_bypass",
    "proxy_ssl_verify",
    "proxy_ssl_server_name",
    "uwsgi_pass",
    "location",
    "server_name",
    "server",
    "listen",
    "upstream",
    "include",
    "ip_hash",
    "keepalive",
    "try_files",
    "rewrite",
    "add_header",
    "ssl_certificate",
    "ssl_certificate_key",
    "client_max_body_size",
    "send_timeout",
];

/// The directive that a line with an unknown name was meant to be, if it could stand there as it is.
fn meant(tree: &Tree, line: DirectiveId) -> Option<Name> {
    let directive = tree.directive(line);
    if directive.name.is_some() || !directive.context.is_modelled() || is_unsure(tree, line) {
        return None;
    }
    let written = tree.name(line);
    let fits = |name: &Name| {
        let entry = name.entry_in(directive.context).filter(|entry| entry.args.accepts(tree.words(line).len() - 1));
        entry.is_some_and(|entry| entry.opens.is_some() == tree.is_block(line))
    };
    let slip = MEANT.into_iter().filter(|meant| is_slip(&written, meant)).filter_map(Name::of).find(fits);
    slip.or_else(|| Name::of("proxy_set_header").filter(|name| sets_headers(tree, line, &written) && fits(name)))
}

/// Whether a name that nobody knows is meant for headers of requests: a line of that name in the block is one of those of a
/// handshake (`proxy_header Upgrade $http_upgrade`).
fn sets_headers(tree: &Tree, line: DirectiveId, written: &str) -> bool {
    let of_handshake = |&other: &DirectiveId| {
        let [_, name, value] = tree.words(other) else { return false };
        let source = tree.source(other);
        let (name, value) = (name.value(source), value.value(source));
        let is_header = ["Upgrade", "Connection"].iter().any(|header| name.eq_ignore_ascii_case(header));
        is_header && value.to_ascii_lowercase().contains("upgrade") && tree.name(other) == written
    };
    written.contains("head") && tree.unknown_in(tree.directive(line).parent).iter().any(of_handshake)
}

fn misspelt_inside(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope).filter(|&id| tree.is_block(id))?;
    let asked = |line: &DirectiveId| scope.only.is_none_or(|only| only == *line);
    let found: Vec<(DirectiveId, Name)> = tree
        .unknown_in(block)
        .iter()
        .copied()
        .filter(asked)
        .filter_map(|line| Some((line, meant(tree, line)?)))
        .take(MOST)
        .collect();
    let name = found.first()?.1.text();
    let sets = setting(name, tree.arg(found[0].0, 1).as_deref());
    let place = |&(line, _): &(DirectiveId, Name)| Place { directive: line, part: WordPart::Word(0) };
    Some(Hit { places: found.iter().map(place).collect(), words: vec![name.to_owned(), sets] })
}

/// What a line of this name sets, as fixes declare it: of a header its own name, too.
pub(super) fn setting(name: &str, first: Option<&str>) -> String {
    match (name, first) {
        ("proxy_set_header" | "add_header" | "proxy_hide_header" | "proxy_pass_header", Some(header)) => {
            format!("{name} {header}")
        }
        _ => name.to_owned(),
    }
}

fn misspelt_beside(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = scope.route()?.block;
    let around = tree.ancestors(block).take_while(|&around| around != ROOT && !tree.is(around, "http"));
    let mut blocks = std::iter::once(block).chain(around);
    when(blocks.any(|block| {
        super::blanks::pasted_in(tree, block) || tree.unknown_in(block).iter().any(|&line| meant(tree, line).is_some())
    }))
}

/// `invalid number of arguments` (`ngx_conf_handler`).
fn argument_count(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    // A map is the same wherever it may stand.
    let id = directive(scope).filter(|&id| !is_unsure(tree, id) || is_sure_of_map(tree, id))?;
    let context = tree.directive(id).context;
    let entry = tree.directive(id).name?.entry_in(context).filter(|entry| !entry.commercial)?;
    let count = tree.words(id).len() - 1;
    // A block without its braces is another mistake.
    let is_block = entry.opens.is_some() == tree.is_block(id);
    let known = !matches!(context, Context::Unknown | Context::Foreign | Context::Entries);
    // A value that is left out altogether is left out by a template, as a rule.
    if count == 0 || !known || !is_block || entry.args.accepts(count) {
        return None;
    }
    let said = if count == 1 { "with one argument".to_owned() } else { format!("with {count} arguments") };
    Some(Hit { words: vec![said], ..Hit::at(Place::head(id)) })
}
