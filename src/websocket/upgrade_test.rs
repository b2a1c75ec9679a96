//! Tests of `$http_upgrade`.

use crate::config::variables::is_builtin_variable;
use crate::config::{DirectiveId, Request, Tree};

/// Whether an `if` lets only requests through that ask for an upgrade.
pub(super) fn tests_upgrade(tree: &Tree, block: DirectiveId) -> bool {
    let words: Vec<String> = tree.args(block).map(|word| word.trim_matches(['(', ')', ' ']).to_owned()).collect();
    let mut words = words.iter().filter(|word| !word.is_empty()).map(String::as_str);
    let subject = words.next().unwrap_or_default();
    if !subject.eq_ignore_ascii_case("$http_upgrade") && !subject.eq_ignore_ascii_case("${http_upgrade}") {
        // A variable of a map that is set for a handshake and empty for a plain request is as good a test.
        let Some(variable) = subject.strip_prefix('$') else { return false };
        if words.next().is_some() || is_builtin_variable(&variable.to_ascii_lowercase()) {
            return false;
        }
        let is_set = |request| {
            let values = tree.evaluate(subject, request, block);
            (!values.open && values.undefined.is_none()).then(|| values.any(|text| !text.is_empty() && text != "0"))
        };
        return is_set(Request::Handshake) == Some(true) && is_set(Request::Plain) == Some(false);
    }
    match words.next() {
        None | Some("~" | "~*") => true,
        Some("=") => words.next().is_some_and(|text| !text.is_empty()),
        Some("!=") => words.next().is_none_or(|text| text.is_empty() || text == "\"\""),
        _ => false,
    }
}
