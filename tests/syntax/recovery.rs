//! What is left of a text with mistakes, and what is said about them.

use nginx_wslint::syntax::parse;

use crate::{check_shape, errors, outline, source};

/// Parses a text with mistakes; compares what is left of it and what is said.
#[track_caller]
fn recovers(text: &str, left: &str, said: &[&str]) {
    let source = source(text);
    let ast = parse(&source);
    check_shape(&source, &ast);
    assert_eq!(outline(&source, &ast), left);
    assert_eq!(errors(&source, &ast), said);
}

#[test]
fn a_missing_semicolon_leaves_the_rest_whole() {
    recovers(
        "server {\n  location / {\n    proxy_pass http://a\n  }\n  location /b { proxy_pass http://b; }\n}\n",
        "server {\n  location / {\n    proxy_pass http://a\n  location /b {\n    proxy_pass http://b\n",
        &["4: unexpected \"}\" at `}` doubts [\"proxy_pass\"]"],
    );
}

#[test]
fn a_lost_quote_is_told_once_and_at_the_quote() {
    recovers(
        "server {\n  set $a \"x;\n  set $b \"y\";\n  set $c \"z\";\n}\nserver { listen 80 }\n",
        "server {\n  set $b y\n  set $c z\nserver {\n  listen 80\n",
        &["3: unexpected \"y\" at `\"` doubts [\"set\", \"set\"]", "6: unexpected \"}\" at `}` doubts [\"listen\"]"],
    );
    recovers(
        "server {\n  location ~ '^/a {\n    deny all;\n  }\n  listen 80;\n}\nevents { }\n",
        "server {\n  deny all\n  listen 80\nevents {\n",
        &["8: unexpected end of file, expecting \";\" or \"}\" at `'` doubts [\"deny\"]"],
    );
}

#[test]
fn a_map_takes_no_blocks() {
    recovers(
        "map $a $b {\n  default 1;\n\nserver {\n  listen 80;\n}\nevents { }\n",
        "map $a $b {\n  default 1\nserver {\n  listen 80\nevents {\n",
        &["4: unexpected \"{\" at `{` doubts [\"map\", \"default\"]"],
    );
    recovers(
        "map $a $b {\n  ~^/a{1,2} 1;\n  c 2;\n}\nevents { }\n",
        "map $a $b {\n  ~^/a 1,2} 1\n  c 2\nevents {\n",
        &["2: unexpected \"{\" at `{` doubts [\"map\", \"~^/a\"]"],
    );
    recovers(
        "types {\n  text/html { html; }\n}\nevents { }\n",
        "types {\n  text/html {\n    html\nevents {\n",
        &["2: unexpected \"{\" at `{` doubts [\"types\", \"text/html\"]"],
    );
}

#[test]
fn superfluous_marks_are_stepped_over() {
    recovers(
        "s { a;;;; b; };\nc;",
        "s {\n  a\n  b\nc\n",
        &["1: unexpected \";\" at `;` doubts []", "1: unexpected \";\" at `;` doubts []"],
    );
    recovers("s; { a; }\nb;", "s\na\nb\n", &["1: unexpected \"{\" at `{` doubts []"]);
    recovers("a \"b\"c;\nd;", "a b c\nd\n", &["1: unexpected \"c\" at `c` doubts [\"a\"]"]);
    recovers("s { a \"b\"}\nd;", "s {\n  a b\nd\n", &["1: unexpected \"}\" at `}` doubts [\"a\"]"]);
}

#[test]
fn indentation_tells_which_block_lacks_its_brace() {
    let text = "http {\n  server {\n    location /a {\n      deny all;\n    location /b {\n    }\n  }\n}\n";
    recovers(
        text,
        "http {\n  server {\n    location /a {\n      deny all\n    location /b {\n",
        &["9: unexpected end of file, expecting \"}\" at `{` doubts [\"location\", \"deny\"]"],
    );
    let help = parse(&source(text)).errors()[0].help.clone().unwrap_or_default();
    assert!(help.contains("`location` of line 3") && help.contains("line 7"), "{help}");
}

#[test]
fn indentation_tells_which_block_was_closed_too_early() {
    let text = "http {\n  server {\n    location / {\n    }\n    }\n    location /b {\n    }\n  }\n}\n";
    recovers(
        text,
        "http {\n  server {\n    location / {\n    location /b {\n",
        &["9: unexpected \"}\" at `}` doubts [\"server\", \"location\", \"location\"]"],
    );
    let help = parse(&source(text)).errors()[0].help.clone().unwrap_or_default();
    assert!(help.contains("line 5") && help.contains("`server` of line 2"), "{help}");
}

#[test]
fn a_regular_expression_without_quotes_is_told() {
    let source = source("server {\n  location ~ ^/v[0-9]{2}/ws {\n    deny all;\n  }\n}\n");
    let help = parse(&source).errors()[0].help.clone().unwrap_or_default();
    assert!(help.contains("needs quotes"), "{help}");
}

#[test]
fn a_byte_order_mark_is_told() {
    let help = parse(&source("\u{feff}user www\n}")).errors()[0].help.clone().unwrap_or_default();
    assert!(help.contains("byte order mark"), "{help}");
}

#[test]
fn a_brace_too_many_is_no_template() {
    recovers("server {{\n  listen 80;\n}}\n", "server {\n  listen 80\n", &["1: unexpected \"{\" at `{` doubts []"]);
}
