//! Placeholders that nginx would read as ordinary words: `${DOMAIN}`, `%ip%`, `@HOST@`, `__PORT__`, `<domain>`, `...`.

use std::cell::OnceCell;
use std::collections::HashSet;

use memchr::{memchr2_iter, memchr3_iter, memmem};

use super::super::ast::{Ast, NodeId, Word};
use super::super::source::{Source, Span};
use super::{TEXT, Template, directive_of, word_at};

/// Variables of nginx that someone might write in capitals (nginx does not mind the case of a variable).
const VARIABLES: [&str; 34] = [
    "args",
    "binary_remote_addr",
    "body_bytes_sent",
    "bytes_sent",
    "connection",
    "content_length",
    "content_type",
    "document_root",
    "document_uri",
    "host",
    "hostname",
    "https",
    "is_args",
    "msec",
    "nginx_version",
    "path_info",
    "pid",
    "protocol",
    "query_string",
    "realpath_root",
    "remote_addr",
    "remote_port",
    "remote_user",
    "request",
    "request_filename",
    "request_method",
    "request_uri",
    "scheme",
    "server_addr",
    "server_name",
    "server_port",
    "server_protocol",
    "status",
    "uri",
];
const VARIABLE_PREFIXES: [&str; 6] = ["arg_", "cookie_", "http_", "sent_http_", "ssl_", "upstream_"];

const ELLIPSES: [&str; 6] = ["...", "…", "[...]", "[…]", "(...)", "(…)"];

/// What kind of placeholder a whole word is; none for an ordinary word.
pub(in super::super) fn shape(word: &str) -> Option<&'static str> {
    if ELLIPSES.contains(&word) {
        return Some("excerpt");
    }
    let braced = word.strip_prefix("${").and_then(|name| name.strip_suffix('}'));
    if braced.is_some_and(|name| !name.is_empty() && identifier(name) == name) {
        return Some("envsubst");
    }
    matched(word, 0).filter(|&(_, end)| end == word.len()).map(|(kind, _)| kind)
}

/// Whether the line whose first word starts at `at` only holds a place, and if so what kind it is and where the line
/// ends.
pub(in super::super) fn line(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let bytes = text.as_bytes();
    if !matches!(bytes[at], b'$' | b'.' | b'%' | b'@' | b'<' | b'_' | b'[' | b'(' | 0xe2) {
        return None;
    }
    let before = bytes[..at].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
    if !matches!(before, None | Some(b'\n')) {
        return None;
    }
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(text.len(), |length| at + length);
    let line = text[at..end].trim_end();
    let open = !line.ends_with([';', '{', '}']);
    let kind = if open && (line.starts_with("...") || line.starts_with('…')) {
        Some("excerpt")
    } else if line.starts_with('<') && line.ends_with('>') && !line.contains([';', '{', '}']) {
        Some("placeholders")
    } else {
        shape(line)
    };
    kind.map(|kind| (kind, at + line.len()))
}

/// The first placeholder in the words of `ast` that shows that the text is not finished.
pub(in super::super) fn find(source: &Source, ast: &Ast) -> Option<Template> {
    let text = source.text();
    let bytes = text.as_bytes();
    let own = OnceCell::new();
    let shows = |at: usize| {
        let (language, end) = matched(text, at)?;
        let span = Span::new(at..end);
        let word = word_at(ast, span.start)?;
        let directive = directive_of(source, ast, word);
        let unfinished = match bytes[at] {
            b'$' => !own.get_or_init(|| own_variables(source, ast)).contains(variable(&text[at..end])),
            b'<' => !quoted(source, ast, word) && (directive == "return" || !TEXT.contains(&directive)),
            b'.' | 0xe2 => source.slice(ast.words[word].span) == &text[at..end],
            _ => !TEXT.contains(&directive),
        };
        unfinished.then_some(Template { language, span })
    };
    let found = [
        memchr3_iter(b'$', b'%', b'@', bytes).find_map(shows),
        memchr2_iter(b'<', b'_', bytes).find_map(shows),
        memmem::find_iter(bytes, "...").find_map(shows),
        memmem::find_iter(bytes, "…").find_map(shows),
    ];
    found.into_iter().flatten().min_by_key(|template| template.span)
}

/// The placeholder that starts exactly at `at`, and where it ends.
fn matched(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let rest = text.get(at + 1..)?;
    let before = at.checked_sub(1).map(|at| text.as_bytes()[at]);
    let glued = before.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let end = |length: usize| at + 1 + length;
    match text.as_bytes()[at] {
        b'$' if before != Some(b'\\') => dollar(rest).map(|length| ("envsubst", end(length))),
        b'%' => {
            let name = identifier(rest);
            let after = rest[name.len()..].strip_prefix('%')?;
            // `%E4%B8` are bytes of a URL.
            let url = hex_pair(name) && (name.len() == 2 || hex_pair(after));
            (name.len() > 1 && starts_as_name(name) && !url).then(|| ("placeholders", end(name.len() + 1)))
        }
        b'@' if !glued => {
            let doubled = usize::from(rest.starts_with('@'));
            let name = identifier(&rest[doubled..]);
            let closed = rest[doubled + name.len()..].starts_with(if doubled == 1 { "@@" } else { "@" });
            let length = doubled + name.len() + doubled + 1;
            (name.len() > 1 && starts_as_name(name) && closed).then(|| ("placeholders", end(length)))
        }
        b'_' if !glued && before != Some(b'_') => {
            let name = identifier(rest.strip_prefix('_')?).strip_suffix("__")?;
            (name.len() > 1 && capitals(name)).then(|| ("placeholders", end(1 + name.len() + 2)))
        }
        // `(?<name>`, `(?P<name>` and `\k<name>` belong to regular expressions.
        b'<' if !matches!(before, Some(b'?' | b'P' | b'k' | b'g')) => {
            let name = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(byte)).count();
            let closed = rest[name..].starts_with('>') && rest.as_bytes()[0].is_ascii_alphabetic();
            closed.then(|| ("placeholders", end(name + 1)))
        }
        b'.' => rest.starts_with("..").then(|| ("excerpt", end(2))),
        0xe2 => text[at..].starts_with('…').then(|| ("excerpt", at + '…'.len_utf8())),
        _ => None,
    }
}

/// The length of `{NAME}`, `{NAME:-default}` or `NAME` at the start of `rest`, which stands behind a `$`.
fn dollar(rest: &str) -> Option<usize> {
    let Some(braced) = rest.strip_prefix('{') else {
        let name = identifier(rest);
        return (capitals(name) && !is_nginx_variable(name)).then_some(name.len());
    };
    let name = identifier(braced);
    let behind = &braced[name.len()..];
    if !capitals(name) {
        return None;
    }
    let default = if behind.starts_with(":-") { behind.find(['}', '\n'])? } else { 0 };
    behind[default..].starts_with('}').then_some(1 + name.len() + default + 1)
}

/// The name in `$NAME` or `${NAME}`.
fn variable(written: &str) -> &str {
    identifier(written.trim_start_matches(['$', '{']))
}

/// The variables that the configuration itself makes and writes in capitals.
fn own_variables<'s>(source: &'s Source, ast: &Ast) -> HashSet<&'s str> {
    let text = |word: &Word| source.slice(word.span);
    let mut own = HashSet::new();
    for (node, id) in ast.nodes.iter().zip((0..).map(NodeId)) {
        let words = ast.words(id);
        let [first, arguments @ ..] = words else { continue };
        let directive = text(first);
        let sets = directive == "set" || directive.ends_with("_set") || directive == "js_var";
        match (node.is_block(), arguments) {
            // `map $host $NAME {`, `geo $NAME {` and their like.
            (true, _) => own.extend(words.last().map(|last| variable(text(last)))),
            (false, [name, ..]) if sets => _ = own.insert(variable(text(name))),
            (false, _) => {}
        }
        // `(?<NAME>…)` in a regular expression.
        own.extend(words.iter().flat_map(|word| text(word).split("<").skip(1)).map(identifier));
    }
    own
}

fn quoted(source: &Source, ast: &Ast, word: usize) -> bool {
    source.slice(ast.words[word].span).starts_with(['"', '\''])
}

/// The longest identifier at the start of `text`.
fn identifier(text: &str) -> &str {
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    &text[..length]
}

fn starts_as_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Whether a name is written as those of the environment are: `PORT`, `API_HOST_2`.
fn capitals(name: &str) -> bool {
    let lower = name.bytes().any(|byte| byte.is_ascii_lowercase());
    name.len() > 1 && !lower && name.starts_with(|c: char| c.is_ascii_uppercase())
}

fn is_nginx_variable(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    VARIABLES.contains(&name.as_str()) || VARIABLE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn hex_pair(text: &str) -> bool {
    text.len() >= 2 && text.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
}
