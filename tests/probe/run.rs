//! Running the command, many at once.

use std::process::{Command, Output};

use nginx_wslint::rules::RuleSet;
use serde_json::Value;

/// What the command said.
pub(crate) struct Said {
    /// Its exit status.
    pub(crate) code: i32,
    /// Its JSON.
    pub(crate) json: Value,
}

impl Said {
    /// The id of the diagnosis.
    pub(crate) fn id(&self) -> &str {
        self.json["diagnosis"]["id"].as_str().unwrap_or("nothing")
    }

    /// Its sentence.
    pub(crate) fn text(&self) -> &str {
        self.json["diagnosis"]["text"].as_str().unwrap_or("")
    }

    /// The rules it points to.
    pub(crate) fn rules(&self) -> Vec<&str> {
        self.json["diagnosis"]["rules"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
    }

    /// The rules of the findings that explain it, in their order.
    pub(crate) fn explaining(&self) -> Vec<&str> {
        let findings = self.json["config"]["findings"].as_array().unwrap();
        findings.iter().filter(|one| one["explains"] == true).filter_map(|one| one["rule"].as_str()).collect()
    }
}

/// Runs `nginx-wslint probe` as it is.
pub(crate) fn raw(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .arg("probe")
        .args(arguments)
        .env_remove("NO_COLOR")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap()
}

/// Runs `nginx-wslint probe` and reads what it found.
pub(crate) fn probe(arguments: &[&str]) -> Said {
    let output = raw(&[arguments, &["--output-format", "json"]].concat());
    let json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
    Said { code: output.status.code().unwrap(), json }
}

/// A fault and what is to be said of it.
pub(crate) struct Case {
    /// The arguments, the URL first.
    pub(crate) arguments: Vec<String>,
    /// The id of the diagnosis.
    pub(crate) id: &'static str,
    /// A part of its sentence.
    pub(crate) text: &'static str,
    /// A rule it points to; empty for none in particular.
    pub(crate) rule: &'static str,
}

/// A case from a URL and more arguments, split at blanks.
pub(crate) fn case(url: &str, more: &str, id: &'static str, text: &'static str, rule: &'static str) -> Case {
    let arguments = std::iter::once(url).chain(more.split_whitespace()).map(str::to_owned).collect();
    Case { arguments, id, text, rule }
}

/// Runs all cases at once, so that waiting costs no time, and compares.
pub(crate) fn check(cases: &[Case]) {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(move || judge(case))).collect();
        running.into_iter().filter_map(|one| one.join().unwrap().err()).collect()
    });
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn judge(case: &Case) -> Result<(), String> {
    let arguments: Vec<&str> = case.arguments.iter().map(String::as_str).collect();
    let said = probe(&arguments);
    let code = i32::from(case.id != "open");
    let known = RuleSet::builtin();
    for rule in said.rules() {
        assert!(known.get(rule).is_some(), "{} points to the rule {rule}, which does not exist", said.id());
    }
    let fits = said.id() == case.id && said.text().contains(case.text) && said.code == code;
    if fits && (case.rule.is_empty() || said.rules().contains(&case.rule)) {
        return Ok(());
    }
    Err(format!(
        "{}: expected {} ({:?}, {:?}, exit {code}), said {} ({:?}, {:?}, exit {})",
        case.arguments.join(" "),
        case.id,
        case.text,
        case.rule,
        said.id(),
        said.text(),
        said.rules(),
        said.code
    ))
}
