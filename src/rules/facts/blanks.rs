//! Blanks that are letters to nginx: no-break spaces and their like, pasted from a web page.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::refusals::setting;
use super::{Fact, directive};
use crate::config::{DirectiveId, Name, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "pasted-blanks-inside" "lines in the block whose name holds blanks of a web page; the words are the first with plain blanks and what it sets" pasted_inside;
};

/// Unicode's blanks that a page shows like a space (general category Zs), and those of no width.
const WIDE: [char; 9] =
    ['\u{a0}', '\u{2002}', '\u{2003}', '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{3000}'];
const WIDTHLESS: [char; 3] = ['\u{200b}', '\u{2060}', '\u{feff}'];

/// A line with plain blanks, where its name is one of nginx with blanks of a page in it (`ngx_conf_read_token` knows
/// four blanks alone), and the name that it then has.
fn with_plain_blanks(tree: &Tree, line: DirectiveId) -> Option<(String, Name)> {
    let directive = tree.directive(line);
    let file = tree.file(directive.file);
    let unfinished = file.well_known || file.ast.template().is_some();
    if directive.name.is_some() || unfinished || tree.name(line).is_ascii() {
        return None;
    }
    let (_, span) = Place::head(line).locate(tree);
    let written = tree.source(line).slice(span);
    // What is quoted may mean its blanks.
    let (bare, quoted) = written.split_at(written.find(['"', '\'']).unwrap_or(written.len()));
    let plain = bare.replace(WIDE, " ").replace(WIDTHLESS, "");
    let name = Name::of(plain.split_whitespace().next()?)?;
    let entry = name.entry_in(directive.context)?;
    // A blank of a value may be meant: then there are more words than the directive takes.
    let count = plain.split_whitespace().count() - 1;
    if quoted.is_empty() && !entry.args.accepts(count) {
        return None;
    }
    (entry.opens.is_some() == tree.is_block(line)).then(|| (format!("{plain}{quoted}"), name))
}

/// Lines are few where they are pasted; whoever has more of them learns of these first.
const MOST: usize = 40;

fn pasted_inside(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope).filter(|&id| tree.is_block(id))?;
    let asked = tree.unknown_in(block).iter().copied().filter(|line| scope.only.is_none_or(|only| only == *line));
    let mut found = asked.filter_map(|line| Some((line, with_plain_blanks(tree, line)?))).take(MOST).peekable();
    let (text, name) = found.peek()?.1.clone();
    let sets = setting(name.text(), text.split_whitespace().nth(1));
    Some(Hit { places: found.map(|(line, _)| Place::head(line)).collect(), words: vec![text, sets] })
}

/// Whether a line directly in a block is such a one.
pub(super) fn pasted_in(tree: &Tree, block: DirectiveId) -> bool {
    tree.unknown_in(block).iter().any(|&line| with_plain_blanks(tree, line).is_some())
}
