//! Looking at each part in turn.

use std::path::PathBuf;

use super::checkup::{Checkup, Problem, Step};
use super::logs::{Here, Own};
use super::nginx::Said;
use super::processes::Running;
use crate::Linted;
use crate::live::log::Seconds;
use crate::live::probe::{Options, Target};
use crate::rules::Finding;

/// What is to be looked at, as far as it is there.
pub struct Ask<'a> {
    /// The configuration, read and checked; else why there is none.
    pub linted: Result<&'a Linted<'a>, String>,
    /// Which findings the user wants to see.
    pub shows: &'a dyn Fn(&Finding<'_>) -> bool,
    /// What nginx says of the configuration; else why it was not asked.
    pub tested: Result<Said, String>,
    /// The URL; without one, those that the configuration offers.
    pub target: Option<Target>,
    /// The backend, where it is not to be taken from the configuration.
    pub backend: Option<Target>,
    /// How handshakes are made.
    pub options: Options,
    /// Where relative paths of the configuration start.
    pub prefix: Option<PathBuf>,
    /// The log that is written to where the configuration names none.
    pub default_log: Option<PathBuf>,
    /// From when on log lines count.
    pub since: Seconds,
    /// The processes; else why they cannot be seen.
    pub running: Result<Running, String>,
    /// The master whose configuration this is, where it runs.
    pub master: Option<u32>,
}

/// Looks at everything; `tell` is told each step as it is done.
pub fn examine(ask: &Ask<'_>, tell: &mut dyn FnMut(&Step)) -> Checkup {
    let mut visit = Visit { ask, checkup: Checkup::default(), tell, own: Vec::new(), here: Vec::new() };
    visit.lint();
    visit.test();
    let logs = visit.log_places();
    visit.handshakes();
    visit.logs(logs);
    visit.connections();
    visit.processes();
    visit.checkup
}

/// A checkup under way; each part is in a file of its own.
pub(super) struct Visit<'v, 'a> {
    pub(super) ask: &'v Ask<'a>,
    pub(super) checkup: Checkup,
    tell: &'v mut dyn FnMut(&Step),
    /// The handshakes through nginx, which leave lines in its log; in the order of [`Checkup::trials`].
    pub(super) own: Vec<Own>,
    /// Where the URL that was given leads.
    pub(super) here: Vec<Here>,
}

impl Visit<'_, '_> {
    pub(super) fn step(&mut self, step: Step) {
        (self.tell)(&step);
        self.checkup.steps.push(step);
    }

    pub(super) fn found(&mut self, rank: u8, id: &str, cause: String, advice: Vec<String>, rules: Vec<String>) {
        self.checkup.found(Problem { id: id.to_owned(), cause, advice, rules, handshake: None, rank });
    }
}

/// So many of something.
pub(super) fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
