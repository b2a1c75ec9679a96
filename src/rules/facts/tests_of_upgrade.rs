//! Tests that look at the client's Upgrade and Connection headers.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{Context, DirectiveId, Part, Pattern, Tree, parts};
use crate::websocket::concerns_upgrade;

pub(super) const FACTS: &[Fact] = facts! {
    "case-sensitive-test" "a test of a header of the handshake misses some clients; the word is what finds them all" case_sensitive_test;
    "test-of-connection" "the test looks at Connection" |scope| when(case_sensitive_test(scope)?.words.get(1)? == "Connection");
    "test-misses-browsers" "the test finds no handshake of some browser" |scope| when(case_sensitive_test(scope)?.words.get(2)? == "browsers");
    "test-matches-anyway" "without regard to case the test finds what browsers send" |scope| when(!case_sensitive_test(scope)?.words.first()?.is_empty());
};

/// A header of the handshake and the values in which it arrives.
struct Tested {
    header: &'static str,
    /// What browsers send: Chrome and Firefox.
    browsers: &'static [&'static str],
    /// What other clients send as well.
    others: &'static [&'static str],
}

const UPGRADE: Tested = Tested { header: "Upgrade", browsers: &["websocket"], others: &["WebSocket"] };
const CONNECTION: Tested =
    Tested { header: "Connection", browsers: &["Upgrade", "keep-alive, Upgrade"], others: &["upgrade"] };

fn tested(variable: &str) -> Option<&'static Tested> {
    match variable.to_ascii_lowercase().as_str() {
        "http_upgrade" => Some(&UPGRADE),
        "http_connection" => Some(&CONNECTION),
        _ => None,
    }
}

/// How a text is compared.
#[derive(Clone, Copy, PartialEq)]
enum How {
    /// `=`: byte by byte (`ngx_http_script_equal_code`).
    Equal,
    /// The key of a map: without regard to case.
    Key,
    Pattern,
    PatternOfAnyCase,
}

fn finds(how: How, text: &str, value: &str) -> bool {
    match how {
        How::Equal => text == value,
        How::Key => text.eq_ignore_ascii_case(value),
        // A pattern that cannot be judged is none that misses anything.
        How::Pattern => Pattern::new(text, false).is_match(value) != Some(false),
        How::PatternOfAnyCase => Pattern::new(text, true).is_match(value) != Some(false),
    }
}

/// What a test of handshakes misses: whether a browser, and whether a pattern of any case would find all. None where it
/// finds all, or is about something else, such as `h2c` or an absent header.
fn misses(tested: &Tested, how: How, text: &str) -> Option<(bool, bool)> {
    let all = || tested.browsers.iter().chain(tested.others);
    let meant = all().any(|value| finds(how, text, value))
        || ["websocket", "upgrade"].iter().any(|word| text.to_ascii_lowercase().contains(word));
    let missed = all().any(|value| !finds(how, text, value));
    let browsers = tested.browsers.iter().any(|value| !finds(how, text, value));
    let repaired = all().all(|value| finds(How::PatternOfAnyCase, text, value));
    (meant && missed && !text.is_empty()).then_some((browsers, repaired))
}

fn hit(place: Place, word: String, tested: &Tested, (browsers, repaired): (bool, bool)) -> Hit {
    let word = if repaired { word } else { String::new() };
    let missed = if browsers { "browsers" } else { "" };
    Hit { places: vec![place], words: vec![word, tested.header.to_owned(), missed.to_owned()] }
}

/// The place is the operator of an `if`, or the key of a map.
fn case_sensitive_test(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope)?;
    if tree.is(id, "if") { of_if(tree, id) } else { of_map(tree, id) }
}

/// The variable, the operator and the text of an `if`.
fn comparison(tree: &Tree, id: DirectiveId) -> Option<(String, String, String)> {
    let subject = tree.arg(id, 1)?;
    let [Part::Variable(variable)] = parts(subject.trim_start_matches('(').trim())[..] else { return None };
    let text = tree.arg(id, 3)?;
    // The last word carries the `)` where no blank parts them.
    let text = if tree.arg(id, 4).is_none() { text.strip_suffix(')').unwrap_or(&text) } else { &text };
    Some((variable.to_owned(), tree.arg(id, 2)?.into_owned(), text.to_owned()))
}

fn of_if(tree: &Tree, id: DirectiveId) -> Option<Hit> {
    let (variable, operator, text) = comparison(tree, id)?;
    let tested = tested(&variable)?;
    let how = match operator.trim_start_matches('!') {
        "=" => How::Equal,
        "~" => How::Pattern,
        _ => return None,
    };
    let missed = misses(tested, how, &text)?;
    let all = tested.browsers.iter().chain(tested.others);
    let mut missed_values = all.filter(|value| !finds(how, &text, value));
    if !operator.starts_with('!') && missed_values.all(|value| found_beside(tree, id, &variable, value)) {
        return None;
    }
    let word = if operator.starts_with('!') { "!~*" } else { "~*" };
    let place = Place { directive: id, part: WordPart::Word(2) };
    Some(hit(place, word.to_owned(), tested, missed))
}

/// Whether another `if` of the same block finds the value and does the same.
fn found_beside(tree: &Tree, id: DirectiveId, variable: &str, value: &str) -> bool {
    let body = |test: DirectiveId| {
        let lines = tree.children(test).map(|line| (tree.name(line), tree.args(line).collect::<Vec<_>>()));
        lines.collect::<Vec<_>>()
    };
    let mut others = tree.own(tree.directive(id).parent, "if").iter().copied().filter(|&other| other != id);
    others.any(|other| {
        let Some((subject, operator, text)) = comparison(tree, other) else { return false };
        let how = match operator.as_str() {
            "=" => How::Equal,
            "~" => How::Pattern,
            "~*" => How::PatternOfAnyCase,
            _ => return false,
        };
        subject.eq_ignore_ascii_case(variable) && finds(how, &text, value) && body(other) == body(id)
    })
}

fn of_map(tree: &Tree, id: DirectiveId) -> Option<Hit> {
    if !tree.is_block(id) || tree.directive(id).context != Context::Http {
        return None;
    }
    let source = tree.arg(id, 1)?;
    let tested = match parts(&source)[..] {
        [Part::Variable(variable)] if !concerns_upgrade(tree, id) => tested(variable)?,
        _ if concerns_upgrade(tree, id) => &UPGRADE,
        _ => return None,
    };
    // One key may find what another one misses, and the default all of it.
    let matching = |entry: &DirectiveId| {
        let key = tree.name(*entry);
        let (how, text) = match key.strip_prefix('~') {
            Some(regex) if regex.starts_with('*') => return None,
            Some(regex) => (How::Pattern, regex),
            None if key == "default" || tested.header == "Upgrade" => return None,
            None => (How::Key, &*key),
        };
        Some((*entry, how, misses(tested, how, text)?))
    };
    let (entry, how, missed) = tree.children(id).find_map(|entry| matching(&entry))?;
    let all = tested.browsers.iter().chain(tested.others);
    let value = |entry: DirectiveId| tree.arg(entry, 1).map(|value| value.into_owned());
    let found_otherwise = |text: &&str| {
        tree.children(id).any(|other| {
            let key = tree.name(other);
            let finds = match key.strip_prefix("~*") {
                Some(regex) => finds(How::PatternOfAnyCase, regex, text),
                None => key != "default" && !key.starts_with('~') && finds(How::Key, &key, text),
            };
            other != entry && finds && value(other) == value(entry)
        })
    };
    let missed_by_key = |text: &&&str| {
        let key = tree.name(entry);
        !finds(how, key.strip_prefix('~').unwrap_or(&key), text)
    };
    if all.clone().filter(missed_by_key).all(found_otherwise) {
        return None;
    }
    let default = tree.children(id).find(|&other| tree.name(other) == "default");
    if default.is_some_and(|default| value(default) == value(entry)) {
        return None;
    }
    let place = Place { directive: entry, part: WordPart::Word(0) };
    let raw = tree.source(entry).slice(tree.words(entry).first()?.span);
    let word = match how {
        How::Pattern => raw.replacen('~', "~*", 1),
        _ => "~*upgrade".to_owned(),
    };
    Some(hit(place, word, tested, missed))
}
