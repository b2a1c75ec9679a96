//! Applies rules to a tree.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::condition::{Asked, Found, Scope};
use super::doubts::Doubts;
use super::finding::{Finding, HeaderValue, Op, Place, Plan, Safety, WordPart};
use super::ignores::Ignores;
use super::rule::{FixRule, Part, Rule, Step, Subject};
use super::rule_set::RuleSet;
use crate::config::{Context, DirectiveId, Name, Openness, ROOT, Tree, Version};
use crate::parallel;
use crate::syntax::Span;
use crate::websocket::{Confidence, Route, Routes, is_for, value as header_value};

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
    let concerns = |rule: &Rule| rule.nginx.is_none_or(|range| range.concerns(options.version));
    let concerned = rules.iter().filter(|rule| concerns(rule));
    let (for_routes, for_directives): (Vec<&Rule>, Vec<&Rule>) =
        concerned.partition(|rule| rule.subject == Subject::Route);
    findings.extend(parallel::in_ranges(routes.all.len(), LEAST, |range| {
        let of_route = |index: usize| {
            let route = &routes.all[index];
            let concerned = for_routes.iter().filter(|rule| {
                rule.websocket.is_none_or(|least| route.intent.confidence >= Some(least))
                    && rule.modules.contains(&route.module)
            });
            concerned.flat_map(move |rule| apply(rule, tree, routes, options, Asked::Route(index)))
        };
        range.flat_map(of_route).collect()
    }));
    let mut by_name: BTreeMap<Name, Vec<&Rule>> = BTreeMap::new();
    for &rule in &for_directives {
        for name in rule.directives.iter().filter_map(|name| Name::of(name)) {
            by_name.entry(name).or_default().push(rule);
        }
    }
    let asked = tree.all_of(&by_name.keys().map(|name| name.text()).collect::<Vec<&str>>());
    findings.extend(parallel::in_ranges(asked.len(), LEAST, |range| {
        let of_directive = |&id: &DirectiveId| {
            let rules = tree.directive(id).name.and_then(|name| by_name.get(&name)).map_or(&[][..], Vec::as_slice);
            rules.iter().flat_map(move |rule| apply(rule, tree, routes, options, Asked::Directive(id)))
        };
        asked[range].iter().flat_map(of_directive).collect()
    }));
    let mut ignores = Ignores::read(tree, routes, rules, &concerns);
    let mut silenced = ignores.silence(tree, &mut findings);
    let watching = rules.iter().filter(|rule| rule.watches_comments());
    let watch = |rule: &'r Rule| {
        let asked = ignores.comments().iter().map(Asked::Comment);
        asked.flat_map(|asked| apply(rule, tree, routes, options, asked)).collect::<Vec<_>>()
    };
    let mut watched: Vec<Finding<'r>> = watching.flat_map(watch).collect();
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

/// What a rule has to say of one subject: nothing, one thing, or one for each directive that it found.
fn apply<'r>(rule: &'r Rule, tree: &Tree, routes: &Routes, options: &Options, asked: Asked<'_>) -> Vec<Finding<'r>> {
    let scope = Scope { tree, routes, version: options.version, subject: asked, only: None };
    if !rule.report.each {
        return apply_once(rule, scope, options).into_iter().collect();
    }
    let mut found = Found::default();
    let holds = rule.when.hold(scope, &mut found);
    let places = found.get(&rule.report.at).filter(|_| holds).map_or(&[][..], |hit| &hit.places);
    let each = |place: &Place| apply_once(rule, Scope { only: Some(place.directive), ..scope }, options);
    places.iter().filter_map(each).collect()
}

fn apply_once<'r>(rule: &'r Rule, scope: Scope<'_>, options: &Options) -> Option<Finding<'r>> {
    let asked = scope.subject;
    let mut found = Found::default();
    if !rule.when.hold(scope, &mut found) {
        return None;
    }
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
    let fix = rule.fixes.iter().find_map(|fix| plan(fix, &writer));
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

fn plan(fix: &FixRule, writer: &Writer<'_>) -> Option<Plan> {
    let mut found = writer.found.clone();
    if !fix.when.hold(writer.scope, &mut found) {
        return None;
    }
    let writer = Writer { found: &found, ..*writer };
    let ops = fix.steps.iter().map(|step| writer.ops(step)).collect::<Option<Vec<Vec<Op>>>>()?.concat();
    let mut changes: Vec<String> = fix.changes.iter().map(|name| writer.fill(name)).collect();
    for op in &ops {
        if let Op::Headers { lines, .. } = op {
            changes.extend(lines.iter().map(|(name, _)| format!("proxy_set_header {name}")));
        }
    }
    Some(Plan {
        safety: fix.safety,
        title: writer.fill(&fix.title),
        withheld: None,
        ops,
        changes,
        holds_in_open_world: fix.open_world,
        reveals: fix.reveals.clone(),
    })
}

/// Fills the words of a rule in.
#[derive(Clone, Copy)]
struct Writer<'a> {
    scope: Scope<'a>,
    found: &'a Found,
    options: &'a Options,
    rule: &'a Rule,
}

impl Writer<'_> {
    fn place(&self, name: &str, part: Part) -> Option<Place> {
        let tree = self.scope.tree;
        let mut place = match (name, self.scope.subject, self.scope.route()) {
            ("subject", Asked::Directive(id), _) => Place::head(id),
            ("subject", Asked::Comment(comment), _) => comment.place(),
            ("pass", _, Some(route)) => Place::head(route.pass),
            ("block", _, Some(route)) => Place::head(route.location_block.unwrap_or(route.block)),
            ("server", _, Some(route)) => Place::head(route.server?),
            _ => match name.strip_suffix(".second") {
                Some(name) => *self.found.get(name)?.places.get(1)?,
                None => *self.found.get(name)?.places.first()?,
            },
        };
        match part {
            Part::Head => {}
            Part::Name => place.part = WordPart::Word(1),
            Part::Value if place.part == WordPart::Head => place.part = WordPart::Value,
            Part::Value => {}
        }
        (tree.directive(place.directive).parent != place.directive || place.directive != ROOT).then_some(place)
    }

    fn ops(&self, step: &Step) -> Option<Vec<Op>> {
        match step {
            Step::Remove { at, every: true } => {
                Some(self.found.get(at)?.places.iter().map(|&place| removal(place)).collect())
            }
            Step::Replace { at, with, every: true, .. } => {
                let replaced = |&place: &Place| {
                    let found = self.found.with_one(at, place);
                    Op::Replace { place, text: Writer { found: &found, ..*self }.fill(with) }
                };
                Some(self.found.get(at)?.places.iter().map(replaced).collect())
            }
            _ => self.op(step).map(|op| vec![op]),
        }
    }

    fn op(&self, step: &Step) -> Option<Op> {
        Some(match step {
            Step::Headers(lines) => {
                let block = self.settings_block()?;
                Op::Headers { block, lines: lines.iter().flat_map(|line| self.header_lines(block, line)).collect() }
            }
            Step::Set { directive, value, block } => {
                let block = match block.as_deref() {
                    None => self.settings_block()?,
                    Some("main") => ROOT,
                    Some(name) => self.place(name, Part::Head)?.directive,
                };
                Op::Set { block, directive: self.module(directive), value: self.fill(value) }
            }
            Step::Replace { at, part, with, .. } => {
                Op::Replace { place: self.place(at, *part)?, text: self.fill(with) }
            }
            Step::Remove { at, .. } => removal(self.place(at, Part::Head)?),
            Step::Hoist(at) => Op::Hoist(self.place(at, Part::Head)?.directive),
            Step::Define(at) => Op::Define(self.place(at, Part::Head)?.directive),
        })
    }

    /// The lines that a written header stands for: `*` for all that are lost in the block.
    fn header_lines(&self, block: DirectiveId, (name, value): &(String, HeaderValue)) -> Vec<(String, HeaderValue)> {
        let tree = self.scope.tree;
        if name != "*" {
            let value = match value {
                HeaderValue::Text(text) => HeaderValue::Text(self.fill(text)),
                other => other.clone(),
            };
            return vec![(name.clone(), value)];
        }
        let own = tree.own(block, "proxy_set_header");
        let lost = tree.lost(block, "proxy_set_header").map_or(&[][..], |lost| lost.lines);
        // A line that clears what the client sends, such as a cookie, is not repeated: a handshake may need it.
        let names =
            lost.iter().filter(|&&line| !header_value(tree, line).is_empty()).filter_map(|&line| tree.arg(line, 1));
        names
            .filter(|name| !own.iter().any(|&line| is_for(tree, line, name)))
            .map(|name| (name.into_owned(), HeaderValue::Inherited))
            .collect()
    }

    /// The block whose lines the route takes: the location, also for an `if` in it, which accepts no such lines
    /// (NGINX facts part E).
    fn settings_block(&self) -> Option<DirectiveId> {
        let route = self.scope.route()?;
        let inside = self.scope.tree.is(route.block, "if") || self.scope.tree.is(route.block, "limit_except");
        if inside { route.location_block } else { Some(route.block) }
    }

    fn module(&self, text: &str) -> String {
        text.replace("{module}", self.scope.route().map_or("proxy", |route| route.module.prefix()))
    }

    /// Replaces `{location}`, `{upstream}`, `{why}`, … and `{name}`, `{name.text}`, `{name.line}`, `{name.list}`.
    fn fill(&self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, after)) = behind.split_once('}') else {
                out.push('{');
                rest = behind;
                continue;
            };
            out.push_str(&self.word(name));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn word(&self, name: &str) -> String {
        let tree = self.scope.tree;
        let route = self.scope.route();
        let of_route = |text: fn(&Tree, &Route) -> String| route.map(|route| text(tree, route)).unwrap_or_default();
        match name {
            "location" => of_route(|tree, route| match route.location_block {
                Some(_) => format!("location {}", route.label(tree)),
                None => route.label(tree),
            }),
            "upstream" => of_route(|tree, route| tree.arg(route.pass, 1).unwrap_or_default().into_owned()),
            "server" => of_route(|tree, route| {
                let name = route.server.and_then(|server| tree.arg(*tree.own(server, "server_name").first()?, 1));
                name.unwrap_or_default().into_owned()
            }),
            "why" => of_route(|_, route| route.intent.why().to_owned()),
            "pings" => of_route(|_, route| route.intent.pings_because.clone().unwrap_or_default()),
            "module" => self.module("{module}"),
            "read-timeout" => self.options.read_timeout.clone().unwrap_or_else(|| DEFAULT_READ_TIMEOUT.into()),
            "only" => String::new(),
            // Who names the version knows which it is.
            "on-versions" => match self.rule.nginx.filter(|_| self.options.version.is_none()) {
                Some(range) => format!(" on nginx {range}"),
                None => String::new(),
            },
            _ => self.found_word(name),
        }
    }

    fn found_word(&self, name: &str) -> String {
        let tree = self.scope.tree;
        let (name, detail) = name.split_once('.').unwrap_or((name, "value"));
        let Some(hit) = self.found.get(name) else { return String::new() };
        let first = hit.places.first().copied();
        match (detail, first) {
            ("list", _) => {
                let mut words = hit.words.clone();
                words.dedup();
                words.join(", ")
            }
            ("word", _) => hit.words.first().cloned().unwrap_or_default(),
            ("second", _) => hit.words.get(1).cloned().unwrap_or_default(),
            ("text", Some(place)) => {
                let source = tree.source(place.directive);
                let words = tree.words(place.directive).iter().map(|word| source.slice(word.span));
                words.collect::<Vec<_>>().join(" ")
            }
            ("line", Some(place)) => {
                let (file, span) = place.locate(tree);
                tree.file(file).source.line(span.start).to_string()
            }
            ("unescaped", Some(place)) => {
                let (_, span) = place.locate(tree);
                unescaped(tree.source(place.directive).slice(span))
            }
            ("http", Some(place)) => {
                let (_, span) = place.locate(tree);
                with_http_scheme(tree.source(place.directive).slice(span))
            }
            ("bare", Some(place)) => {
                let (_, span) = place.locate(tree);
                let word = tree.source(place.directive).slice(span);
                let word = word.split_once("://").map_or(word, |(_, address)| address);
                word.trim_end_matches('/').trim_end_matches(':').to_owned()
            }
            ("name", Some(place)) => tree.name(place.directive).into_owned(),
            ("plain", Some(place)) => {
                let WordPart::Word(index) = place.part else { return String::new() };
                tree.arg(place.directive, index).unwrap_or_default().into_owned()
            }
            ("setting", Some(place)) => setting(tree, place.directive),
            (_, Some(place)) => {
                let part = if place.part == WordPart::Head { WordPart::Value } else { place.part };
                let (_, span) = Place { part, ..place }.locate(tree);
                tree.source(place.directive).slice(span).to_owned()
            }
            (_, None) => String::new(),
        }
    }
}

/// What a line sets, as the proof calls it: the directive, with the header's name for lists of headers, or the map around
/// an entry.
fn setting(tree: &Tree, line: DirectiveId) -> String {
    let name = tree.name(line);
    let parent = tree.directive(line).parent;
    let lists = ["_set_header", "_hide_header", "_param"].iter().any(|end| name.ends_with(end)) || name == "add_header";
    match tree.directive(line).context {
        Context::Entries => tree.name(parent).into_owned(),
        _ if lists => format!("{name} {}", tree.arg(line, 1).unwrap_or_default()),
        _ => name.into_owned(),
    }
}

/// What takes a place away.
fn removal(place: Place) -> Op {
    match place.part {
        WordPart::Text(_) => Op::Uncomment(place),
        _ => Op::Remove(place.directive),
    }
}

/// An address with `http` for `ws` and `https` for `wss`.
fn with_http_scheme(address: &str) -> String {
    let (quote, rest) = address.split_at(usize::from(address.starts_with(['"', '\''])));
    let scheme = rest.split("://").next().unwrap_or_default();
    let http = if scheme.eq_ignore_ascii_case("wss") { "https" } else { "http" };
    format!("{quote}{http}{}", &rest[scheme.len()..])
}

/// A word without what a shell or a web page left in it.
fn unescaped(word: &str) -> String {
    let plain = word.replace("\\$", "$").replace("\\\"", "\"").replace("\\`", "`");
    if plain.len() >= 2 && plain.starts_with('`') && plain.ends_with('`') {
        return format!("'{}'", &plain[1..plain.len() - 1]);
    }
    // A quote that was escaped is the quote that was meant.
    let quoted_twice = plain.len() >= 4 && plain.starts_with("\"\"") && plain.ends_with("\"\"");
    if quoted_twice { plain[1..plain.len() - 1].to_owned() } else { plain }
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
