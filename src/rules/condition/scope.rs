//! What conditions are asked about, and what makes them hold.

use std::cell::OnceCell;

use super::super::facts::Why;
use super::super::finding::Place;
use super::super::ignores::Comment;
use crate::config::{DirectiveId, Tree, Version};
use crate::websocket::{Route, Routes};

/// What a condition is asked about.
#[derive(Clone, Copy)]
pub(in crate::rules) struct Scope<'a> {
    pub(in crate::rules) tree: &'a Tree,
    pub(in crate::rules) routes: &'a Routes,
    pub(in crate::rules) version: Option<Version>,
    pub(in crate::rules) subject: Asked<'a>,
    /// The one line that conditions on directives are to look at, where a rule speaks of each by itself.
    pub(in crate::rules) only: Option<DirectiveId>,
    /// What was found out about the subject for an earlier rule.
    pub(in crate::rules) known: &'a Known,
}

/// Answers that several rules ask for, about one subject.
#[derive(Debug, Default)]
pub(in crate::rules) struct Known {
    /// What keeps all handshakes of the route away.
    pub(in crate::rules) kept_away: OnceCell<Option<(Why, Hit)>>,
}

/// The subject of a question.
#[derive(Clone, Copy)]
pub(in crate::rules) enum Asked<'a> {
    /// The route of that number.
    Route(usize),
    /// A directive.
    Directive(DirectiveId),
    /// A comment that silences rules.
    Comment(&'a Comment),
}

impl<'a> Scope<'a> {
    /// A subject of which `known` says what was found out before.
    pub(in crate::rules) fn new(
        tree: &'a Tree,
        routes: &'a Routes,
        version: Option<Version>,
        subject: Asked<'a>,
        known: &'a Known,
    ) -> Self {
        Self { tree, routes, version, subject, only: None, known }
    }

    /// The route that is asked about.
    pub(in crate::rules) fn route(&self) -> Option<&'a Route> {
        match self.subject {
            Asked::Route(index) => self.routes.all.get(index),
            Asked::Directive(_) | Asked::Comment(_) => None,
        }
    }
}

/// What made a condition hold.
#[derive(Clone, Debug, Default)]
pub(in crate::rules) struct Hit {
    pub(in crate::rules) places: Vec<Place>,
    /// Words for `{name.…}` that are not in the places.
    pub(in crate::rules) words: Vec<String>,
}

impl Hit {
    pub(in crate::rules) fn at(place: Place) -> Self {
        Self { places: vec![place], words: Vec::new() }
    }

    pub(in crate::rules) fn lines(lines: impl IntoIterator<Item = DirectiveId>) -> Self {
        Self { places: lines.into_iter().map(Place::head).collect(), words: Vec::new() }
    }
}
