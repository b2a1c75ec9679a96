//! What must hold for every configuration, whatever stands in it: read, linted, fixed and fixed again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use nginx_wslint::config::{Memory, Reader, TreeOptions};
use nginx_wslint::fix::{Outcome, converge};
use nginx_wslint::rules::{RuleSet, Safety};
use nginx_wslint::syntax::{Ast, NodeId, Source, Span, parse, statements};
use nginx_wslint::{Linted, Linter};

/// The files of a configuration by path, the bytes of each.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Checks one text: a file, or several in the form in which `nginx -T` prints them.
pub(crate) fn check(linter: &Linter, text: &[u8]) {
    let (memory, root) = Memory::from_dump(text).unwrap_or_else(|| {
        let mut memory = Memory::new();
        memory.insert("nginx.conf", text);
        (memory, "nginx.conf".into())
    });
    let files: Files =
        memory.paths().map(|path| (path.to_owned(), memory.read(path).expect("a file that is listed"))).collect();
    check_files(linter, &root, &files);
}

/// Checks the files of a configuration; gives the files after its safe fixes, and after all fixes.
pub(crate) fn check_files(linter: &Linter, root: &Path, files: &Files) -> [Files; 2] {
    for (path, bytes) in files {
        check_text(path, bytes);
    }
    let linted = lint(linter, root, files);
    check_findings(&linted);
    [Safety::Safe, Safety::Unsafe].map(|least| check_fixes(linter, root, files, least))
}

fn lint<'l>(linter: &'l Linter, root: &Path, files: &Files) -> Linted<'l> {
    let mut memory = Memory::new();
    for (path, bytes) in files {
        memory.insert(path.clone(), bytes.clone());
    }
    linter.lint(root, &memory, &TreeOptions::default())
}

/// The AST has sound spans, loses no byte, and agrees with the reader about the first error.
fn check_text(path: &Path, bytes: &[u8]) {
    let source = Source::new(path, bytes.to_vec());
    assert_eq!(source.to_bytes(source.text()), bytes, "the bytes come back");
    let ast = parse(&source);
    check_shape(&source, &ast);
    if ast.template().is_none() {
        let read = statements(&source);
        let first = ast.errors().first().map(|error| (error.line, error.message.clone()));
        assert_eq!(first, read.error.map(|(line, _, message)| (line, message)), "one first error");
        if ast.errors().is_empty() {
            assert_eq!(rebuilt(&source, &ast), source.text(), "the text comes back from its spans");
        }
    }
}

fn check_shape(source: &Source, ast: &Ast) {
    let count = u32::try_from(ast.nodes().len()).expect("numbers of 32 bits");
    let mut last_start = 0;
    for (index, node) in (0..count).zip(ast.nodes()) {
        sound(source, node.span);
        assert!(node.span.start >= last_start, "nodes in the order of the text");
        last_start = node.span.start;
        let behind = ast.behind(NodeId(index));
        assert!(behind.0 > index && behind.0 <= count, "a node ends behind itself");
        let next = ast.nodes().get(behind.0 as usize).and_then(|next| next.parent());
        assert!(next.is_none_or(|parent| parent.0 < index), "what stands behind a node is none of its own");
        let words = ast.words(NodeId(index));
        assert!(!words.is_empty(), "a node has a name");
        for word in words {
            sound(source, word.span);
            assert!(node.span.contains(word.span) && word.span.start < word.span.end, "a word inside its statement");
        }
        if let Some(parent) = node.parent() {
            let outer = ast.node(parent);
            let inside = behind <= ast.behind(parent) && outer.span.contains(node.span);
            assert!(parent.0 < index && inside, "a node in its block");
        }
    }
    ast.comments().iter().for_each(|&comment| sound(source, comment));
    for error in ast.errors() {
        sound(source, error.span);
        assert!(error.line >= 1 && error.doubtful.start <= error.doubtful.end && error.doubtful.end <= count);
    }
    ast.template().into_iter().for_each(|template| sound(source, template.span));
}

/// Within the text, and on the boundaries of its characters.
fn sound(source: &Source, span: Span) {
    assert!(source.text().get(span.range()).is_some(), "{span:?} is no span of the text");
}

/// The text put together from words, comments and marks, with nothing but blanks between them.
fn rebuilt(source: &Source, ast: &Ast) -> String {
    let mut parts: Vec<Range<usize>> = ast.comments().iter().map(|span| span.range()).collect();
    for (index, node) in (0..).zip(ast.nodes()) {
        parts.extend(ast.words(NodeId(index)).iter().map(|word| word.span.range()));
        let end = node.span.end as usize;
        parts.push(end - 1..end);
        if let Some(body) = node.body() {
            let open = body.open as usize;
            parts.push(open..open + 1);
            if body.lua {
                parts.push(open + 1..end - 1);
            }
        }
    }
    parts.sort_by_key(|part| (part.start, part.end));
    let mut text = String::new();
    for part in parts {
        let gap = &source.text()[text.len()..part.start];
        assert!(gap.bytes().all(|byte| b" \t\r\n".contains(&byte)), "{gap:?} belongs to nothing");
        text += gap;
        text += &source.text()[part];
    }
    let rest = &source.text()[text.len()..];
    assert!(rest.bytes().all(|byte| b" \t\r\n".contains(&byte)), "{rest:?} belongs to nothing");
    text + rest
}

fn check_findings(linted: &Linted<'_>) {
    for finding in &linted.findings {
        let related = finding.related.iter().map(|(place, _)| *place);
        for place in related.chain([finding.place]) {
            let (file, span) = place.locate(&linted.tree);
            sound(&linted.tree.file(file).source, span);
        }
    }
}

/// Fixing comes to an end, changes only what its rules declare, breaks nothing, and leaves nothing to fix.
fn check_fixes(linter: &Linter, root: &Path, files: &Files, least: Safety) -> Files {
    let before = lint(linter, root, files);
    let problems = before.tree.problems().len();
    let outcome = fix(linter, root, files, least);
    assert_eq!(outcome.applied.is_empty(), outcome.changed.is_empty(), "a fix is a change");
    let declared = declared(&outcome);
    let mut fixed = files.clone();
    for (path, new) in &outcome.changed {
        let old = files.get(path).expect("only files that are there are changed");
        assert_ne!(new, old, "a change changes something");
        let (old, new_source) = (Source::new(path, old.clone()), Source::new(path, new.clone()));
        let (old_ast, new_ast) = (parse(&old), parse(&new_source));
        assert!(old_ast.errors().is_empty() && old_ast.template().is_none(), "a broken file is not fixed");
        assert_eq!(new_ast.errors(), [], "a fixed file is valid: {}", new_source.text());
        assert!(new_ast.template().is_none(), "a fixed file is no template");
        check_changes(&old, &old_ast, &new_source, &new_ast, &declared);
        fixed.insert(path.clone(), new.clone());
    }
    assert!(outcome.linted.tree.problems().len() <= problems, "no new problem");
    let again = fix(linter, root, &fixed, least);
    assert_eq!(again.applied, [], "a second run has nothing to do");
    assert!(again.changed.is_empty(), "a second run changes nothing");
    fixed
}

fn fix<'l>(linter: &'l Linter, root: &Path, files: &Files, least: Safety) -> Outcome<'l> {
    let relint = |changed: &Files| {
        let mut all = files.clone();
        all.extend(changed.clone());
        lint(linter, root, &all)
    };
    converge(relint(&Files::new()), least, &|_| true, &|_, _| true, &relint).unwrap_or_else(|error| panic!("{error}"))
}

/// Stands for directives that only the finding of an applied fix knows.
const ANY: &str = "*";

/// The directives that the rules of the applied fixes declare to change.
fn declared(outcome: &Outcome<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for applied in &outcome.applied {
        let (.., text) = RuleSet::builtin_texts()
            .iter()
            .find(|(_, id, _)| *id == applied.rule)
            .unwrap_or_else(|| panic!("{} is a rule", applied.rule));
        let rule: toml::Table = toml::from_str(text).expect("a rule");
        let fixes = || rule.get("fix").and_then(toml::Value::as_array).into_iter().flatten();
        // Header lines are declared by the step that writes them.
        names.extend(fixes().filter(|fix| fix.get("headers").is_some()).map(|_| "proxy_set_header".to_owned()));
        for change in fixes().filter_map(|fix| fix.get("changes")).filter_map(toml::Value::as_array).flatten() {
            let name = change.as_str().and_then(|change| change.split(' ').next()).expect("a directive");
            if name.ends_with(".setting}") {
                // What the found line itself sets: any directive that the rule is about.
                let about = rule.get("match").and_then(|of| of.get("directives")).and_then(toml::Value::as_array);
                names.extend(about.into_iter().flatten().filter_map(toml::Value::as_str).map(str::to_owned));
                continue;
            }
            if name.starts_with('{') && !name.starts_with("{module}") {
                // A name that the finding alone knows, such as a misspelt one.
                names.insert(ANY.to_owned());
                continue;
            }
            for module in ["proxy", "fastcgi", "uwsgi", "scgi", "grpc"] {
                names.insert(name.replace("{module}", module));
            }
        }
    }
    names
}

/// The statements that come or go are those of declared directives, or of a map; comments stay but for those to the linter; line ends stay alike.
fn check_changes(old: &Source, old_ast: &Ast, new: &Source, new_ast: &Ast, declared: &BTreeSet<String>) {
    let (left, right) = (told(old, old_ast), told(new, new_ast));
    for (statement, in_map) in different(&left, &right) {
        let name = statement.trim_start().split(' ').next().unwrap_or_default();
        let is_declared = declared.contains(name) || declared.contains(ANY);
        assert!(in_map || is_declared, "`{statement}` changed, but only {declared:?} may\n{}", new.text());
    }
    let mut comments = counts(new_ast.comments().iter().map(|&span| new.slice(span)));
    // Comments to the linter are its own to mend.
    let is_ours = |comment: &&Span| old.slice(**comment).contains("nginx-wslint:");
    for &comment in old_ast.comments().iter().filter(|comment| !is_ours(comment)) {
        let left = comments.get_mut(old.slice(comment)).filter(|count| **count > 0);
        *left.unwrap_or_else(|| panic!("`{}` was lost\n{}", old.slice(comment), new.text())) -= 1;
    }
    let line_feeds = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    let (crlf, all) = line_feeds(old.text());
    let (new_crlf, new_all) = line_feeds(new.text());
    if crlf == 0 {
        assert_eq!(new_crlf, 0, "no carriage return comes in\n{:?}", new.text());
    } else if crlf == all {
        assert_eq!(new_crlf, new_all, "every line end stays CRLF\n{:?}", new.text());
    }
}

/// The statements of a file, each with those around it, and whether it is a map or stands in one.
fn told(source: &Source, ast: &Ast) -> Vec<(String, bool)> {
    let mut all: Vec<(String, bool)> = Vec::new();
    for (index, node) in (0..).zip(ast.nodes()) {
        let words: Vec<_> = ast.words(NodeId(index)).iter().map(|word| word.value(source)).collect();
        let outer = node.parent().map(|parent| &all[parent.0 as usize]);
        let in_map = outer.is_some_and(|(_, in_map)| *in_map) || words[0] == "map";
        let depth = outer.map_or(0, |(outer, _)| outer.len() - outer.trim_start().len() + 1);
        all.push((format!("{}{}", " ".repeat(depth), words.join(" ")), in_map));
    }
    all
}

/// What is in one list more often than in the other.
fn different<'a>(left: &'a [(String, bool)], right: &'a [(String, bool)]) -> Vec<(&'a str, bool)> {
    let mut counts: BTreeMap<(&str, bool), i64> = BTreeMap::new();
    for (statement, in_map) in left {
        *counts.entry((statement, *in_map)).or_default() += 1;
    }
    for (statement, in_map) in right {
        *counts.entry((statement, *in_map)).or_default() -= 1;
    }
    counts.into_iter().filter(|&(_, count)| count != 0).map(|(statement, _)| statement).collect()
}

fn counts<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts
}
