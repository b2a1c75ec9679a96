//! What the error logs say of it: only what nginx wrote since it was last loaded, of the routes in question, and not of
//! the handshakes of this checkup.

use super::checkup::{State, Step};
use super::examine::{Visit, number};
use super::logs::{Here, Place, Sieve, Triage, places, triage};
use crate::Linted;
use crate::config::reason;
use crate::live::log::{About, Cause, LogSummary, Seconds, clock, told};
use crate::rules::Severity;
use crate::websocket::Confidence;

/// How many causes a line names.
const MOST_CAUSES: usize = 4;

impl Visit<'_, '_> {
    /// The logs that the configuration names, and how long each of them is now.
    pub(super) fn log_places(&self) -> Vec<(Place, u64)> {
        let Ok(linted) = self.ask.linted else { return Vec::new() };
        let all = places(&linted.tree, self.ask.prefix.as_deref(), self.ask.default_log.as_deref());
        let length = |place: &Place| match place {
            Place::File(file) => std::fs::metadata(file).map_or(0, |file| file.len()),
            Place::Elsewhere(_) => 0,
        };
        all.into_iter().map(|place| (length(&place), place)).map(|(length, place)| (place, length)).collect()
    }

    /// Reads the logs; the lengths are those from before the handshakes.
    pub(super) fn logs(&mut self, all: Vec<(Place, u64)>) {
        let Ok(linted) = self.ask.linted else {
            return self.skip("without the configuration its place is not known: nginx-wslint log FILE");
        };
        if all.is_empty() {
            self.skip("the configuration names no error_log; see nginx-wslint log FILE");
        }
        let here = self.places_in_question(linted);
        let loaded = self.loaded();
        for (place, length) in all {
            let file = match place {
                Place::Elsewhere(written) => {
                    self.skip(&format!("goes to {written}; pipe what collects it into nginx-wslint log -"));
                    continue;
                }
                Place::File(file) => file,
            };
            let sieve = Sieve {
                since: self.ask.since,
                loaded,
                length,
                own: &self.own,
                concerns: &|fields| here.is_empty() || here.iter().any(|here| here.holds(&linted.tree, fields)),
            };
            match triage(&file, &sieve) {
                Ok(triage) => self.log(&file.display().to_string(), &triage, loaded),
                Err(error) => self.skip(&format!("{}: cannot be read: {}", file.display(), reason(&error))),
            }
        }
    }

    fn skip(&mut self, why: &str) {
        self.step(Step::new("log", State::Skipped, why));
    }

    /// Where the URL leads; without one, all routes that carry WebSockets. Empty where that is not known.
    fn places_in_question(&self, linted: &Linted<'_>) -> Vec<Here> {
        if self.ask.target.is_some() {
            return self.here.clone();
        }
        let routes = linted.routes.all.iter().filter(|route| route.intent.confidence >= Some(Confidence::Likely));
        let all = routes.filter_map(|route| Some(Here::new(&linted.tree, route.server?, route.location_block)));
        all.collect()
    }

    /// When the nginx in question was last loaded.
    pub(super) fn loaded(&self) -> Option<Seconds> {
        let running = self.ask.running.as_ref().ok()?;
        let master = running.masters().find(|master| Some(master.pid) == self.ask.master)?;
        running.loaded(master).map(told)
    }

    fn log(&mut self, file: &str, triage: &Triage, loaded: Option<Seconds>) {
        let summary = &triage.now;
        let counting: Vec<&Cause> = summary.causes.iter().filter(|cause| self.counts(cause)).collect();
        let since = match loaded.filter(|&loaded| loaded > self.ask.since) {
            Some(loaded) => format!("since nginx was loaded at {}", clock(loaded)),
            None => format!("since {}", clock(self.ask.since)),
        };
        let found = listed(summary);
        let text = match &found {
            None => format!("{file}: nothing about WebSockets {since}"),
            Some(found) => format!("{file}: {found} {since}"),
        };
        let state = match (counting.is_empty(), &found) {
            (false, _) => State::Bad,
            (true, Some(_)) => State::Note,
            (true, None) => State::Good,
        };
        let mut step = Step::new("log", state, text);
        if found.is_some() {
            step.notes.push(format!("in full: nginx-wslint log {file}"));
        }
        for (summary, which) in [
            (&triage.own, "of this checkup's own handshakes"),
            (&triage.before, "from before nginx was loaded"),
            (&triage.elsewhere, "of other routes"),
        ] {
            step.notes.extend(listed(summary).map(|found| format!("Not counted: {found}, {which}")));
        }
        let all = [summary, &triage.own, &triage.before, &triage.elsewhere];
        if all.iter().any(|one| one.error_log_lines > 0) && !all.iter().any(|one| one.shows_info) {
            step.notes.push("It is not written at level info, where cut idle WebSockets are told.".into());
        }
        if triage.is_tail {
            step.notes.push("Only its last 64 MiB were read.".into());
        }
        self.step(step);
        for (handshake, summary) in triage.by_own.iter().enumerate() {
            for cause in summary.causes.iter().filter(|cause| cause.severity > Severity::Info) {
                self.explain_by_log(handshake, cause);
            }
        }
        for cause in counting {
            let rank = if cause.severity == Severity::Error { 3 } else { 6 };
            let lines = number(usize::try_from(cause.count).unwrap_or(usize::MAX), "line");
            let sentence = format!("{} ({lines} in {file}, the last at {})", cause.cause, clock(cause.to));
            self.found(rank, &cause.id, sentence, vec![cause.change.clone()], cause.rules.clone());
        }
    }

    /// Whether a cause in the log is a problem now. What is about requests counts for nothing once a handshake succeeds.
    fn counts(&self, cause: &Cause) -> bool {
        let works =
            !self.checkup.trials.is_empty() && self.checkup.trials.iter().all(|trial| trial.through.is_healthy());
        cause.severity > Severity::Info && (matches!(cause.about, About::Websocket | About::Nginx) || !works)
    }

    /// Adds what nginx wrote of one of the handshakes that just failed.
    fn explain_by_log(&mut self, handshake: usize, cause: &Cause) {
        let wrote = format!("`{}` in its log: {} {}", cause.message, cause.cause, cause.change);
        if let Some(trial) = self.checkup.trials.get_mut(handshake).filter(|trial| !trial.through.is_healthy()) {
            trial.wrote.push(wrote.clone());
        }
        if let Some(problem) = self.checkup.shown_by(handshake) {
            problem.advice.push(wrote);
            problem.rules.extend(cause.rules.iter().cloned());
        }
    }
}

/// `3 x refused, 1 x premature-close`
fn listed(summary: &LogSummary) -> Option<String> {
    let named = summary.causes.iter().take(MOST_CAUSES).map(|cause| format!("{} x {}", cause.count, cause.id));
    let named: Vec<String> = named.collect();
    let more = summary.causes.len().saturating_sub(MOST_CAUSES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}
