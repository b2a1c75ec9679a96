//! Tests that look at the client's Upgrade header.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive};
use crate::config::{Context, Pattern};
use crate::websocket::concerns_upgrade;

pub(super) const FACTS: &[Fact] = facts! {
    "case-sensitive-test" "a test finds `websocket` and not `WebSocket`; the word is what finds both" case_sensitive_test;
};

/// The place is the operator of an `if`, or the key of a map.
fn case_sensitive_test(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope)?;
    if tree.is(id, "if") {
        let subject = tree.arg(id, 1)?;
        let subject = subject.trim_start_matches('(').to_ascii_lowercase();
        let operator = tree.arg(id, 2)?;
        let text = tree.arg(id, 3)?;
        let text = text.strip_suffix(')').unwrap_or(&text);
        let sensitive = match &*operator {
            "=" | "!=" => text.eq_ignore_ascii_case("websocket"),
            "~" | "!~" => misses_other_case(text),
            _ => false,
        };
        let upgrade = matches!(&*subject, "$http_upgrade" | "${http_upgrade}");
        let word = if operator.starts_with('!') { "!~*" } else { "~*" };
        let place = Place { directive: id, part: WordPart::Word(2) };
        return (upgrade && sensitive).then(|| Hit { places: vec![place], words: vec![word.to_owned()] });
    }
    if !tree.is_block(id) || tree.directive(id).context != Context::Http || !concerns_upgrade(tree, id) {
        return None;
    }
    let key = |entry: &crate::config::DirectiveId| {
        tree.name(*entry).strip_prefix('~').is_some_and(|regex| !regex.starts_with('*') && misses_other_case(regex))
    };
    let entry = tree.children(id).find(key)?;
    let place = Place { directive: entry, part: WordPart::Word(0) };
    let raw = tree.source(entry).slice(tree.words(entry).first()?.span);
    Some(Hit { places: vec![place], words: vec![raw.replacen('~', "~*", 1)] })
}

fn misses_other_case(regex: &str) -> bool {
    let pattern = Pattern::new(regex, false);
    pattern.is_match("websocket") == Some(true) && pattern.is_match("WebSocket") == Some(false)
}
