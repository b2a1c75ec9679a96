//! Conditions: questions about what is in effect on a route, or about one directive.

use std::borrow::Cow;

use super::compile::{Checker, RuleError};
use super::facts::{self, Fact};
use super::finding::Place;
use super::ignores::Comment;
use super::schema::Condition;
use super::spanned::Spanned;
use crate::config::{DirectiveId, Name, Openness, Tree, Version, VersionRange, is_placeholder};
use crate::websocket::{Module, Plain, Route, Routes, State, is_for, value};

/// What a condition is asked about.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) tree: &'a Tree,
    pub(super) routes: &'a Routes,
    pub(super) version: Option<Version>,
    pub(super) subject: Asked<'a>,
    /// The one line that conditions on directives are to look at, where a rule speaks of each by itself.
    pub(super) only: Option<DirectiveId>,
}

/// The subject of a question.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// The route of that number.
    Route(usize),
    /// A directive.
    Directive(DirectiveId),
    /// A comment that silences rules.
    Comment(&'a Comment),
}

impl<'a> Scope<'a> {
    /// The route that is asked about.
    pub(super) fn route(&self) -> Option<&'a Route> {
        match self.subject {
            Asked::Route(index) => self.routes.all.get(index),
            Asked::Directive(_) | Asked::Comment(_) => None,
        }
    }
}

/// What made a condition hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Hit {
    pub(super) places: Vec<Place>,
    /// Words for `{name.…}` that are not in the places.
    pub(super) words: Vec<String>,
}

impl Hit {
    pub(super) fn at(place: Place) -> Self {
        Self { places: vec![place], words: Vec::new() }
    }

    pub(super) fn lines(lines: impl IntoIterator<Item = DirectiveId>) -> Self {
        Self { places: lines.into_iter().map(Place::head).collect(), words: Vec::new() }
    }
}

/// Conditions that belong together.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) all: Vec<Compiled>,
    pub(super) any: Vec<Compiled>,
    pub(super) none: Vec<Compiled>,
}

impl Conditions {
    /// The names that places and placeholders may use.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().chain(&self.any).filter_map(|condition| condition.name.as_deref())
    }

    /// These conditions with others that are asked after them.
    pub(super) fn with<'c>(&'c self, other: &'c Self) -> Conditions {
        let rename = |list: &[Compiled]| list.iter().map(Compiled::named_only).collect();
        let mut all: Vec<Compiled> = rename(&self.all);
        all.extend(self.any.iter().chain(&other.all).chain(&other.any).map(Compiled::named_only));
        Conditions { all, ..Conditions::default() }
    }

    /// Whether all of them hold together; what was found is added to `found`.
    pub(super) fn hold(&self, scope: Scope<'_>, found: &mut Found) -> bool {
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
pub(super) struct Found {
    named: Vec<(String, Hit)>,
    /// Something that was found missing may stand in text that is not here.
    pub(super) open: Openness,
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
    pub(super) fn with_one(&self, name: &str, place: Place) -> Self {
        let mut found = self.clone();
        for (_, hit) in found.named.iter_mut().filter(|(other, _)| other == name) {
            hit.places = vec![place];
        }
        found
    }

    pub(super) fn get(&self, name: &str) -> Option<&Hit> {
        self.named.iter().find(|(other, _)| other == name).map(|(_, hit)| hit)
    }
}

/// Which lines of a directive count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    Own,
    Inherited,
    Effective,
    Lost,
}

#[derive(Clone, Debug)]
enum Question {
    Directive {
        name: String,
        /// The same in the vocabulary, where it is written out.
        known: Option<Name>,
        lines: Lines,
    },
    Header {
        name: String,
        lines: Lines,
    },
    Handshake {
        name: String,
        states: Vec<State>,
        plain: Vec<Plain>,
    },
    Fact(&'static Fact),
    /// Only a name, for checking.
    Nothing,
}

/// A condition, checked.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) name: Option<String>,
    question: Question,
    is: Option<Vec<String>>,
    is_not: Option<Vec<String>>,
    at_most_seconds: Option<u64>,
    above_seconds: Option<u64>,
    nginx: Option<VersionRange>,
}

impl Compiled {
    pub(super) fn new(checker: &Checker<'_>, written: Condition) -> Result<Self, RuleError> {
        let lines = written.scope.as_ref().map_or(Ok(Lines::Effective), |word| {
            checker.one_of(word, "scope", &["own", "inherited", "effective", "lost"], |name| match name {
                "own" => Some(Lines::Own),
                "inherited" => Some(Lines::Inherited),
                "effective" => Some(Lines::Effective),
                "lost" => Some(Lines::Lost),
                _ => None,
            })
        })?;
        let states = states(checker, written.handshake.as_deref().unwrap_or_default())?;
        let plain = plains(checker, written.plain.as_deref().unwrap_or_default())?;
        let question = match (&written.directive, &written.header, &written.fact) {
            (Some(word), None, None) => {
                let name = checker.directive(word)?;
                Question::Directive { known: Name::of(&name), name, lines }
            }
            (None, Some(word), None) if states.is_empty() && plain.is_empty() => {
                Question::Header { name: word.get_ref().clone(), lines }
            }
            (None, Some(word), None) => {
                let name = checker.one_of(word, "header of the handshake", &["Upgrade", "Connection"], |name| {
                    matches!(name, "Upgrade" | "Connection").then(|| name.to_owned())
                })?;
                Question::Handshake { name, states, plain }
            }
            (None, None, Some(word)) => {
                let names: Vec<&str> = facts::all().map(|fact| fact.name).collect();
                Question::Fact(
                    checker.one_of(word, "fact", &names, |name| facts::all().find(|fact| fact.name == name))?,
                )
            }
            (Some(word), ..) | (None, Some(word), _) => {
                return Err(checker.at(word, "a condition names one of `directive`, `header` and `fact`"));
            }
            (None, None, None) => Question::Nothing,
        };
        let nginx = written
            .nginx
            .as_ref()
            .map(|word| {
                word.get_ref().parse().map_err(|error: crate::config::VersionError| checker.at(word, error.to_string()))
            })
            .transpose()?;
        Ok(Self {
            name: written.r#as,
            question,
            is: written.is,
            is_not: written.is_not,
            at_most_seconds: written.at_most_seconds,
            above_seconds: written.above_seconds,
            nginx,
        })
    }

    fn named_only(&self) -> Self {
        Self {
            name: self.name.clone(),
            question: Question::Nothing,
            is: None,
            is_not: None,
            at_most_seconds: None,
            above_seconds: None,
            nginx: None,
        }
    }

    fn holds(&self, scope: Scope<'_>, open: &mut Openness) -> Option<Hit> {
        if self.nginx.is_some_and(|range| !range.concerns(scope.version)) {
            return None;
        }
        match &self.question {
            Question::Nothing => Some(Hit::default()),
            Question::Fact(fact) => (fact.holds)(scope),
            Question::Directive { name, known, lines } => {
                if let Asked::Directive(id) = scope.subject {
                    // Asked about a directive, the condition says which one it is.
                    let is_it =
                        if known.is_some() { scope.tree.directive(id).name == *known } else { scope.tree.is(id, name) };
                    let holds = is_it && self.accepts(scope.tree, id);
                    return holds.then(|| Hit::at(Place::head(id)));
                }
                let route = scope.route()?;
                let name = of_module(name, route.module);
                let lines: Vec<DirectiveId> = lines_of(scope.tree, route.block, &name, *lines)
                    .iter()
                    .copied()
                    .filter(|&line| scope.only.is_none_or(|only| only == line))
                    .filter(|&line| self.accepts(scope.tree, line))
                    .collect();
                (!lines.is_empty()).then(|| Hit::lines(lines))
            }
            Question::Header { name, lines } => {
                let route = scope.route()?;
                let tree = scope.tree;
                let all = lines_of(tree, route.block, "proxy_set_header", *lines);
                let found: Vec<DirectiveId> = all
                    .iter()
                    .copied()
                    .filter(|&line| is_for(tree, line, name) && !value(tree, line).is_empty())
                    .filter(|&line| self.accepts_value(&value(tree, line)))
                    .collect();
                if *lines == Lines::Lost {
                    let kept = lines_of(tree, route.block, "proxy_set_header", Lines::Effective);
                    if kept.iter().any(|&line| is_for(tree, line, name)) {
                        return None;
                    }
                }
                let words = (!found.is_empty()).then(|| name.clone()).into_iter().collect();
                (!found.is_empty()).then(|| Hit { words, ..Hit::lines(found) })
            }
            Question::Handshake { name, states, plain } => {
                let route = scope.route().filter(|route| route.module == Module::Proxy)?;
                let header = route.headers.get(name)?;
                let state_fits = states.is_empty() || states.contains(&header.state);
                let plain_fits = plain.is_empty() || (!route.intent.handshakes_alone && plain.contains(&header.plain));
                if !state_fits || !plain_fits {
                    return None;
                }
                if header.state == State::Unset {
                    *open = (*open).max(scope.tree.openness(route.block, "proxy_set_header"));
                }
                let words = header.undefined.iter().map(|name| format!("${name}")).collect();
                Some(Hit { words, ..Hit::lines(header.lines.iter().rev().copied().take(1)) })
            }
        }
    }

    /// Whether a condition that does not hold could hold in text that is not here.
    fn rests_on_absence(&self, scope: Scope<'_>) -> Openness {
        match (&self.question, scope.route()) {
            (Question::Directive { name, lines: Lines::Effective, .. }, Some(route)) => {
                let name = of_module(name, route.module);
                match scope.tree.effective(route.block, &name) {
                    Some(_) => Openness::Closed,
                    None => scope.tree.openness(route.block, &name),
                }
            }
            _ => Openness::Closed,
        }
    }

    fn accepts(&self, tree: &Tree, line: DirectiveId) -> bool {
        let value = tree.arg(line, 1).unwrap_or_default();
        self.accepts_value(&value)
    }

    fn accepts_value(&self, value: &str) -> bool {
        let listed = |list: &Vec<String>| list.iter().any(|text| text.eq_ignore_ascii_case(value));
        self.is.as_ref().is_none_or(listed)
            && !self.is_not.as_ref().is_some_and(|list| listed(list) || is_placeholder(value) || value.contains("${"))
            && self.at_most_seconds.is_none_or(|most| milliseconds(value).is_some_and(|time| time <= most * 1000))
            && self.above_seconds.is_none_or(|least| milliseconds(value).is_some_and(|time| time > least * 1000))
    }
}

/// The name of a directive that a rule writes with `{module}` in it.
fn of_module(name: &str, module: Module) -> Cow<'_, str> {
    if name.contains('{') { name.replace("{module}", module.prefix()).into() } else { name.into() }
}

fn lines_of<'t>(tree: &'t Tree, block: DirectiveId, name: &str, lines: Lines) -> &'t [DirectiveId] {
    let effective = match lines {
        Lines::Own => return tree.own(block, name),
        Lines::Lost => tree.lost(block, name),
        Lines::Effective => tree.effective(block, name),
        Lines::Inherited => tree.effective(block, name).filter(|effective| effective.origin != block),
    };
    effective.map_or(&[], |effective| effective.lines)
}

fn states(checker: &Checker<'_>, words: &[Spanned<String>]) -> Result<Vec<State>, RuleError> {
    let names = State::ALL.map(State::name);
    words.iter().map(|word| checker.one_of(word, "state of a header", &names, State::from_name)).collect()
}

fn plains(checker: &Checker<'_>, words: &[Spanned<String>]) -> Result<Vec<Plain>, RuleError> {
    let names = ["clean", "literal", "mapped", "unknown"];
    words.iter().map(|word| checker.one_of(word, "state of a header", &names, Plain::from_name)).collect()
}

/// A time as nginx reads it in `proxy_read_timeout` and its like, in milliseconds: `3600`, `60s`, `1h 30m`, `500ms`.
/// Units fall from left to right, months and years are not allowed (`ngx_parse_time`; NGINX facts part C).
pub fn milliseconds(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] =
        [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1), ("", 1000)];
    let mut rest = text;
    let mut step = 0;
    let mut total: u64 = 0;
    if rest.is_empty() || rest.starts_with(' ') {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        // A bare number behind a unit counts seconds, whatever the unit before it.
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters])?;
        if unit < step || (unit == 6 && step == 6) {
            return None;
        }
        step = unit + 1;
        total = total.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        rest = rest[letters..].trim_start_matches(' ');
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_nginx_reads_them() {
        for (text, time) in [
            ("3600", 3_600_000),
            ("60s", 60_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("1m30", 90_000),
            ("500ms", 500),
            ("1s500ms", 1500),
            ("01h", 3_600_000),
            ("60s ", 60_000),
            ("0", 0),
            ("1w", 604_800_000),
        ] {
            assert_eq!(milliseconds(text), Some(time), "{text}");
        }
        for text in ["1M", "1y", "30m1h", "1h1h", "500ms1s", "-1", "1.5h", "off", "1H", "60min", "", " 60s", "$t"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
