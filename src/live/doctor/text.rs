//! A checkup for people: one page.

use std::io;

use super::checkup::{Checkup, Health, Problem, State, Step, Trial};
use crate::live::page::Page;
use crate::live::probe::Diagnosis;
use crate::report::probe::{Outcome, verdict};
use crate::report::{Ink, Style};
use crate::rules::Severity;

/// How many parts that were not looked at are listed.
const MOST_UNSEEN: usize = 5;
/// How many further problems are listed.
const MOST_OTHERS: usize = 6;

/// A step: its mark, its name, what was seen and how long it took.
pub fn step(step: &Step, style: &Style) -> String {
    let (mark, ink) = match (step.state, style.unicode) {
        (State::Good, true) => ("✓", Ink::Added),
        (State::Good, false) => ("+", Ink::Added),
        (State::Note, _) => ("!", Ink::Severity(Severity::Warning)),
        (State::Bad, true) => ("✗", Ink::Removed),
        (State::Bad, false) => ("x", Ink::Removed),
        (State::Skipped, _) => ("-", Ink::Dim),
    };
    let took = step.took.map(|took| format!(" ({}\u{a0}ms)", took.as_millis().max(1))).unwrap_or_default();
    let skipped = if step.state == State::Skipped { "not looked at: " } else { "" };
    let mut page = Page::new(style);
    page.row((mark, ink), step.part, &format!("{skipped}{}{took}", step.text), &step.notes);
    page.finish()
}

/// The cause in a sentence, the rule and the fix; then what else is wrong.
///
/// # Errors
/// Never: they are those of a writer that is a string.
pub fn conclusion(checkup: &Checkup, style: &Style) -> io::Result<String> {
    let problems = checkup.problems();
    let mut page = Page::new(style);
    let Some((first, others)) = problems.split_first() else {
        no_problem(&mut page, checkup);
        return Ok(page.finish());
    };
    let mut text = String::new();
    match first.handshake.and_then(|number| checkup.trials.get(number)) {
        Some(trial) => {
            let named = named(checkup, trial);
            text.push_str(&verdict(&Outcome { verdict: &named, ..trial.outcome() }, style)?);
        }
        None => {
            let mut page = Page::new(style);
            page.title(Ink::Severity(Severity::Error), &format!("problem[{}]", first.id), &first.cause);
            problem(&mut page, first);
            text.push_str(&page.finish());
        }
    }
    // What explains the first problem is no second one.
    let others: Vec<&&Problem> =
        others.iter().filter(|other| other.handshake.is_some() || !first.rules.contains(&other.id)).collect();
    if !others.is_empty() {
        page.gap();
        page.paragraph(Some(Ink::Strong), "Also wrong:");
        for other in others.iter().take(MOST_OTHERS) {
            let trial = other.handshake.and_then(|number| checkup.trials.get(number));
            let cause = trial.map_or_else(|| other.cause.clone(), |trial| named(checkup, trial).sentence);
            page.entry(&format!("{}: {cause}", other.id));
        }
        if others.len() > MOST_OTHERS {
            page.entry(&format!("and {} more", others.len() - MOST_OTHERS));
        }
    }
    text.push_str(&page.finish());
    Ok(text)
}

/// What a handshake came to, with its URL where there were others.
fn named(checkup: &Checkup, trial: &Trial) -> Diagnosis {
    let mut verdict = trial.verdict.clone();
    if !trial.wrote.is_empty() {
        // What the log says stands there already.
        verdict.advice.retain(|advice| !advice.contains("error log"));
    }
    if checkup.trials.len() > 1 {
        verdict.sentence = format!("{}: {}", trial.through.url, verdict.sentence);
    }
    verdict
}

/// What was seen, and what was not, where nothing is known to be wrong.
fn no_problem(page: &mut Page<'_>, checkup: &Checkup) {
    if checkup.health() == Health::Healthy {
        let text = "Nothing wrong was found, and the WebSocket opens. What ends it later shows when it is held: nginx-wslint probe URL --hold 90s";
        page.title(Ink::Added, "healthy", text);
    } else {
        let text = if !checkup.trials.is_empty() {
            "Nothing wrong was found, but the application refuses the handshakes that were tried. Their URLs are guesses: whether WebSockets work remains open."
        } else if checkup.looked_at("lint") || checkup.looked_at("log") {
            "Nothing wrong was found, but no handshake was tried: whether WebSockets work remains open."
        } else {
            "Neither a configuration nor a handshake nor a log could be looked at."
        };
        page.title(Ink::Severity(Severity::Warning), "unknown", text);
        page.item("try", "the URL as clients know it: nginx-wslint doctor wss://…");
        if !checkup.looked_at("lint") {
            page.item("", "the configuration: nginx-wslint doctor --root nginx.conf");
        }
    }
    for (at, step) in checkup.unseen().take(MOST_UNSEEN).enumerate() {
        page.item(if at == 0 { "unseen" } else { "" }, &format!("{}: {}", step.part, step.text));
    }
}

fn problem(page: &mut Page<'_>, problem: &Problem) {
    for advice in &problem.advice {
        page.item("fix", advice);
    }
    for (at, rule) in problem.rules.iter().take(3).enumerate() {
        page.item(if at == 0 { "more" } else { "" }, &format!("nginx-wslint explain {rule}"));
    }
}
