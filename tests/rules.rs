//! The rule files: complete, in form, and true to their own examples. `rules/README.md` is written from them
//! (`UPDATE_GOLDEN=1 cargo test --test rules`).

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use nginx_wslint::Linter;
use nginx_wslint::rules::{Rule, RuleError, RuleSet, Safety, docs};

/// Every built-in rule, parsed anew: [`RuleSet::builtin`] leaves out what it cannot read.
fn rules() -> Vec<Rule> {
    RuleSet::builtin_texts()
        .iter()
        .map(|(group, id, text)| {
            let path = PathBuf::from(format!("rules/{group}/{id}.toml"));
            Rule::parse(&path, group, id, text).unwrap_or_else(|error| panic!("{}", place(&error)))
        })
        .collect()
}

fn place(error: &RuleError) -> String {
    let line = error.text[..error.span.range().start].matches('\n').count() + 1;
    format!("{}:{line}: {}", error.path.display(), error.message)
}

#[test]
fn every_rule_file_of_the_repository_is_built_in() {
    let rules = rules();
    for group in fs::read_dir("rules").unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in fs::read_dir(group).unwrap().map(|entry| entry.unwrap().path()) {
            let id = file.file_stem().unwrap().to_string_lossy();
            assert!(rules.iter().any(|rule| rule.id == id), "{} is not built in", file.display());
        }
    }
}

#[test]
fn every_rule_says_what_a_reader_needs() {
    for rule in rules() {
        let id = &rule.id;
        for (what, text) in [("why", &rule.why), ("symptom", &rule.symptom), ("evidence", &rule.evidence)] {
            assert!(!text.trim().is_empty(), "{id}: `{what}` is empty");
        }
        assert!(!rule.examples().is_empty(), "{id} has no example");
        assert!(rule.summary.chars().count() <= 80, "{id}: the summary does not fit a line");
        assert!(docs::group_title(&rule.group).is_some(), "{id}: the group `{}` has no title", rule.group);
        for link in &rule.see {
            assert!(link.starts_with("https://"), "{id}: {link}");
        }
        if rule.examples().len() > 1 {
            let named = rule.examples().iter().filter(|example| example.name.is_some()).count();
            assert!(named + 1 >= rule.examples().len(), "{id}: several examples, and no names to tell them apart");
        }
    }
}

#[test]
fn sentences_have_the_form_of_their_place() {
    for rule in rules() {
        let id = &rule.id;
        assert!(
            (starts_upper(&rule.summary) || rule.summary.starts_with("ws://")) && !rule.summary.ends_with('.'),
            "{id}: summary {:?}",
            rule.summary
        );
        for text in [Some(&rule.why), Some(&rule.symptom), rule.unless.as_ref()].into_iter().flatten() {
            assert!(text.ends_with(['.', '`']) && balanced(text), "{id}: {text:?}");
        }
        for message in rule.messages() {
            assert!(
                !starts_upper(message) && !message.ends_with('.') && balanced(message),
                "{id}: message {message:?}"
            );
        }
        for fix in &rule.fixes {
            let title = &fix.title;
            assert!(!starts_upper(title) && !title.ends_with('.') && balanced(title), "{id}: title {title:?}");
        }
    }
}

/// A fix that reveals what another rule finds has to say so, and by a name that exists.
#[test]
fn fixes_announce_rules_that_exist() {
    let rules = rules();
    for rule in &rules {
        for name in rule.fixes.iter().flat_map(|fix| &fix.reveals) {
            assert!(rules.iter().any(|other| other.id == *name), "{}: reveals `{name}`", rule.id);
        }
    }
}

/// Whether a sentence begins with a capital.
fn starts_upper(text: &str) -> bool {
    text.starts_with(|first: char| first.is_uppercase())
}

fn balanced(text: &str) -> bool {
    text.matches('`').count().is_multiple_of(2)
}

#[test]
fn every_example_holds() {
    let linter = Linter::default();
    let mut report = String::new();
    for rule in linter.rules.iter() {
        for failure in nginx_wslint::examples::test(rule, &linter) {
            let name = failure.name.unwrap_or_default();
            report += &format!("\n{} {} {name}: {}", rule.id, failure.number, failure.problem);
            if let Some((shown, made)) = failure.problem.texts() {
                report += &format!("\n{}", similar::TextDiff::from_lines(shown, made).unified_diff());
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// A fix that no example shows is one that nobody has seen work.
#[test]
fn every_kind_of_fix_is_shown_by_an_example() {
    let mut unseen = Vec::new();
    for rule in rules() {
        let shows = |safety: Safety| {
            rule.examples().iter().any(|example| {
                let by_program = example.good.is_some() && !example.by_hand;
                match safety {
                    Safety::Safe => by_program && !example.r#unsafe,
                    Safety::Unsafe => by_program && example.r#unsafe,
                    Safety::Advice => example.by_hand || example.good.is_none(),
                }
            })
        };
        let hidden = rule.fixes.iter().filter(|fix| !shows(fix.safety));
        unseen.extend(hidden.map(|fix| format!("{}: {} `{}`", rule.id, fix.safety.name(), fix.title)));
    }
    assert!(unseen.is_empty(), "no example of these fixes:\n{}", unseen.join("\n"));
}

#[test]
fn the_readme_of_the_rules_is_up_to_date() {
    let path = Path::new("rules/README.md");
    let text = docs::readme(&RuleSet::builtin());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, &text).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(&written, &text);
    assert!(
        written == text,
        "rules/README.md is not what the rules say; UPDATE_GOLDEN=1 writes it anew\n{}",
        diff.unified_diff().header("rules/README.md", "from the rules")
    );
}

#[test]
fn pages_of_rules_are_found_by_their_address() {
    let readme = docs::readme(&RuleSet::builtin());
    for rule in rules() {
        let url = docs::url(&rule).unwrap();
        let (page, anchor) = url.split_once('#').unwrap();
        assert!(page.ends_with("rules/README.md"), "{url}");
        assert!(readme.contains(&format!("\n### {anchor}\n")), "{url}");
    }
}

/// The error of a rule file in which `from` was written as `to`.
fn error_of(from: &str, to: &str) -> (String, String) {
    const RULE: &str = r#"
summary  = "s"
severity = "warning"
why      = "w"
symptom  = "s"
evidence = "e"

[match]
websocket = "likely"
all  = [{ directive = "proxy_buffering", is = ["on"], as = "line" }]
none = [{ fact = "websocket-only" }]

[report]
at      = "line"
message = "`{line}` in `{location}`"

[[fix]]
safety  = "safe"
title   = "switch it off"
replace = { at = "line", with = "off" }
changes = ["proxy_buffering"]
"#;
    assert!(Rule::parse(Path::new("own.toml"), "own", "own", RULE).is_ok());
    assert!(RULE.contains(from), "{from}");
    let text = RULE.replacen(from, to, 1);
    let error = Rule::parse(Path::new("own.toml"), "own", "own", &text).unwrap_err();
    assert_eq!(error.text, text);
    (text[error.span.range()].to_owned(), error.message)
}

#[test]
fn an_error_names_the_word_and_the_nearest_one_that_is_right() {
    for (from, to, word, message) in [
        ("symptom ", "symptm ", "symptm", "there is no key `symptm` here; did you mean `symptom`?"),
        ("directive =", "directve =", "directve", "there is no key `directve` here; did you mean `directive`?"),
        (
            "\"websocket-only\"",
            "\"websocket-onyl\"",
            "\"websocket-onyl\"",
            "`websocket-onyl` is no fact: did you mean `websocket-only`?",
        ),
        (
            "\"proxy_buffering\"",
            "\"proxy_bufering\"",
            "\"proxy_bufering\"",
            "`proxy_bufering` is no directive of nginx: did you mean `proxy_buffering`?",
        ),
        ("at      = \"line\"", "at      = \"lien\"", "\"lien\"", "`lien` is no place: did you mean `line`?"),
        (
            ", as = \"line\"",
            "",
            "\"line\"",
            "`line` is no place: it is one of pass, block, server, subject, or a name that a condition gives by `as`",
        ),
        (
            "{location}",
            "{locaton}",
            "\"`{line}` in `{locaton}`\"",
            "nothing is called `{locaton}` here; did you mean `{location}`?",
        ),
        ("\"warning\"", "\"warn\"", "\"warn\"", "`warn` is no severity: did you mean `warning`?"),
        ("\"likely\"", "\"probable\"", "\"probable\"", "`probable` is no confidence: did you mean `possible`?"),
        (
            "{ fact = \"websocket-only\" }",
            "{ is = [\"on\"] }",
            "{ is = [\"on\"] }",
            "a condition names one of `directive`, `header` and `fact`",
        ),
        ("safety  = \"safe\"", "safety  = \"save\"", "\"save\"", "`save` is no safety: did you mean `safe`?"),
        (
            "replace = { at = \"line\", with = \"off\" }\n",
            "",
            "\"safe\"",
            "a fix that is no advice has to say what it changes",
        ),
        (
            "changes = [\"proxy_buffering\"]",
            "changes = [\"proxy_buferring\"]",
            "\"proxy_buferring\"",
            "`proxy_buferring` is no directive of nginx: did you mean `proxy_buffering`?",
        ),
        ("evidence = \"e\"\n", "", "", "the key `evidence` is missing"),
    ] {
        let (found, said) = error_of(from, to);
        assert_eq!(said, message, "{from} -> {to}");
        if !word.is_empty() {
            assert_eq!(found, word, "{from} -> {to}");
        }
    }
}
