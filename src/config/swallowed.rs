//! A missing `;` that nginx's reader does not see: the next line becomes arguments of the directive before.

use super::context::Context;
use super::directives::Name;
use super::tree::{DirectiveId, File, Problem, ROOT, Tree};

/// The statements that lack their `;`: the first word of a later line is a directive that may stand there itself, and
/// with it the statement has more arguments than nginx accepts ("invalid number of arguments", `ngx_conf_handler`).
/// Only directives of nginx's own modules are judged; for those of others the number is not sure enough.
pub(super) fn find(tree: &Tree) -> Vec<(DirectiveId, Problem)> {
    tree.ids().filter_map(|id| Some((id, swallowed(tree, id)?))).collect()
}

fn swallowed(tree: &Tree, id: DirectiveId) -> Option<Problem> {
    let directive = tree.directive(id);
    let words = tree.words(id);
    if words.len() < 3 {
        return None;
    }
    if directive.context == Context::Entries {
        return in_map(tree, id);
    }
    let entry = directive.name?.entry_in(directive.context)?;
    // In a template, or behind an error that has been named already, nothing more can be said for sure.
    let ast = &tree.file(directive.file).ast;
    if entry.commercial || entry.args.accepts(words.len() - 1) || ast.template().is_some() || !ast.errors().is_empty() {
        return None;
    }
    let source = tree.source(id);
    let mut before = words[0].span;
    for word in &words[1..] {
        let between = &source.text()[before.end as usize..word.span.start as usize];
        let name = Name::of(source.slice(word.span));
        if between.contains('\n') && name.is_some_and(|name| name.entry_in(directive.context).is_some()) {
            let line = source.line(words[0].span.start);
            return Some(Problem {
                path: source.path().to_owned(),
                place: Some((directive.file, word.span)),
                message: format!("invalid number of arguments in \"{}\" directive", tree.name(id)),
                help: Some(format!("`{}` on line {line} lacks its `;`", tree.name(id))),
            });
        }
        before = word.span;
    }
    None
}

/// An entry of a map is a key and a value (`ngx_http_map`); here a third word begins the next line.
fn in_map(tree: &Tree, id: DirectiveId) -> Option<Problem> {
    let directive = tree.directive(id);
    let [first, before, word, ..] = tree.words(id) else { return None };
    let File { source, ast, .. } = tree.file(directive.file);
    let between = &source.text()[before.span.end as usize..word.span.start as usize];
    let is_sure = tree.is(directive.parent, "map") && ast.template().is_none() && ast.errors().is_empty();
    (is_sure && between.contains('\n')).then(|| Problem {
        path: source.path().to_owned(),
        place: Some((directive.file, word.span)),
        message: "invalid number of the map parameters".to_owned(),
        help: Some(format!(
            "the entry `{}` on line {} lacks its `;`",
            source.slice(first.span),
            source.line(first.span.start)
        )),
    })
}

/// Whether a lost `;` leaves the whole block around it in doubt. At the top and in http, where everything stands, it does
/// so only if one of the two lines is about upstreams or may be.
pub(super) fn matters_beside(tree: &Tree, id: DirectiveId, problem: &Problem) -> bool {
    let block = tree.directive(id).parent;
    let next = problem.place.map_or("", |(file, span)| tree.file(file).source.slice(span));
    let matters = |name: &str| {
        name == "include" || ["proxy_", "uwsgi_", "scgi_", "grpc_"].iter().any(|prefix| name.starts_with(prefix))
    };
    (block != ROOT && !tree.is(block, "http")) || matters(&tree.name(id)) || matters(next)
}
