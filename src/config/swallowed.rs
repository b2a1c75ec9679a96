//! A missing `;` that nginx's reader does not see: the next line becomes arguments of the directive before.

use super::context::Context;
use super::directives::Name;
use super::tree::{DirectiveId, Problem, ROOT, Tree};
use crate::parallel;
use crate::syntax::Span;

/// Fewer statements than this are looked at by one thread.
const LEAST: usize = 8192;

/// The statements that lack their `;`: the first word of a later line is a directive that may stand there itself, and
/// with it the statement has more arguments than nginx accepts ("invalid number of arguments", `ngx_conf_handler`), or
/// ends in a block that it cannot have ("is not terminated by", the same).
/// Only directives of nginx's own modules are judged; for those of others the number is not sure enough.
pub(super) fn find(tree: &Tree) -> Vec<(DirectiveId, Problem)> {
    parallel::in_ranges(tree.len(), LEAST, |range| {
        let ids = range.skip_while(|&id| id == 0).map(|id| DirectiveId(id as u32));
        ids.filter_map(|id| Some((id, swallowed(tree, id)?))).collect()
    })
}

fn swallowed(tree: &Tree, id: DirectiveId) -> Option<Problem> {
    let directive = tree.directive(id);
    let words = tree.words(id);
    // In a template nothing can be said for sure.
    let ast = &tree.file(directive.file).ast;
    let lonely = words.len() == 1 && directive.context == Context::Entries;
    if (words.len() < 3 && !tree.is_block(id) && !lonely) || ast.template().is_some() {
        return None;
    }
    if lonely {
        return without_value(tree, id);
    }
    if directive.context == Context::Entries {
        return in_map(tree, id);
    }
    let Some(name) = directive.name else { return before_a_block(tree, id) };
    let entry = name.entry_in(directive.context).filter(|entry| !entry.commercial)?;
    let opens_somewhere = name.entries().iter().any(|entry| entry.opens.is_some());
    if tree.is_block(id) && !opens_somewhere {
        return Some(unterminated(tree, id));
    }
    let is_one_more = !entry.args.accepts(words.len() - 1);
    let next = next_statement(tree, id, |next, _| next.entry_in(directive.context).is_some() && is_one_more).or_else(
        || next_statement(tree, id, |next, index| is_no_argument(tree, id, next) && goes_on(tree, id, index)),
    )?;
    let message = if is_one_more {
        format!("invalid number of arguments in \"{}\" directive", name.text())
    } else if name.text() == "listen" {
        format!("invalid parameter \"{}\"", source_word(tree, id, next))
    } else {
        format!("\"{}\" is read as an argument of \"{}\"", source_word(tree, id, next), name.text())
    };
    Some(problem(tree, id, tree.words(id)[next].span, message))
}

fn source_word(tree: &Tree, id: DirectiveId, index: usize) -> &str {
    tree.words(id).get(index).map_or("", |word| tree.source(id).slice(word.span))
}

/// What is said of a statement that lacks its `;`, with the place where the next one begins.
fn problem(tree: &Tree, id: DirectiveId, place: Span, message: String) -> Problem {
    let source = tree.source(id);
    let line = source.line(tree.head(id).start);
    Problem {
        path: source.path().to_owned(),
        place: Some((tree.directive(id).file, place)),
        message,
        help: Some(format!("`{}` on line {line} lacks its `;`", tree.name(id))),
    }
}

/// The number of the first word that begins a line and is a directive that, with this number, `fits`.
fn next_statement(tree: &Tree, id: DirectiveId, fits: impl Fn(Name, usize) -> bool) -> Option<usize> {
    let source = tree.source(id);
    let words = tree.words(id);
    (1..words.len()).find(|&index| {
        let between = &source.text()[words[index - 1].span.end as usize..words[index].span.start as usize];
        between.contains('\n') && Name::of(source.slice(words[index].span)).is_some_and(|name| fits(name, index))
    })
}

/// Whether a directive's name at the beginning of a line is hardly meant as an argument, where nginx takes any number of
/// them: none of the words that `listen` takes itself, nor a plain word such as `hash` or `user`.
fn is_no_argument(tree: &Tree, id: DirectiveId, next: Name) -> bool {
    const PLAIN: [&str; 8] = ["listen", "location", "root", "index", "include", "return", "rewrite", "access_log"];
    let allowed = next.entry_in(tree.directive(id).context).is_some_and(|entry| !entry.commercial);
    allowed && (next.text().contains('_') || PLAIN.contains(&next.text()))
}

/// Whether another word follows in the same line, as an argument does.
fn goes_on(tree: &Tree, id: DirectiveId, index: usize) -> bool {
    let words = tree.words(id);
    let Some(next) = words.get(index + 1) else { return false };
    !tree.source(id).text()[words[index].span.end as usize..next.span.start as usize].contains('\n')
}

/// `server_name x` before `location / {`: what ends in `{` has no block (`ngx_conf_handler`).
fn unterminated(tree: &Tree, id: DirectiveId) -> Problem {
    let context = tree.directive(id).context;
    let opens = |next: Name, _| next.entry_in(context).is_some();
    let brace = tree.node_body(id).map_or_else(|| tree.head(id), |body| Span { start: body.open, end: body.open + 1 });
    let place = next_statement(tree, id, opens).map_or(brace, |index| tree.words(id)[index].span);
    problem(tree, id, place, format!("directive \"{}\" is not terminated by \";\"", tree.name(id)))
}

/// A directive that nobody knows, and in a later line one whose block this is.
fn before_a_block(tree: &Tree, id: DirectiveId) -> Option<Problem> {
    let context = tree.directive(id).context;
    if !context.is_modelled() || !tree.is_block(id) {
        return None;
    }
    let opens = |next: Name, _| next.entry_in(context).is_some_and(|entry| entry.opens.is_some());
    next_statement(tree, id, opens)?;
    Some(unterminated(tree, id))
}

/// An entry of a map is a key and a value (`ngx_http_map`); here a third word begins the next line.
fn in_map(tree: &Tree, id: DirectiveId) -> Option<Problem> {
    let directive = tree.directive(id);
    let [first, before, word, ..] = tree.words(id) else { return None };
    let source = &tree.file(directive.file).source;
    let between = &source.text()[before.span.end as usize..word.span.start as usize];
    // On one line, a fourth word makes two entries of it.
    let two_entries = between.contains('\n') || tree.words(id).len() == 4;
    (tree.is(directive.parent, "map") && two_entries).then(|| Problem {
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

/// An entry of a map that is a key without a value, or the other way round: all that stands alone is `hostnames` and
/// `volatile`.
fn without_value(tree: &Tree, id: DirectiveId) -> Option<Problem> {
    let directive = tree.directive(id);
    let alone = tree.name(id);
    let is_map = tree.is(directive.parent, "map") && !tree.is_block(id);
    (is_map && !matches!(&*alone, "hostnames" | "volatile")).then(|| Problem {
        path: tree.source(id).path().to_owned(),
        place: Some((directive.file, tree.head(id))),
        message: "invalid number of the map parameters".to_owned(),
        help: Some("an entry is a key and a value".to_owned()),
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
