//! Whether a route carries WebSockets, how sure that is, and why it is believed.

use super::headers::{State, is_for, value};
use super::known::{Known, PathSays, steered};
use super::route::{Module, Route, RouteSetting, Routes};
use super::signals::{Application, Found, Signals};
use crate::config::variables::is_builtin_variable;
use crate::config::{Context, DirectiveId, Modifier, Request, Tree};
use crate::syntax::comments_of;

/// How sure it is that a route carries WebSockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint that means other things as often.
    Possible,
    /// A name or a word that hardly means anything else.
    Likely,
    /// The configuration itself says so.
    Certain,
}

impl Confidence {
    /// As written in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// One reason for or against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How much it weighs; none when it denies.
    pub confidence: Option<Confidence>,
    /// The reason as a clause: "its path ends in `/ws`".
    pub text: String,
    /// The directive that shows it.
    pub at: Option<DirectiveId>,
}

/// What is believed of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// How sure it is; none when nothing speaks for it or something denies it.
    pub confidence: Option<Confidence>,
    /// Every reason found, the weightiest first; one that denies before all.
    pub evidence: Vec<Evidence>,
    /// Nothing but WebSockets goes over the route.
    pub only: bool,
    /// The protocol or the comments say that something is sent more often than every 60 s.
    pub pings: bool,
    /// Why it is believed to ping.
    pub pings_because: Option<String>,
    /// The handshake needs its query string.
    pub query: bool,
    /// Clients call the path without a slash at the end.
    pub slashless: bool,
    /// The path is fixed by the protocol.
    pub fixed: bool,
    /// A session is several requests, which must all reach the same server.
    pub sticky: bool,
    /// The application compares `Origin` with `Host`.
    pub origin: bool,
    /// The application also compares the scheme.
    pub origin_scheme: bool,
    /// Nothing but a sibling that upgrades speaks for it.
    pub only_sibling: bool,
    /// The protocol or application that was recognised.
    pub protocol: Option<String>,
}

impl Intent {
    /// Whether something says that the route carries no WebSockets.
    pub fn is_denied(&self) -> bool {
        self.evidence.first().is_some_and(|evidence| evidence.confidence.is_none())
    }

    fn ping_by(&mut self, who: &str, pings: bool) {
        if pings {
            self.pings = true;
            self.pings_because = Some(format!("{who} pings by itself"));
        }
    }

    /// The reason that weighs most, as a clause.
    pub fn why(&self) -> &str {
        self.evidence.first().map_or("nothing speaks for it", |evidence| &evidence.text)
    }
}

/// Judges the route of that index.
pub(super) fn of<'s>(
    tree: &Tree,
    routes: &Routes,
    index: usize,
    signals: &'s Signals,
    settings: &[RouteSetting],
    known: &mut Known<'s>,
) -> Intent {
    let route = &routes.all[index];
    let path = route.location.as_ref().map(|location| known.path(signals, location));
    let mut judge = Judge { tree, route, signals, path, endpoint: None, intent: Intent::default() };
    judge.steering(settings, known);
    judge.handshake_headers();
    judge.path();
    judge.names(routes, index, known);
    judge.comments();
    judge.condition(known);
    judge.lost_header(routes, index);
    judge.neighbours(routes, index);
    judge.denials(routes, known);
    judge.conclude()
}

struct Judge<'a, 's> {
    tree: &'a Tree,
    route: &'a Route,
    signals: &'s Signals,
    path: Option<PathSays<'s>>,
    endpoint: Option<Found<'s>>,
    intent: Intent,
}

impl<'s> Judge<'_, 's> {
    fn add(&mut self, confidence: impl Into<Option<Confidence>>, at: impl Into<Option<DirectiveId>>, text: String) {
        self.intent.evidence.push(Evidence { confidence: confidence.into(), text, at: at.into() });
    }

    /// Comments and settings by which the user has decided.
    fn steering(&mut self, settings: &[RouteSetting], known: &mut Known<'s>) {
        let blocks = [Some(self.route.block), self.route.location_block, self.route.server];
        for (depth, block) in blocks.into_iter().flatten().enumerate() {
            let steered = match self.route.server == Some(block) {
                true => known.server(self.tree, self.signals, block).steered.clone(),
                false => steered(self.tree, block),
            };
            for websocket in steered {
                if !websocket {
                    self.add(None, block, "a comment says `nginx-wslint: not-websocket`".into());
                } else if depth < 2 {
                    self.intent.only = true;
                    self.add(Confidence::Certain, block, "a comment says `nginx-wslint: websocket`".into());
                }
            }
        }
        if settings.is_empty() {
            return;
        }
        let path = self.route.location.as_ref().map(|location| location.path.as_str());
        let hosts = self.tree.hosts(&self.route.target, self.route.block);
        for setting in settings {
            let by_path = setting.path.as_deref().is_none_or(|wanted| path == Some(wanted));
            let by_host = setting.upstream.as_deref().is_none_or(|wanted| hosts.iter().any(|host| host == wanted));
            if by_path && by_host {
                let text = format!("the settings say websocket = {}", setting.websocket);
                self.add(setting.websocket.then_some(Confidence::Certain), None, text);
            }
        }
    }

    fn handshake_headers(&mut self) {
        let headers = std::sync::Arc::clone(&self.route.headers);
        if headers.upgrade.state.sends() {
            let at = headers.upgrade.lines.last().copied();
            self.add(Confidence::Certain, at, "it sends an `Upgrade` header".into());
        }
        if headers.connection.state == State::Right {
            let at = headers.connection.lines.last().copied();
            self.add(Confidence::Certain, at, "its `Connection` header asks for an upgrade".into());
        }
        if matches!(headers.connection.state, State::Undefined | State::Unseen | State::Escaped | State::BrokenMap) {
            let at = headers.connection.lines.last().copied();
            self.add(Confidence::Likely, at, "its `Connection` header is meant to ask for an upgrade".into());
        }
        if matches!(self.route.target.scheme.as_str(), "ws" | "wss") {
            let text = format!("it passes to `{}://`", self.route.target.scheme);
            self.add(Confidence::Certain, self.route.pass, text);
        }
    }

    fn path(&mut self) {
        let (Some(location), Some(path)) = (&self.route.location, self.path) else { return };
        if location.modifier != Modifier::Named
            && let Some(found) = path.endpoint
        {
            let endpoint = found.endpoint;
            let intent = &mut self.intent;
            intent.only |= found.only;
            intent.query |= endpoint.query;
            intent.slashless |= endpoint.slashless && found.last;
            intent.fixed |= endpoint.fixed;
            intent.sticky |= endpoint.sticky;
            intent.origin |= endpoint.origin;
            intent.origin_scheme |= endpoint.origin_scheme;
            intent.protocol = Some(endpoint.protocol.clone());
            intent.ping_by(&endpoint.protocol, endpoint.pings);
            let of = if endpoint.protocol == "WebSocket" {
                "a usual one for WebSockets".into()
            } else {
                format!("that of {}", endpoint.protocol)
            };
            let text = format!("its path `{}` is {of}", location.path);
            self.endpoint = Some(found);
            self.add(endpoint.confidence, self.route.location_block, text);
            return;
        }
        if let Some((word, confidence)) = path.word {
            let text = format!("its path `{}` says `{}`", location.path, word.word);
            self.add(confidence, self.route.location_block, text);
        }
    }

    fn names(&mut self, routes: &Routes, index: usize, known: &mut Known<'s>) {
        let signals = self.signals;
        let mut hosts = self.tree.hosts(&self.route.target, self.route.block);
        if self.route.target.variable {
            hosts.push(self.route.target.host().replace(['$', '{', '}'], ""));
        }
        hosts.retain(|host| !host.is_empty());
        for host in hosts {
            let (word, application) = known.host(signals, &host);
            if let Some((word, confidence)) = word {
                let text = format!("its upstream `{host}` says `{}`", word.word);
                self.add(confidence, self.route.pass, text);
            }
            if let Some(application) = application {
                self.application(routes, index, known, application, self.route.pass, &format!("upstream `{host}`"));
            }
        }
        let server = self.route.server.map(|server| known.server(self.tree, signals, server));
        for named in server.iter().flat_map(|server| &server.names) {
            if let Some(label) = named.label {
                self.add(label.confidence, named.line, format!("its server is called `{}`", named.name));
            }
            if let Some(application) = named.application {
                let what = format!("server `{}`", named.name);
                self.application(routes, index, known, application, named.line, &what);
            }
        }
        // What is spoken on a port of bytes nobody can say: MQTT brokers listen on several.
        if self.route.module == Module::Stream {
            return;
        }
        let port = match self.tree.upstream(self.route.target.host()) {
            Some(upstream) => upstream.servers.first().and_then(|&server| {
                self.tree.arg(server, 1).and_then(|address| address.rsplit_once(':')?.1.parse::<u16>().ok())
            }),
            None => self.route.target.port(),
        };
        if let Some(found) = port.and_then(|port| signals.port(port)) {
            let text = format!("port {} is that of {}", found.port, found.application);
            self.add(Confidence::Possible, self.route.pass, text);
        }
    }

    /// A name speaks of an application; that concerns the route only if the application's sockets reach it.
    fn application(
        &mut self,
        routes: &Routes,
        index: usize,
        known: &mut Known<'s>,
        application: &'s Application,
        at: DirectiveId,
        what: &str,
    ) {
        if !self.receives(routes, index, known, &application.paths) {
            return;
        }
        let intent = &mut self.intent;
        intent.sticky |= application.sticky;
        intent.origin |= application.origin;
        intent.origin_scheme |= application.origin_scheme;
        intent.ping_by(&application.name, application.pings);
        intent.protocol.get_or_insert_with(|| application.name.clone());
        self.add(application.confidence, at, format!("its {what} names {}", application.name));
    }

    /// Whether one of an application's paths leads to this route, seen from where the application begins: the shortest
    /// path in the server that leads to the same upstream.
    fn receives(&self, routes: &Routes, index: usize, known: &mut Known<'s>, paths: &[String]) -> bool {
        let (Some(server), Some(block), Some(location)) =
            (self.route.server, self.route.location_block, &self.route.location)
        else {
            return true;
        };
        if paths.is_empty() || location.modifier == Modifier::Named {
            return true;
        }
        let plain = |route: &Route| {
            let location = route.location.as_ref().filter(|location| !location.is_regex())?;
            (route.server == Some(server) && location.path.starts_with('/')).then(|| location.path.clone())
        };
        let base = std::iter::once(self.route).chain(routes.siblings(index).take(64)).filter_map(plain);
        let base = base.min_by_key(String::len).unwrap_or_else(|| "/".into());
        paths.iter().any(|path| {
            let full = format!("{}{path}", base.trim_end_matches('/'));
            let tree = self.tree;
            let selected =
                known.selected.entry((server, full)).or_insert_with_key(|(_, full)| tree.select(server, full));
            *selected == Some(block)
        })
    }

    fn comments(&mut self) {
        let directive = self.tree.directive(self.route.block);
        if directive.context == Context::Unknown {
            return;
        }
        let file = self.tree.file(directive.file);
        let comments = comments_of(&file.ast, &file.source, directive.node);
        if comments.iter().any(|(_, comment)| self.signals.says_websocket(comment)) {
            self.add(Confidence::Likely, self.route.block, "a comment on it speaks of WebSockets".into());
        }
        if comments.iter().any(|(_, comment)| self.signals.says_pings(comment)) {
            self.intent.pings = true;
            self.intent.pings_because = Some("a comment speaks of pings".into());
        }
    }

    /// A route that is reached only by requests with an `Upgrade`.
    fn condition(&mut self, known: &mut Known<'s>) {
        if self.tree.is(self.route.block, "if") && tests_upgrade(self.tree, self.route.block) {
            self.intent.only = true;
            self.add(Confidence::Certain, self.route.block, "it is chosen by a test of `$http_upgrade`".into());
        }
        let named = self.route.location.as_ref().filter(|location| location.modifier == Modifier::Named);
        let (Some(named), Some(server)) = (named, self.route.server) else { return };
        if known.server(self.tree, self.signals, server).jumps_on_upgrade(self.tree, &named.path) {
            self.intent.only = true;
            let text = format!("`{}` is reached by a test of `$http_upgrade`", named.path);
            self.add(Confidence::Certain, self.route.location_block, text);
        }
    }

    /// An ancestor sends `Upgrade` and this block discards it without meaning to.
    fn lost_header(&mut self, routes: &Routes, index: usize) {
        if self.route.module != Module::Proxy || self.is_subrequest_target(routes) {
            return;
        }
        let Some(lost) = self.tree.lost(self.route.block, "proxy_set_header") else { return };
        let sends = |line: &&DirectiveId| is_for(self.tree, **line, "Upgrade") && !value(self.tree, **line).is_empty();
        let keeps_connection_clear = self.route.headers.connection.state == State::Empty;
        let Some(&line) = lost.lines.iter().find(sends).filter(|_| !keeps_connection_clear) else { return };
        // The headers are meant for this upstream if another route sends them there, or for this route if nobody else
        // takes them. Otherwise the block may well be one that was never meant.
        let shared = routes.siblings(index).take(64).any(|other| other.headers.upgrade.state.sends());
        let meant = shared || !routes.header_origins.contains(&lost.origin);
        let confidence = if meant { Confidence::Likely } else { Confidence::Possible };
        self.add(confidence, line, "the block around it sends an `Upgrade` header".into());
    }

    fn neighbours(&mut self, routes: &Routes, index: usize) {
        let upgrades = |other: &&Route| {
            other.server == self.route.server && other.headers.upgrade.state.sends() && other.module == Module::Proxy
        };
        // What nginx Plus asks for `health_check` no client asks for.
        let asked = self.tree.own(self.route.block, "health_check").is_empty();
        if asked && self.intent.evidence.is_empty() && self.route.module == Module::Proxy {
            // Siblings are many where one upstream serves a whole site; the first that upgrades is enough.
            if let Some(other) = routes.siblings(index).take(64).find(upgrades) {
                let text = format!("`location {}` to the same upstream upgrades", other.label(self.tree));
                self.add(Confidence::Possible, other.pass, text);
                self.intent.only_sibling = true;
            }
        }
    }

    fn is_subrequest_target(&self, routes: &Routes) -> bool {
        self.route.location_block.is_some_and(|block| routes.subrequest_targets.contains(&block))
    }

    fn denials(&mut self, routes: &Routes, known: &mut Known<'s>) {
        if self.is_subrequest_target(routes) {
            self.add(None, self.route.location_block, "it answers subrequests of `auth_request` or `mirror`".into());
        }
        if matches!(self.route.module, Module::Grpc | Module::Fastcgi) && !self.has(Confidence::Likely) {
            let text = format!("`{}_pass` cannot carry them", self.route.module.prefix());
            self.add(None, self.route.pass, text);
        }
        let upgrade = &self.route.headers.upgrade;
        if upgrade.state == State::Empty && !self.has(Confidence::Certain) {
            self.add(None, upgrade.lines.last().copied(), "it clears the `Upgrade` header".into());
        }
        if self.has(Confidence::Certain) {
            // Headers of the blocks around it are not meant for each location that inherits them: `/assets` stays one of files.
            if self.endpoint.is_none() && self.is_certain_by_inheritance() {
                self.denied_path();
            }
            return;
        }
        let named_by_path = self.endpoint.is_some();
        if !named_by_path {
            self.denied_path();
            let unbuffered = self.tree.effective(self.route.block, "proxy_buffering").is_some_and(|effective| {
                self.tree.arg(effective.line(), 1).is_some_and(|value| value.eq_ignore_ascii_case("off"))
            });
            if unbuffered && self.route.headers.connection.state == State::Empty {
                let at = self.route.headers.connection.lines.last().copied();
                self.add(None, at, "it is set up for server-sent events: unbuffered, and `Connection` cleared".into());
            }
        }
        if !named_by_path || self.endpoint.as_ref().is_some_and(|found| found.endpoint.ambiguous) {
            self.other_services(known);
        }
    }

    fn denied_path(&mut self) {
        if let Some(deny) = self.path.and_then(|path| path.denied) {
            self.add(None, self.route.location_block, format!("its path is that of {}", deny.reason));
        }
    }

    /// Whether nothing but header lines of the blocks around it makes it certain.
    fn is_certain_by_inheritance(&self) -> bool {
        let inherited = |line: DirectiveId| {
            self.tree.is(line, "proxy_set_header") && self.tree.directive(line).parent != self.route.block
        };
        let mut certain =
            self.intent.evidence.iter().filter(|evidence| evidence.confidence >= Some(Confidence::Certain));
        certain.all(|evidence| evidence.at.is_some_and(inherited))
    }

    /// Headers, comments and neighbours which say that a `/ws` stands for web services, or a path for something else.
    fn other_services(&mut self, known: &mut Known<'s>) {
        let signals = self.signals;
        let lines =
            self.tree.effective(self.route.block, "proxy_set_header").map_or(&[][..], |effective| effective.lines);
        for &line in lines {
            let header = self.tree.arg(line, 1).unwrap_or_default();
            if let Some(deny) = signals.denied_header(&header) {
                self.add(None, line, format!("it sets `{header}`, as for {}", deny.reason));
            }
        }
        let directive = self.tree.directive(self.route.block);
        let file = self.tree.file(directive.file);
        let comments = comments_of(&file.ast, &file.source, directive.node);
        if let Some(deny) = comments.iter().find_map(|(_, comment)| signals.denied_comment(comment)) {
            self.add(None, self.route.block, format!("a comment on it speaks of {}", deny.reason));
        }
        let Some(server) = self.route.server else { return };
        let tree = self.tree;
        let beside = match known.web_services.get(&server) {
            Some(&known) => known,
            None => {
                let mut locations = tree.locations(server).filter_map(|block| tree.location(block));
                let found = locations.find_map(|location| known.path(signals, &location).denied_beside);
                known.web_services.insert(server, found);
                found
            }
        };
        if let Some(deny) = beside.filter(|_| self.endpoint.is_some()) {
            self.add(None, server, format!("locations beside it are those of {}", deny.reason));
        }
    }

    fn has(&self, confidence: Confidence) -> bool {
        self.intent.evidence.iter().any(|evidence| evidence.confidence >= Some(confidence))
    }

    fn conclude(self) -> Intent {
        let mut intent = self.intent;
        // A user's own word outweighs what denies by itself.
        let decided = intent.evidence.first().is_some_and(|first| first.text.contains("say"));
        if !decided {
            intent.evidence.sort_by_key(|evidence| std::cmp::Reverse(evidence.confidence.map_or(9, |c| c as u8)));
        }
        intent.confidence = intent.evidence.first().and_then(|evidence| evidence.confidence);
        intent
    }
}

/// Whether an `if` lets only requests through that ask for an upgrade.
pub(super) fn tests_upgrade(tree: &Tree, block: DirectiveId) -> bool {
    let words: Vec<String> = tree.args(block).map(|word| word.trim_matches(['(', ')', ' ']).to_owned()).collect();
    let mut words = words.iter().filter(|word| !word.is_empty()).map(String::as_str);
    let subject = words.next().unwrap_or_default();
    if !subject.eq_ignore_ascii_case("$http_upgrade") && !subject.eq_ignore_ascii_case("${http_upgrade}") {
        // A variable of a map that is set for a handshake and empty for a plain request is as good a test.
        let Some(variable) = subject.strip_prefix('$') else { return false };
        if words.next().is_some() || is_builtin_variable(&variable.to_ascii_lowercase()) {
            return false;
        }
        let is_set = |request| {
            let values = tree.evaluate(subject, request, block);
            (!values.open && values.undefined.is_none()).then(|| values.any(|text| !text.is_empty() && text != "0"))
        };
        return is_set(Request::Handshake) == Some(true) && is_set(Request::Plain) == Some(false);
    }
    match words.next() {
        None | Some("~" | "~*") => true,
        Some("=") => words.next().is_some_and(|text| !text.is_empty()),
        Some("!=") => words.next().is_none_or(|text| text.is_empty() || text == "\"\""),
        _ => false,
    }
}
