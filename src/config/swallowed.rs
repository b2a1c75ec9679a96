//! A missing `;` that nginx's reader does not see: the next line becomes arguments of the directive before.

use super::context::Context;
use super::directives::Name;
use super::tree::{DirectiveId, Problem, Tree};

/// The statements that lack their `;`: the first word of a later line is a directive that may stand there itself, and
/// with it the statement has more arguments than nginx accepts ("invalid number of arguments", `ngx_conf_handler`).
/// Only directives of nginx's own modules are judged; for those of others the number is not sure enough.
pub(super) fn find(tree: &Tree) -> Vec<(DirectiveId, Problem)> {
    tree.ids().filter_map(|id| Some((id, swallowed(tree, id)?))).collect()
}

fn swallowed(tree: &Tree, id: DirectiveId) -> Option<Problem> {
    let directive = tree.directive(id);
    let words = tree.words(id);
    if words.len() < 3 || directive.context == Context::Entries {
        return None;
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
            let line = source.line_column(words[0].span.start).line;
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
