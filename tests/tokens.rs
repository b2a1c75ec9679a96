//! What nginx reads: the tables in `tests/tokens/`, input by input. What they expect was seen with nginx 1.22.1 and
//! 1.31.5 (`ngx_conf_read_token`).

#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use std::path::Path;

use nginx_wslint::syntax::{Source, Statement, parse, statements};
use serde::Deserialize;
use toml::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    /// A string, or parts of one.
    text: Option<Value>,
    /// The text in hexadecimal numbers, where it is not UTF-8.
    bytes: Option<String>,
    /// The statements, or else how many they are.
    reads: Option<Vec<Vec<Value>>>,
    statements: Option<usize>,
    error: Option<String>,
}

/// A string, a list of parts, or a part that repeats.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text).collect(),
        Value::Table(part) => {
            let times = part["times"].as_integer().and_then(|times| usize::try_from(times).ok()).expect("a number");
            text(&part["repeat"]).repeat(times) + part.get("then").and_then(Value::as_str).unwrap_or_default()
        }
        _ => panic!("neither text nor parts: {value}"),
    }
}

fn bytes(case: &Case) -> Vec<u8> {
    match (&case.text, &case.bytes) {
        (Some(value), None) => text(value).into_bytes(),
        (None, Some(hex)) => {
            hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("a hexadecimal number")).collect()
        }
        _ => panic!("{}: either text or bytes", case.why),
    }
}

fn told(statement: &Statement) -> Vec<String> {
    let end = format!("{}{}", statement.line, statement.end);
    std::iter::once(end).chain(statement.args.iter().cloned()).collect()
}

fn check(table: &str, least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tokens").join(table);
    let table: Table = toml::from_str(&std::fs::read_to_string(path).expect("a table")).expect("a valid table");
    assert!(table.case.len() >= least, "only {} cases", table.case.len());
    for case in &table.case {
        let source = Source::new("nginx.conf", bytes(case));
        let reading = statements(&source);
        if let Some(reads) = &case.reads {
            let expected: Vec<Vec<String>> = reads.iter().map(|words| words.iter().map(text).collect()).collect();
            let read: Vec<Vec<String>> = reading.statements.iter().map(told).collect();
            assert_eq!(read, expected, "{}", case.why);
        } else {
            assert_eq!(Some(reading.statements.len()), case.statements, "{}", case.why);
        }
        let error = reading.error.map(|(line, _, message)| format!("{line}: {message}"));
        assert_eq!(error, case.error, "{}", case.why);
        same_first_error(&source, error.as_deref(), &case.why);
    }
}

/// The parser that goes on behind mistakes must agree about the first one, unless it knows a template. It also tells of the
/// byte order mark, at which nginx stops, though its reader does not.
fn same_first_error(source: &Source, expected: Option<&str>, why: &str) {
    let ast = parse(source);
    if ast.template().is_none() {
        let mut errors = ast.errors().iter().filter(|error| !error.message.contains("<byte order mark>"));
        let first = errors.next().map(|error| format!("{}: {}", error.line, error.message));
        assert_eq!(first.as_deref(), expected, "{why}");
    }
}

#[test]
fn words() {
    check("words.toml", 40);
}

#[test]
fn quotes() {
    check("quotes.toml", 35);
}

#[test]
fn statements_and_blocks() {
    check("statements.toml", 40);
}

#[test]
fn limits() {
    check("limits.toml", 25);
}

#[test]
fn lua() {
    check("lua.toml", 15);
}

#[test]
fn bytes_that_are_not_utf_8() {
    check("bytes.toml", 8);
}
