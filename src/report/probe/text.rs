//! For people, who watch it happen: a line for each step, then what it means.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::{Outcome, Place};
use crate::live::probe::{Diagnosis, Kind, Step};
use crate::report::escape::visible;
use crate::report::style::{Ink, Style, wrap};
use crate::report::{concise, full, model};
use crate::rules::Severity;

/// Columns in front of what came of a step.
const INDENT: usize = 15;
/// Columns of a time.
const TIME: usize = 9;
/// So many rules are named where no configuration tells which.
const MOST_RULES: usize = 3;

/// The line above the steps.
pub fn heading(url: &str, what: &str, style: &Style) -> String {
    let what = if what.is_empty() { String::new() } else { style.paint(Ink::Dim, &format!("  {what}")) };
    format!("{}{what}\n", style.paint(Ink::Strong, &visible(url)))
}

/// A step: its mark, its name, what came of it, and its time at the right edge.
pub fn step(step: &Step, style: &Style) -> String {
    let (mark, ink) = match (step.passed, style.unicode) {
        (true, true) => ("✓", Ink::Added),
        (true, false) => ("+", Ink::Added),
        (false, true) => ("✗", Ink::Removed),
        (false, false) => ("x", Ink::Removed),
    };
    let room = style.columns() - INDENT - TIME - 1;
    let mut text = String::new();
    let lines = wrap(&plain(&step.text, style), room, 0);
    let time = took(step.took);
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            let _ = writeln!(text, "{:INDENT$}{line}", "");
            continue;
        }
        let gap = room.saturating_sub(line.width());
        let time = style.paint(Ink::Dim, &format!("{time:>TIME$}"));
        let _ = writeln!(text, "  {} {:<11}{line}{:gap$} {time}", style.paint(ink, mark), step.stage.name(), "");
    }
    for note in &step.notes {
        for line in wrap(&plain(note, style), style.columns() - INDENT - 2, 0) {
            let _ = writeln!(text, "{:INDENT$}{}", "", style.paint(Ink::Dim, &line));
        }
    }
    text
}

/// What it means, what to do, and what the configuration has to do with it.
///
/// # Errors
/// Never: they are those of a writer that is a string.
pub fn verdict(outcome: &Outcome<'_>, style: &Style) -> io::Result<String> {
    let mut text = String::new();
    diagnosis(outcome.verdict, style, &mut text);
    for wrote in outcome.wrote {
        item("nginx", wrote, style, &mut text);
    }
    let is_own = outcome.verdict.kind == Kind::OwnAnswer;
    // Where the configuration was read, its findings say which of them it is, or that it is none.
    if outcome.place.is_none() && !is_own && !outcome.verdict.rules.is_empty() {
        let rules: Vec<&str> = outcome.verdict.rules.iter().copied().take(MOST_RULES).collect();
        item("rules", &rules.join(", "), style, &mut text);
        item("more", "`--root nginx.conf` tells which line it is, and how to repair it", style, &mut text);
    }
    if let Some(place) = outcome.place {
        configuration(place, outcome.verdict.kind.is_problem() && !is_own, style, &mut text)?;
    }
    Ok(text)
}

fn diagnosis(diagnosis: &Diagnosis, style: &Style, out: &mut String) {
    let (name, ink) = match diagnosis.kind.is_problem() {
        true => (format!("problem[{}]", diagnosis.kind.id()), Ink::Severity(Severity::Error)),
        false => ("healthy".to_owned(), Ink::Added),
    };
    out.push_str(&style.paint(ink, &name));
    for (index, line) in
        wrap(&plain(&diagnosis.sentence, style), style.columns() - 2, name.width() - 1).iter().enumerate()
    {
        if !line.is_empty() {
            let _ = write!(out, "{}{}", if index == 0 { " " } else { "  " }, style.paint(Ink::Strong, line));
        }
        out.push('\n');
    }
    for advice in &diagnosis.advice {
        item("try", advice, style, out);
    }
}

fn configuration(place: &Place, problem: bool, style: &Style, out: &mut String) -> io::Result<()> {
    let (file, line) = &place.at;
    let to = place.to.as_ref().map(|to| format!(" -> {to}")).unwrap_or_default();
    item("config", &format!("{file}:{line}: {}{to}, in the server {}", place.location, place.server), style, out);
    if let Some((file, line, words)) = &place.timeout {
        item("cause", &format!("`{words};` at {file}:{line} is the time after which it was cut"), style, out);
    }
    for (file, line, words) in &place.suspects {
        item("see", &format!("`{words}` at {file}:{line} may be what answers so"), style, out);
    }
    let (explaining, others) = place.findings.split_at(place.explaining);
    // An error is no nothing, even if it is not known to end like this.
    let grave = others.iter().any(|one| one.severity == Severity::Error);
    if explaining.is_empty() && place.suspects.is_empty() && place.timeout.is_none() && problem && !grave {
        item("", "nothing that the linter finds there explains it", style, out);
    }
    let mut bytes = Vec::new();
    if !explaining.is_empty() {
        bytes.push(b'\n');
        full::findings(explaining, style, &mut bytes)?;
    }
    out.push_str(&String::from_utf8_lossy(&bytes));
    if !others.is_empty() {
        let lead = if explaining.is_empty() { "\n" } else { "" };
        let _ = writeln!(out, "{lead}{}", style.paint(Ink::Dim, "Also found on this route:"));
        let report = model::Report { diagnostics: others.to_vec(), ..model::Report::default() };
        let mut bytes = Vec::new();
        // Wrapping counts columns; the address of a link has none.
        concise::write(&report, &Style { links: false, ..*style }, &mut bytes)?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            for (index, part) in wrap(line, style.columns() - 4, 0).iter().enumerate() {
                let _ = writeln!(out, "{}{part}", if index == 0 { "  " } else { "    " });
            }
        }
    }
    Ok(())
}

/// A named line below the diagnosis.
fn item(name: &str, text: &str, style: &Style, out: &mut String) {
    const NAME: usize = 8;
    let mut start = if name.is_empty() { " ".repeat(NAME) } else { format!("{name:>6}: ") };
    for line in wrap(&plain(text, style), style.columns() - NAME, 0) {
        let _ = writeln!(out, "{}{line}", style.paint(Ink::Hint, &start));
        start = " ".repeat(NAME);
    }
}

/// Text without anything hidden, in the characters of the terminal.
fn plain(text: &str, style: &Style) -> String {
    let text = visible(text).into_owned();
    if style.unicode { text } else { text.replace('…', "...") }
}

/// A time in so many digits as say something.
fn took(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match time.as_millis() {
        0..10 => format!("{:.1} ms", seconds * 1e3),
        10..1000 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::probe::{Report, Stage};

    fn sample(text: &str) -> Report {
        let notes = vec![format!("Server: {text}")];
        let failed = Step {
            stage: Stage::Handshake,
            passed: false,
            took: Duration::from_micros(1200),
            text: text.into(),
            notes,
        };
        let diagnosis = Diagnosis::new(Kind::Redirect, format!("301 to `{text}`."))
            .advise("Go there.")
            .points_to(&["plain-http-redirect"]);
        Report { url: "ws://host/".into(), address: None, steps: vec![failed], answer: None, silence: None, diagnosis }
    }

    #[test]
    fn steps_and_diagnosis_are_lines() {
        let report = sample("301 Moved");
        let style = Style::default();
        let outcome = Outcome { through: &report, direct: None, wrote: &[], verdict: &report.diagnosis, place: None };
        let shown = step(&report.steps[0], &style) + &verdict(&outcome, &style).unwrap();
        let expected = "  ✗ handshake  301 Moved                                                  1.2 ms
               Server: 301 Moved
problem[redirect] 301 to `301 Moved`.
   try: Go there.
 rules: plain-http-redirect
  more: `--root nginx.conf` tells which line it is, and how to repair it
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn nothing_from_the_network_reaches_a_terminal_raw() {
        let report = sample("\x1b]0;x\x07\u{202e}\n  ✓ connect \u{9b}31m");
        for style in [Style::default(), Style { color: true, width: 40, unicode: false, ..Style::default() }] {
            let outcome =
                Outcome { through: &report, direct: None, wrote: &[], verdict: &report.diagnosis, place: None };
            let shown = step(&report.steps[0], &style) + &verdict(&outcome, &style).unwrap();
            let uncoloured = shown.replace("\x1b[", "");
            assert!(!uncoloured.contains(['\x1b', '\x07', '\u{202e}', '\u{9b}']), "{shown:?}");
            assert!(!shown.contains("\n  ✓ connect"), "{shown}");
            let json = super::super::json(&outcome).unwrap();
            assert!(!json.contains(['\x1b', '\x07', '\u{202e}', '\u{9b}']), "{json:?}");
        }
    }
}
