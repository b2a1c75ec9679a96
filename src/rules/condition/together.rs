//! Conditions that hold together, and what they found.

use super::super::finding::Place;
use super::{Compiled, Hit, Scope};
use crate::config::Openness;

/// Conditions that belong together.
#[derive(Debug, Default)]
pub(in crate::rules) struct Conditions {
    pub(in crate::rules) all: Vec<Compiled>,
    pub(in crate::rules) any: Vec<Compiled>,
    pub(in crate::rules) none: Vec<Compiled>,
}

impl Conditions {
    /// The names that places and placeholders may use.
    pub(in crate::rules) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().chain(&self.any).filter_map(|condition| condition.name.as_deref())
    }

    /// Whether all of them hold together; what was found is added to `found`.
    pub(in crate::rules) fn hold(&self, scope: Scope<'_>, found: &mut Found) -> bool {
        for condition in &self.all {
            match condition.holds(scope, &mut found.open) {
                Some(hit) => found.add(condition.name.as_deref(), hit),
                None => return false,
            }
        }
        if !self.any.is_empty() {
            let mut some = false;
            for condition in &self.any {
                if let Some(hit) = condition.holds(scope, &mut found.open) {
                    some = true;
                    found.add(condition.name.as_deref(), hit);
                }
            }
            if !some {
                return false;
            }
        }
        let mut ignored = Openness::Closed;
        let blocked = self.none.iter().any(|condition| condition.holds(scope, &mut ignored).is_some());
        let absences = self.none.iter().map(|condition| condition.rests_on_absence(scope));
        found.open = found.open.max(absences.max().unwrap_or_default());
        !blocked
    }
}

/// What the conditions of a rule found, by name.
#[derive(Clone, Debug, Default)]
pub(in crate::rules) struct Found {
    named: Vec<(String, Hit)>,
    /// Something that was found missing may stand in text that is not here.
    pub(in crate::rules) open: Openness,
}

impl Found {
    fn add(&mut self, name: Option<&str>, hit: Hit) {
        let Some(name) = name else { return };
        match self.named.iter_mut().find(|(other, _)| other == name) {
            Some((_, known)) => {
                known.places.extend(hit.places);
                known.words.extend(hit.words);
            }
            None => self.named.push((name.to_owned(), hit)),
        }
    }

    /// The same, where `name` was found in this one place alone.
    pub(in crate::rules) fn with_one(&self, name: &str, place: Place) -> Self {
        let mut found = self.clone();
        for (_, hit) in found.named.iter_mut().filter(|(other, _)| other == name) {
            hit.places = vec![place];
        }
        found
    }

    pub(in crate::rules) fn get(&self, name: &str) -> Option<&Hit> {
        self.named.iter().find(|(other, _)| other == name).map(|(_, hit)| hit)
    }
}
