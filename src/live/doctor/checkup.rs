//! What was looked at, and what it comes to.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::live::probe::{Diagnosis, Report};
use crate::report::escape::visible;
use crate::report::probe::{Outcome, Place, json};

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Wrong.
    Bad,
    /// Not looked at; the text says why.
    Skipped,
}

/// A part that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Which part.
    pub part: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    #[serde(serialize_with = "shown")]
    pub text: String,
    /// More of it.
    #[serde(serialize_with = "all_shown")]
    pub notes: Vec<String>,
    /// How long it took, where that matters.
    #[serde(rename = "ms", serialize_with = "milliseconds")]
    pub took: Option<Duration>,
}

impl Step {
    /// A step without notes.
    pub fn new(part: &'static str, state: State, text: impl Into<String>) -> Self {
        Self { part, state, text: text.into(), notes: Vec::new(), took: None }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What it is called.
    pub id: String,
    /// The cause in a sentence.
    #[serde(serialize_with = "shown")]
    pub cause: String,
    /// What to do.
    #[serde(serialize_with = "all_shown")]
    pub advice: Vec<String>,
    /// The rules that find the mistake in a configuration, the likeliest first.
    pub rules: Vec<String>,
    /// The number of the handshake in [`Checkup::trials`] that showed it.
    pub handshake: Option<usize>,
    /// Smaller is worse.
    #[serde(skip)]
    pub(super) rank: u8,
}

/// A handshake through nginx, and straight to the backend where that could be tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Through nginx.
    pub through: Report,
    /// Straight to the backend.
    pub direct: Option<Report>,
    /// What they come to.
    pub verdict: Diagnosis,
    /// Where the URL leads in the configuration.
    pub place: Option<Place>,
    /// What nginx wrote into its log of it, and what that means.
    pub wrote: Vec<String>,
}

impl Trial {
    /// The same as `probe` shows it.
    pub fn outcome(&self) -> Outcome<'_> {
        Outcome {
            through: &self.through,
            direct: self.direct.as_ref(),
            wrote: &self.wrote,
            verdict: &self.verdict,
            place: self.place.as_ref(),
        }
    }
}

/// How it all is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// A WebSocket was opened, and nothing is wrong.
    Healthy,
    /// Something is wrong.
    Problem,
    /// Nothing wrong was found, but no WebSocket was opened.
    Unknown,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Checkup {
    /// The parts, in order.
    pub steps: Vec<Step>,
    /// The handshakes.
    pub trials: Vec<Trial>,
    problems: Vec<Problem>,
}

impl Checkup {
    pub(super) fn found(&mut self, problem: Problem) {
        if !self.problems.iter().any(|known| known.id == problem.id && known.cause == problem.cause) {
            self.problems.push(problem);
        }
    }

    /// The problem that the handshake of this number showed.
    pub(super) fn shown_by(&mut self, handshake: usize) -> Option<&mut Problem> {
        self.problems.iter_mut().find(|problem| problem.handshake == Some(handshake))
    }

    /// What is wrong, the worst first.
    pub fn problems(&self) -> Vec<&Problem> {
        let mut all: Vec<&Problem> = self.problems.iter().collect();
        all.sort_by_key(|problem| problem.rank);
        all
    }

    /// How it all is. Healthy takes a WebSocket that was opened: a configuration that looks well is none.
    pub fn health(&self) -> Health {
        match self.problems.is_empty() {
            false => Health::Problem,
            true if self.trials.iter().any(|trial| trial.through.is_healthy()) => Health::Healthy,
            true => Health::Unknown,
        }
    }

    /// Whether a part was looked at.
    pub(super) fn looked_at(&self, part: &str) -> bool {
        self.steps.iter().any(|step| step.part == part && step.state != State::Skipped)
    }

    /// The parts that could not be looked at.
    pub(super) fn unseen(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.state == State::Skipped)
    }

    /// All of it as JSON: `{"version", "health": "healthy|problem|unknown", "problems": […], "steps": […],
    /// "handshakes": […]}`; a handshake has the form that `probe` gives it.
    ///
    /// # Errors
    /// None that could be helped.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let handshakes = self.trials.iter().map(|trial| serde_json::from_str(&json(&trial.outcome())?));
        let handshakes: Vec<serde_json::Value> = handshakes.collect::<Result<_, serde_json::Error>>()?;
        let whole = serde_json::json!({
            "version": 1,
            "health": self.health(),
            "problems": self.problems(),
            "steps": self.steps,
            "handshakes": handshakes,
        });
        Ok(serde_json::to_string_pretty(&whole)? + "\n")
    }
}

fn shown<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&visible(text))
}

fn all_shown<S: Serializer>(texts: &[String], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(texts.iter().map(|text| visible(text)))
}

fn milliseconds<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| (time.as_secs_f64() * 1e4).round() / 10.0).serialize(to)
}
