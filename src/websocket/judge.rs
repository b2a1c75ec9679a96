//! Judges routes: gathers every reason, and weighs them.

use super::confidence::Confidence;
use super::guards::guard;
use super::headers::{State, is_for, value};
use super::intent::{Evidence, Intent};
use super::known::{Known, PathSays};
use super::route::{Module, Route, RouteSetting, Routes};
use super::signals::{Found, Signals};
use super::upgrade_test::tests_upgrade;
use crate::config::{Context, DirectiveId, Modifier, Request, Tree};
use crate::syntax::comments_of;

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
    let mut judge = Judge { tree, route, signals, path, endpoint: None, decided: false, intent: Intent::default() };
    judge.steering(settings, known);
    judge.decided = !judge.intent.evidence.is_empty();
    judge.handshake_headers();
    judge.path(routes, index);
    judge.arrivals(routes);
    judge.names(routes, index, known);
    judge.comments(routes);
    judge.condition();
    judge.lost_header(routes, index);
    judge.neighbours(routes, index);
    judge.twin(routes, index);
    judge.denials(routes, known);
    judge.conclude()
}

/// What is gathered for one route.
pub(super) struct Judge<'a, 's> {
    pub(super) tree: &'a Tree,
    pub(super) route: &'a Route,
    pub(super) signals: &'s Signals,
    pub(super) path: Option<PathSays<'s>>,
    pub(super) endpoint: Option<Found<'s>>,
    /// The user has decided, by a comment or in the settings.
    decided: bool,
    pub(super) intent: Intent,
}

impl<'s> Judge<'_, 's> {
    /// Takes a reason down.
    pub(super) fn add(
        &mut self,
        confidence: impl Into<Option<Confidence>>,
        at: impl Into<Option<DirectiveId>>,
        text: String,
    ) {
        self.intent.evidence.push(Evidence { confidence: confidence.into(), text, at: at.into() });
    }

    /// Comments and settings by which the user has decided.
    fn steering(&mut self, settings: &[RouteSetting], known: &mut Known<'s>) {
        let blocks = [Some(self.route.block), self.route.location_block, self.route.server];
        for (depth, block) in blocks.into_iter().flatten().enumerate() {
            let steered = match self.route.server == Some(block) {
                true => known.server(self.tree, self.signals, block).steered.clone(),
                false => known.steered(self.tree, block),
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
        let passes = self.tree.own(self.route.block, "proxy_pass_header").iter().copied();
        let meant = passes.filter(|&line| ["Upgrade", "Connection"].iter().any(|name| is_for(self.tree, line, name)));
        if let Some(line) = meant.last() {
            let text = format!("`proxy_pass_header {}` is meant for them", self.tree.arg(line, 1).unwrap_or_default());
            self.add(Confidence::Likely, line, text);
        }
        self.address();
        if matches!(self.route.target.scheme.as_str(), "ws" | "wss") {
            let text = format!("it passes to `{}://`", self.route.target.scheme);
            self.add(Confidence::Certain, self.route.pass, text);
        }
    }

    /// An address that is another one for handshakes than for plain requests: a map of `$http_upgrade` chooses it.
    fn address(&mut self) {
        if !self.route.target.variable || self.route.module != Module::Proxy {
            return;
        }
        let Some(address) = self.tree.arg(self.route.pass, 1) else { return };
        let of = |request| {
            let values = self.tree.evaluate(&address, request, self.route.block);
            values.known.first().filter(|only| values.is_exactly(only)).cloned()
        };
        let (handshake, plain) = (of(Request::Handshake), of(Request::Plain));
        if handshake.is_some() && plain.is_some() && handshake != plain {
            self.add(Confidence::Certain, self.route.pass, "its address is another one for handshakes".into());
        }
    }

    fn path(&mut self, routes: &Routes, index: usize) {
        let (Some(location), Some(path)) = (&self.route.location, self.path) else { return };
        self.intent.only |= path.ends_with_word && (path.endpoint.is_some() || path.word.is_some());
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
            // What stands apart below the endpoint, and does not upgrade as that does, serves something else as a rule.
            let of_endpoint = |other: &Route| {
                let same = other.server == self.route.server && other.headers.upgrade.state.sends();
                same && other.location.as_ref().is_some_and(|other| other.path.contains(&*endpoint.path))
            };
            let beside = || routes.siblings(index).take(64).any(of_endpoint);
            let apart = !found.last && (self.shorter_upgrades(routes).is_some() || beside());
            let most = if apart { Confidence::Possible } else { Confidence::Certain };
            self.add(endpoint.confidence.min(most), self.route.location_block, text);
            return;
        }
        if let Some((word, confidence)) = path.word {
            let text = format!("its path `{}` says `{}`", location.path, word.word);
            self.add(confidence, self.route.location_block, text);
        }
    }

    /// Whether another location of the server upgrades: one that does itself is certain anyway.
    pub(super) fn upgrades_beside(&self, routes: &Routes) -> bool {
        self.route.server.is_some_and(|server| routes.upgrading.contains(&server))
    }

    fn comments(&mut self, routes: &Routes) {
        let directive = self.tree.directive(self.route.block);
        if directive.context == Context::Unknown {
            return;
        }
        let file = self.tree.file(directive.file);
        let comments = comments_of(&file.ast, &file.source, directive.node);
        if comments.iter().any(|(_, comment)| self.signals.says_websocket(comment)) {
            // Where another location upgrades, the comment may well be about that one; above lines that were commented out
            // it is their heading.
            let disabled = comments.iter().any(|(_, comment)| is_disabled_upgrade(comment));
            let doubtful = disabled || self.upgrades_beside(routes);
            let confidence = if doubtful { Confidence::Possible } else { Confidence::Likely };
            self.add(confidence, self.route.block, "a comment on it speaks of WebSockets".into());
        }
        if comments.iter().any(|(_, comment)| self.signals.says_pings(comment)) {
            self.intent.pings = true;
            self.intent.pings_because = Some("a comment speaks of pings".into());
        }
    }

    /// A route that is reached only by requests with an `Upgrade`.
    fn condition(&mut self) {
        if self.tree.is(self.route.block, "if") && tests_upgrade(self.tree, self.route.block) {
            self.intent.only = true;
            self.intent.handshakes_alone = true;
            self.add(Confidence::Certain, self.route.block, "it is chosen by a test of `$http_upgrade`".into());
        } else if let Some(test) = guard(self.tree, self.route.block, self.route.server) {
            self.intent.only = true;
            self.intent.handshakes_alone = true;
            self.add(Confidence::Certain, test, "an `if` lets nothing but handshakes through to it".into());
        }
    }

    /// Handshakes that come from other locations by way of internal jumps.
    fn arrivals(&mut self, routes: &Routes) {
        // Who else is sent there is not followed.
        self.intent.handshakes_alone |= !self.tree.own(self.route.block, "internal").is_empty();
        let Some(arrivals) = routes.arrivals.at(self.route.block) else { return };
        if !matches!(self.route.module, Module::Proxy | Module::Uwsgi | Module::Scgi)
            || self.is_subrequest_target(routes)
        {
            return;
        }
        self.intent.only |= arrivals.only;
        self.intent.handshakes_alone |= arrivals.only;
        for arrival in &arrivals.all {
            let intent = &mut self.intent;
            // What an endpoint's path has to look like concerns the location that clients ask for.
            if let Some(endpoint) = arrival.origin.endpoint {
                intent.query |= endpoint.query;
                intent.sticky |= endpoint.sticky;
                intent.origin |= endpoint.origin;
                intent.origin_scheme |= endpoint.origin_scheme;
                intent.protocol.get_or_insert_with(|| endpoint.protocol.clone());
                intent.ping_by(&endpoint.protocol, endpoint.pings);
            }
            let text = arrival.text(self.tree, self.route);
            // Who tests for an upgrade means the named location for nothing else.
            let at = if arrivals.only { self.route.location_block } else { arrival.lines.last().copied() };
            self.add(arrival.origin.confidence, at, text);
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
        // The headers are meant for this route if its path says so, or if nobody else in its server sends them, and outside
        // only to the same upstream. Otherwise the block may well be one that was never meant.
        let shared = || routes.siblings(index).take(64).any(|other| other.headers.upgrade.state.sends());
        let beside = self.upgrades_beside(routes);
        let called_so = self.endpoint.is_some() || self.path.is_some_and(|path| path.word.is_some());
        let meant = called_so || (!beside && (!routes.send_headers_of(lost.origin) || shared()));
        let confidence = if meant { Confidence::Likely } else { Confidence::Possible };
        self.add(confidence, line, "the block around it sends an `Upgrade` header".into());
    }

    fn neighbours(&mut self, routes: &Routes, index: usize) {
        let upgrades = |other: &&Route| {
            other.server == self.route.server && other.headers.upgrade.state.sends() && other.module == Module::Proxy
        };
        // What nginx Plus asks for `health_check` no client asks for.
        let asked = self.tree.own(self.route.block, "health_check").is_empty();
        let alone = asked && self.intent.evidence.is_empty() && self.route.module == Module::Proxy;
        if alone && routes.upgrade_beside(self.route) {
            // Siblings are many where one upstream serves a whole site; the first that upgrades is enough.
            if let Some(other) = routes.siblings(index).take(64).find(upgrades) {
                let text = format!("`location {}` to the same upstream upgrades", other.label(self.tree));
                self.add(Confidence::Possible, other.pass, text);
                self.intent.only_sibling = true;
            }
        }
    }

    pub(super) fn is_subrequest_target(&self, routes: &Routes) -> bool {
        self.route.location_block.is_some_and(|block| routes.subrequest_targets.contains(&block))
    }

    pub(super) fn has(&self, confidence: Confidence) -> bool {
        self.intent.evidence.iter().any(|evidence| evidence.confidence >= Some(confidence))
    }

    fn conclude(self) -> Intent {
        let mut intent = self.intent;
        // A user's own word outweighs what denies by itself.
        if !self.decided {
            intent.evidence.sort_by_key(|evidence| std::cmp::Reverse(evidence.confidence.map_or(9, |c| c as u8)));
        }
        intent.confidence = intent.evidence.first().and_then(|evidence| evidence.confidence);
        intent
    }
}

/// Whether a comment is a line with a header of the handshake that was commented out.
fn is_disabled_upgrade(comment: &str) -> bool {
    let mut words = comment.trim_start_matches('#').split_whitespace();
    words.next() == Some("proxy_set_header")
        && words.next().is_some_and(|name| ["Upgrade", "Connection"].iter().any(|one| name.eq_ignore_ascii_case(one)))
}

#[cfg(test)]
mod tests {
    use crate::config::{Memory, Tree, TreeOptions};
    use crate::websocket::{Confidence, Routes, Signals};

    /// What is believed of a location `/` that hands on to `$app`.
    fn believed(entries: &str) -> Option<Confidence> {
        let mut files = Memory::new();
        files.insert(
            "nginx.conf",
            format!(
                "events {{}} http {{ map $http_upgrade $app {{ {entries} }}
                 server {{ location / {{ proxy_pass http://$app; }} }} }}"
            ),
        );
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        Routes::new(&tree, Signals::builtin(), &[]).all[0].intent.confidence
    }

    #[test]
    fn an_address_that_handshakes_have_for_themselves_is_certain() {
        assert_eq!(believed("websocket 10.0.0.1; default 10.0.0.2;"), Some(Confidence::Certain));
        assert_eq!(believed("'' 10.0.0.2; default 10.0.0.1;"), Some(Confidence::Certain));
        assert_eq!(believed("default 10.0.0.1;"), None);
    }
}
