//! What a shell's heredoc, a web page or a template left in a configuration.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{DirectiveId, Tree, is_builtin_variable};
use crate::websocket::{concerns_upgrade, has_doubled_dollar, has_leftovers, is_for};

pub(super) const FACTS: &[Fact] = facts! {
    "leftovers" "backslashes or backticks of a shell or a web page stand in a value of the handshake" leftovers;
    "escaped-variables" "backslashes of a shell stand before variables, in a configuration that carries WebSockets" escaped_variables;
    "doubled-dollars" "the dollar sign of a variable stands twice in one of these words" doubled_dollars;
    "escaped-names-known" "each variable behind such a backslash exists" names_known;
};

/// Whether a file is filled in by a shell, which takes the backslashes out: it has variables of the shell without any.
fn is_for_a_shell(tree: &Tree, id: DirectiveId) -> bool {
    let template = tree.file(tree.directive(id).file).ast.template();
    template.is_some_and(|template| template.language == "envsubst")
}

/// In a header of the handshake, or a map that looks at it.
fn leftovers(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| !is_for_a_shell(tree, id))?;
    let escaped = |id: DirectiveId, from: usize| {
        let words = tree.words(id);
        let left = move |index: &usize| has_leftovers(tree.source(id).slice(words[*index].span));
        (from..words.len()).filter(left).map(move |index| Place { directive: id, part: WordPart::Word(index) })
    };
    let places: Vec<Place> = if tree.is(id, "proxy_set_header") {
        let of_handshake = is_for(tree, id, "Upgrade") || is_for(tree, id, "Connection");
        escaped(id, 2).filter(|_| of_handshake).collect()
    } else if tree.is(id, "map") && concerns_upgrade(tree, id) {
        // The key of an entry is no place for variables: two dollar signs are two characters there.
        let counts = |place: &Place| {
            let key = place.part == WordPart::Word(0) && place.directive != id;
            !key || source_word(tree, place.directive, 0).contains(['\\', '`'])
        };
        escaped(id, 1).chain(tree.children(id).flat_map(|entry| escaped(entry, 0))).filter(counts).collect()
    } else {
        return None;
    };
    (!places.is_empty()).then(|| Hit { places, words: Vec::new() })
}

/// nginx has no escape for `$`: `\\$host` is sent as a backslash and the host (1.22.1). In a pattern `\\$` is a dollar sign, and
/// is left alone.
fn escaped_variables(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| !is_for_a_shell(tree, id))?;
    let places = escaped_words(tree, id);
    let meant = !places.is_empty() && scope.routes.are_likely && leftovers(scope).is_none();
    meant.then(|| Hit { places, words: Vec::new() })
}

/// `invalid variable name` (`ngx_http_script_compile`, 1.22.1).
fn doubled_dollars(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let places =
        leftovers(scope).map_or_else(|| escaped_words(tree, directive(scope)?).into(), |hit| Some(hit.places))?;
    let doubled = |place: &Place| {
        let WordPart::Word(index) = place.part else { return false };
        has_doubled_dollar(source_word(tree, place.directive, index))
    };
    when(places.iter().any(doubled))
}

fn names_known(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let known = |place: &Place| {
        let WordPart::Word(index) = place.part else { return false };
        let Some(word) = tree.word(place.directive, index) else { return false };
        names(tree.source(place.directive).slice(word.span)).all(|name| {
            let name = name.to_ascii_lowercase();
            is_builtin_variable(&name) || !tree.definitions(&name).is_empty()
        })
    };
    when(escaped_words(tree, directive(scope)?).iter().all(known))
}

/// The words of a directive that hold a backslash before a variable, patterns left out.
fn escaped_words(tree: &Tree, id: DirectiveId) -> Vec<Place> {
    let source = tree.source(id);
    let words = tree.words(id);
    let place = |index| Place { directive: id, part: WordPart::Word(index) };
    let is_escaped = |index: &usize| {
        let word = source.slice(words[*index].span);
        names(word).next().is_some() && (word.contains('\\') || holds_variables(tree, id, *index))
    };
    let own = (1..words.len()).filter(is_escaped).filter(|&index| !is_pattern(tree, id, index)).map(place);
    let mut places: Vec<Place> = own.collect();
    if tree.is(id, "map") && tree.is_block(id) {
        for entry in tree.children(id) {
            for index in 0..tree.words(entry).len() {
                let word = source_word(tree, entry, index);
                if names(word).next().is_some()
                    && (index > 0 || word.contains('\\'))
                    && !(index == 0 && word.trim_start_matches(['"', '\'']).starts_with('~'))
                {
                    places.push(Place { directive: entry, part: WordPart::Word(index) });
                }
            }
        }
    }
    places
}

/// Whether nginx looks for variables in a word (`ngx_http_compile_complex_value`, `ngx_http_script_compile`): not in names.
fn holds_variables(tree: &Tree, id: DirectiveId, index: usize) -> bool {
    const NAMING: [&str; 6] = ["set", "proxy_set_header", "add_header", "uwsgi_param", "fastcgi_param", "scgi_param"];
    const LITERAL: [&str; 4] = ["mirror", "geo", "split_clients", "proxy_hide_header"];
    let is_one_of = |names: &[&str]| names.iter().any(|name| tree.is(id, name));
    let is_name = index == 1 && is_one_of(&NAMING);
    !is_name && !is_one_of(&LITERAL)
}

fn source_word(tree: &Tree, id: DirectiveId, index: usize) -> &str {
    tree.words(id).get(index).map_or("", |word| tree.source(id).slice(word.span))
}

/// Whether a word is a regular expression: the first of `rewrite`, that behind a `~`, one that begins with `~`.
fn is_pattern(tree: &Tree, id: DirectiveId, index: usize) -> bool {
    let bare = |index: usize| source_word(tree, id, index).trim_start_matches(['"', '\'']);
    (tree.is(id, "rewrite") && index == 1)
        || bare(index).starts_with('~')
        || (index > 1 && matches!(bare(index - 1), "~" | "~*" | "!~" | "!~*"))
}

/// The names of the variables behind a `\\$` or a `$$`, as they are written.
fn names(word: &str) -> impl Iterator<Item = &str> {
    // What stands behind each of the two, which hardly ever is another dollar sign.
    memchr::memchr2_iter(b'\\', b'$', word.as_bytes()).filter_map(|at| {
        let behind = word[at + 1..].strip_prefix('$')?;
        let name = behind.strip_prefix('{').unwrap_or(behind);
        let end = name.bytes().position(|byte| !byte.is_ascii_alphanumeric() && byte != b'_').unwrap_or(name.len());
        Some(&name[..end]).filter(|name| name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_a_backslash_and_a_dollar_sign() {
        let all = |word| names(word).collect::<Vec<_>>();
        assert_eq!(all("https://\\$host\\$request_uri"), ["host", "request_uri"]);
        assert_eq!(all("\"\\${Host}x\""), ["Host"]);
        assert_eq!(all("$$host$uri $${http_host}"), ["host", "http_host"]);
        assert_eq!(all("$host"), [""; 0]);
        assert_eq!(all("a\\$"), [""; 0]);
        assert_eq!(all("5\\$1"), [""; 0]);
    }
}
