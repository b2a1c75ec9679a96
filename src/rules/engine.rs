//! Applies rules to a tree.

use std::collections::VecDeque;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::condition::{Asked, Found, Known, Scope};
use super::doubts::Doubts;
use super::finding::{Finding, Op, Place, Plan, Safety};
use super::ignores::Ignores;
use super::rule::{Part, Rule, Subject};
use super::rule_set::RuleSet;
use super::writer::Writer;
use crate::config::{DirectiveId, Name, Openness, Tree, Version};
use crate::parallel;
use crate::syntax::Span;
use crate::websocket::{Confidence, Routes};

/// What timeouts are set to where the settings say nothing else.
pub const DEFAULT_READ_TIMEOUT: &str = "1h";

/// What a check needs to know besides the configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The nginx that the configuration is for.
    pub version: Option<Version>,
    /// The time that fixes write for a read timeout; `1h` when empty.
    pub read_timeout: Option<String>,
}

/// Fewer routes or directives than this are asked by one thread.
const LEAST: usize = 64;

/// What the rules found, sorted by place. Findings that no user asked for (info, possible) are among them.
#[derive(Debug, Default)]
pub struct Checked<'r> {
    /// What is to be told.
    pub findings: Vec<Finding<'r>>,
    /// What comments silence.
    pub silenced: Vec<Finding<'r>>,
}

/// Applies all rules, those that watch comments last.
pub fn check<'r>(tree: &Tree, routes: &Routes, rules: &'r RuleSet, options: &Options) -> Checked<'r> {
    let mut findings = Vec::new();
    let version = options.version;
    let concerns = |rule: &Rule| rule.nginx.is_none_or(|range| range.concerns(options.version));
    let concerned = rules.iter().filter(|rule| concerns(rule));
    let (for_routes, for_directives): (Vec<&Rule>, Vec<&Rule>) =
        concerned.partition(|rule| rule.subject == Subject::Route);
    findings.extend(parallel::in_ranges(routes.all.len(), LEAST, |range| {
        let mut found = Vec::new();
        for index in range {
            let route = &routes.all[index];
            let concerned = for_routes.iter().filter(|rule| {
                rule.websocket.is_none_or(|least| route.intent.confidence >= Some(least))
                    && rule.modules.contains(&route.module)
            });
            let known = Known::default();
            let scope = Scope::new(tree, routes, version, Asked::Route(index), &known);
            concerned.for_each(|rule| apply(rule, scope, options, &mut found));
        }
        found
    }));
    let mut by_name: Vec<Vec<&Rule>> = vec![Vec::new(); Name::all().len()];
    for &rule in &for_directives {
        for name in rule.directives.iter().filter_map(|name| Name::of(name)) {
            by_name[name.index()].push(rule);
        }
    }
    findings.extend(parallel::in_ranges(tree.len(), LEAST, |range| {
        let mut found = Vec::new();
        for id in range.map(|id| DirectiveId(id as u32)) {
            let rules = tree.directive(id).name.map_or(&[][..], |name| &by_name[name.index()]);
            let known = Known::default();
            let scope = Scope::new(tree, routes, version, Asked::Directive(id), &known);
            rules.iter().for_each(|rule| apply(rule, scope, options, &mut found));
        }
        found
    }));
    let mut ignores = Ignores::read(tree, routes, rules, &concerns);
    let mut silenced = ignores.silence(tree, &mut findings);
    let mut watched: Vec<Finding<'r>> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.watches_comments()) {
        for comment in ignores.comments() {
            let known = Known::default();
            let scope = Scope::new(tree, routes, version, Asked::Comment(comment), &known);
            apply(rule, scope, options, &mut watched);
        }
    }
    silenced.extend(ignores.silence(tree, &mut watched));
    findings.extend(watched);
    let doubts = Doubts::new(tree);
    let certain = |found: Vec<Finding<'r>>| {
        let mut found = merged(tree, found);
        found.retain(|finding| !doubts.concern(tree, finding));
        found
    };
    Checked { findings: certain(findings), silenced: certain(silenced) }
}

/// One finding for each rule and place: a line that several routes inherit is one mistake.
fn merged<'r>(tree: &Tree, findings: Vec<Finding<'r>>) -> Vec<Finding<'r>> {
    let mut seen: HashMap<(&str, u32, Span), usize> = HashMap::new();
    let mut kept: Vec<Finding<'r>> = Vec::with_capacity(findings.len());
    // The plans of what is said of several routes, the one of the finding that is kept first.
    let mut plans: HashMap<usize, VecDeque<Option<Plan>>> = HashMap::new();
    for finding in findings {
        let (file, span) = finding.place.locate(tree);
        match seen.get(&(finding.rule.id.as_str(), file.0, span)) {
            Some(&index) => {
                let known = &mut kept[index];
                let mut other = finding;
                let plans = plans.entry(index).or_insert_with(|| VecDeque::from([known.fix.take()]));
                if (other.severity, other.confidence) > (known.severity, known.confidence) {
                    plans.push_front(other.fix.take());
                    std::mem::swap(known, &mut other);
                } else {
                    plans.push_back(other.fix.take());
                }
                let more: Vec<usize> = other.routes().filter(|route| Some(*route) != known.route).collect();
                known.more_routes.extend(more);
            }
            None => {
                seen.insert((finding.rule.id.as_str(), file.0, span), kept.len());
                kept.push(finding);
            }
        }
    }
    for (index, plans) in plans {
        kept[index].fix = Plan::joined(plans);
    }
    kept.sort_by_cached_key(|finding| {
        let (file, span) = finding.place.locate(tree);
        (file, span, std::cmp::Reverse(finding.severity))
    });
    kept
}

/// Adds what a rule has to say of one subject: nothing, one thing, or one for each directive that it found.
fn apply<'r>(rule: &'r Rule, scope: Scope<'_>, options: &Options, findings: &mut Vec<Finding<'r>>) {
    let mut found = Found::default();
    if !rule.when.hold(scope, &mut found) {
        return;
    }
    if !rule.report.each {
        return findings.extend(told(rule, scope, &found, options));
    }
    let places = found.get(&rule.report.at).map_or(&[][..], |hit| &hit.places);
    let each = |place: &Place| {
        let scope = Scope { only: Some(place.directive), ..scope };
        let mut found = Found::default();
        if rule.when.hold(scope, &mut found) { told(rule, scope, &found, options) } else { None }
    };
    findings.extend(places.iter().filter_map(each));
}

/// What a rule says where its conditions hold, for what they found.
fn told<'r>(rule: &'r Rule, scope: Scope<'_>, found: &Found, options: &Options) -> Option<Finding<'r>> {
    let asked = scope.subject;
    let route = scope.route();
    let mut severity = rule.severity;
    let mut message = rule.report.message.as_str();
    let mut confidence = route.and_then(|route| route.intent.confidence).unwrap_or(Confidence::Certain);
    confidence = match found.open {
        Openness::Closed => confidence,
        Openness::Far => confidence.min(Confidence::Likely),
        Openness::Near => Confidence::Possible,
    };
    let mut also_found = found.clone();
    for variant in &rule.variants {
        let mut attempt = found.clone();
        if variant.when.hold(scope, &mut attempt) {
            severity = variant.severity.unwrap_or(severity);
            confidence = variant.confidence.unwrap_or(confidence);
            message = variant.message.as_deref().unwrap_or(message);
            also_found = attempt;
            break;
        }
    }
    let open = found.open > Openness::Closed;
    let found = also_found;
    let writer = Writer { scope, found: &found, options, rule };
    let place = writer.place(&rule.report.at, rule.report.part)?;
    let related = rule
        .report
        .related
        .iter()
        .filter_map(|(at, message)| Some((writer.place(at, Part::Head)?, writer.fill(message))))
        .collect();
    let fix = rule.fixes.iter().find_map(|fix| writer.plan(fix));
    Some(Finding {
        rule,
        severity,
        confidence,
        message: writer.fill(message),
        place,
        related,
        route: match asked {
            Asked::Route(index) => Some(index),
            Asked::Directive(_) | Asked::Comment(_) => None,
        },
        more_routes: Vec::new(),
        open,
        fix,
    })
}

impl Plan {
    /// The plans for one place that several routes share, as one: it is as safe as the least safe of them.
    fn joined(plans: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let mut plans = plans.into_iter();
        let mut one = plans.next()??;
        let mut known: HashSet<Op> = one.ops.iter().cloned().collect();
        for other in plans {
            let other = other?;
            one.safety = one.safety.max(other.safety);
            one.ops.extend(other.ops.into_iter().filter(|op| known.insert(op.clone())));
            one.changes
                .extend(other.changes.into_iter().filter(|change| !one.changes.contains(change)).collect::<Vec<_>>());
        }
        one.changes.sort();
        one.changes.dedup();
        Some(one)
    }

    /// Makes the plan less safe than its rule says, and says why.
    pub fn withhold(&mut self, why: impl Into<String>) {
        if self.safety == Safety::Safe {
            self.safety = Safety::Unsafe;
        }
        self.withheld.get_or_insert_with(|| why.into());
    }
}
