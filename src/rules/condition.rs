//! Conditions: questions about what is in effect on a route, or about one directive.

use std::borrow::Cow;

use super::compile::{Checker, RuleError};
use super::facts::{self, Fact};
use super::finding::Place;
use super::schema::Condition;
use super::spanned::Spanned;
use super::times::milliseconds;
use crate::config::{DirectiveId, Name, Openness, Tree, VersionRange, is_placeholder};
use crate::websocket::{Module, Plain, State, is_for, value};

mod scope;
mod together;

pub(super) use scope::{Asked, Hit, Known, Scope};
pub(super) use together::{Conditions, Found};

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
    Fact {
        fact: &'static Fact,
        /// [`Fact::of`] in the vocabulary.
        of: Vec<Name>,
    },
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
    pub(super) fn new(checker: &Checker<'_>, whole: Spanned<Condition>) -> Result<Self, RuleError> {
        const ONE: &str = "a condition names one of `directive`, `header` and `fact`";
        let written = whole.get_ref();
        let lines = written.scope.as_ref().map_or(Ok(Lines::Effective), |word| {
            checker.one_of(word, "scope", ["own", "inherited", "effective", "lost"], |name| match name {
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
                let name = checker.one_of(word, "header of the handshake", ["Upgrade", "Connection"], |name| {
                    matches!(name, "Upgrade" | "Connection").then(|| name.to_owned())
                })?;
                Question::Handshake { name, states, plain }
            }
            (None, None, Some(word)) => {
                let names = facts::all().map(|fact| fact.name);
                let fact = checker.one_of(word, "fact", names, |name| facts::all().find(|fact| fact.name == name))?;
                Question::Fact { fact, of: fact.of.iter().filter_map(|name| Name::of(name)).collect() }
            }
            (Some(word), ..) | (None, Some(word), _) => {
                return Err(checker.at(word, ONE));
            }
            (None, None, None) => return Err(checker.at(&whole, ONE)),
        };
        let nginx = written
            .nginx
            .as_ref()
            .map(|word| {
                word.get_ref().parse().map_err(|error: crate::config::VersionError| checker.at(word, error.to_string()))
            })
            .transpose()?;
        let written = whole.into_inner();
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

    fn holds(&self, scope: Scope<'_>, open: &mut Openness) -> Option<Hit> {
        if self.nginx.is_some_and(|range| !range.concerns(scope.version)) {
            return None;
        }
        match &self.question {
            Question::Fact { fact, of } => {
                let is_other = |id| scope.tree.directive(id).name.is_none_or(|name| !of.contains(&name));
                match scope.subject {
                    Asked::Directive(id) if !of.is_empty() && is_other(id) => None,
                    _ => (fact.holds)(scope),
                }
            }
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
pub(super) fn of_module(name: &str, module: Module) -> Cow<'_, str> {
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
    words.iter().map(|word| checker.one_of(word, "state of a header", names, State::from_name)).collect()
}

fn plains(checker: &Checker<'_>, words: &[Spanned<String>]) -> Result<Vec<Plain>, RuleError> {
    let names = ["clean", "literal", "mapped", "unknown"];
    words.iter().map(|word| checker.one_of(word, "state of a header", names, Plain::from_name)).collect()
}
