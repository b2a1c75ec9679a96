//! How each route does, which the picture shows and the first sentence sums up.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::super::model::{Diagnostic, Report, RouteState};
use crate::rules::Severity;

/// How a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is to carry WebSockets and cannot.
    Broken,
    /// It carries some, or not for long.
    AtRisk,
    /// It works and could be better.
    Improvable,
    /// Nothing was found.
    Fine,
    /// It may carry WebSockets; too little speaks for it to be judged.
    Possible,
    /// It carries none.
    Plain,
}

impl State {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::AtRisk => "at-risk",
            Self::Improvable => "improvable",
            Self::Fine => "fine",
            Self::Possible => "possible",
            Self::Plain => "plain",
        }
    }

    /// A sign that is told apart without colours.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Broken => "✕",
            Self::AtRisk => "!",
            Self::Improvable => "↑",
            Self::Fine => "✓",
            Self::Possible => "?",
            Self::Plain => "–",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::AtRisk => "at risk",
            Self::Improvable => "could be better",
            Self::Fine => "nothing found",
            Self::Possible => "may carry WebSockets",
            Self::Plain => "no WebSockets",
        }
    }
}

/// What the picture is drawn from.
pub(super) struct Map<'a> {
    report: &'a Report,
    /// Findings by their fingerprints.
    found: HashMap<&'a str, &'a Diagnostic>,
    /// How each route of the report does.
    pub(super) states: Vec<State>,
}

impl<'a> Map<'a> {
    /// Looks at every route once.
    pub(super) fn of(report: &'a Report) -> Self {
        let found = report.diagnostics.iter().map(|one| (one.fingerprint.as_str(), one)).collect();
        let unread: HashSet<&Path> = report.problems.iter().map(|problem| Path::new(&problem.file)).collect();
        let mut map = Self { report, found, states: Vec::new() };
        map.states = report.routes.iter().map(|route| map.state(route, &unread)).collect();
        map
    }

    /// That of the worst finding about it. nginx does not start with a file that it cannot read.
    fn state(&self, route: &RouteState, unread: &HashSet<&Path>) -> State {
        if unread.contains(route.route.place.file.as_path()) {
            return State::Broken;
        }
        match (self.about(route).map(|one| one.severity).max(), route.route.websocket.confidence) {
            (Some(Severity::Error), _) => State::Broken,
            (Some(Severity::Warning), _) => State::AtRisk,
            (Some(Severity::Info), _) => State::Improvable,
            (None, "certain" | "likely") => State::Fine,
            (None, "possible") => State::Possible,
            (None, _) => State::Plain,
        }
    }

    /// The findings about a route.
    pub(super) fn about<'s>(&'s self, route: &'s RouteState) -> impl Iterator<Item = &'a Diagnostic> + 's {
        route.findings.iter().filter_map(|print| self.found.get(print.as_str()).copied())
    }

    /// How many routes are in a state.
    pub(super) fn count(&self, wanted: State) -> usize {
        self.states.iter().filter(|state| **state == wanted).count()
    }

    /// How many routes that carry WebSockets, as far as can be told, are broken.
    pub(super) fn broken(&self) -> usize {
        let believed = |route: &RouteState| matches!(route.route.websocket.confidence, "certain" | "likely");
        self.routes().filter(|(_, route, state)| *state == State::Broken && believed(route)).count()
    }

    /// The routes with their numbers.
    pub(super) fn routes(&self) -> impl Iterator<Item = Numbered<'a>> + '_ {
        let routes = self.report.routes.iter().zip(&self.states);
        routes.enumerate().map(|(index, (route, state))| (index, route, *state))
    }
}

/// A route with its number in the report.
pub(super) type Numbered<'a> = (usize, &'a RouteState, State);
