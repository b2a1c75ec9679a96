//! What the names of upstreams, servers and ports say of a route.

use super::confidence::Confidence;
use super::judge::Judge;
use super::known::Known;
use super::route::{Module, Route, Routes};
use super::signals::Application;
use crate::config::{DirectiveId, Modifier};

impl<'s> Judge<'_, 's> {
    pub(super) fn names(&mut self, routes: &Routes, index: usize, known: &mut Known<'s>) {
        let signals = self.signals;
        let mut hosts = self.tree.hosts(&self.route.target, self.route.block);
        if self.route.target.variable {
            hosts.push(self.route.target.host().replace(['$', '{', '}'], ""));
        }
        hosts.retain(|host| !host.is_empty());
        // What the name means is another location then.
        let upgrades = |other: &Route| other.server == self.route.server && other.headers.upgrade.state.sends();
        let most = match routes.upgrade_beside(self.route) && routes.siblings(index).take(64).any(upgrades) {
            true => Confidence::Possible,
            false => Confidence::Certain,
        };
        let beside = self.upgrades_beside(routes);
        for host in hosts {
            let (word, application) = known.host(signals, &host);
            if let Some((word, confidence)) = word {
                let confidence = confidence.min(most);
                let text = format!("its upstream `{host}` says `{}`", word.word);
                self.add(confidence, self.route.pass, text);
            }
            if let Some(application) = application {
                let what = format!("upstream `{host}`");
                self.application(routes, index, known, application, (self.route.pass, most), &what);
            }
        }
        let server = self.route.server.map(|server| known.server(self.tree, signals, server));
        for named in server.iter().flat_map(|server| &server.names) {
            if let Some(label) = named.label {
                // What is meant is the location that upgrades, or that is called as endpoints are.
                let most = if beside || named.has_endpoint { Confidence::Possible } else { Confidence::Certain };
                let text = format!("its server is called `{}`", named.name);
                self.add(label.confidence.min(most), named.line, text);
            }
            if let Some(application) = named.application {
                let what = format!("server `{}`", named.name);
                let elsewhere = beside || !self.is_at_root_of(known, application);
                let most = if elsewhere { Confidence::Possible } else { Confidence::Certain };
                self.application(routes, index, known, application, (named.line, most), &what);
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
            // Together with its path the port tells which server it is, though not that it carries WebSockets.
            let mut applications = signals.applications().iter();
            let application = applications.find(|one| one.name == found.application);
            if let Some(application) = application.filter(|&one| self.has_path_of(one)) {
                self.intent.only |= application.only;
                self.intent.ping_by(&application.name, application.pings);
            }
            let text = format!("port {} is that of {}", found.port, found.application);
            self.add(Confidence::Possible, self.route.pass, text);
        }
    }

    /// A name speaks of an application, with no more than a confidence; that concerns the route only if the application's
    /// sockets reach it.
    fn application(
        &mut self,
        routes: &Routes,
        index: usize,
        known: &mut Known<'s>,
        application: &'s Application,
        (at, most): (DirectiveId, Confidence),
        what: &str,
    ) {
        if !self.receives(routes, index, known, &application.paths) {
            return;
        }
        let is_own = self.has_path_of(application);
        let intent = &mut self.intent;
        intent.only |= application.only && is_own;
        intent.sticky |= application.sticky;
        intent.origin |= application.origin;
        intent.origin_scheme |= application.origin_scheme;
        intent.ping_by(&application.name, application.pings);
        intent.protocol.get_or_insert_with(|| application.name.clone());
        let target = &self.route.target;
        let asked = match &target.uri {
            Some(uri) if !target.variable => Some(uri),
            _ => self.route.location.as_ref().filter(|location| !location.is_regex()).map(|location| &location.path),
        };
        let part = asked.is_some_and(|path| self.signals.is_part(application, path));
        let most = if part { Confidence::Possible } else { most };
        self.add(application.confidence.min(most), at, format!("its {what} names {}", application.name));
    }

    /// Whether a location is one where an application answers that has a server to itself: it takes one of its paths as they
    /// are, or all that no other location takes, or bears its name.
    fn is_at_root_of(&self, known: &mut Known<'s>, application: &Application) -> bool {
        let (Some(server), Some(block), Some(location)) =
            (self.route.server, self.route.location_block, &self.route.location)
        else {
            return true;
        };
        let named = || self.signals.application(&location.path).is_some_and(|found| found.name == application.name);
        let plain = location.path.starts_with('/') && !location.is_regex();
        let mut selects = |path: &String| {
            let found = known.selected.entry((server, path.clone()));
            *found.or_insert_with(|| self.tree.select(server, path)) == Some(block)
        };
        !plain || location.path == "/" || application.paths.iter().any(&mut selects) || named()
    }

    /// Whether the location is written for one of an application's paths, or for paths below it.
    fn has_path_of(&self, application: &Application) -> bool {
        let Some(location) = self.route.location.as_ref().filter(|location| !location.is_regex()) else { return false };
        application.paths.iter().any(|path| {
            let rest = location.path.strip_prefix(path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether one of an application's paths leads to this route, seen from where the application begins: the root of the
    /// server if a path of its own leads to the same upstream, else the shortest path in the server that does.
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
        let all = || std::iter::once(self.route).chain(routes.siblings(index).take(64));
        let tree = self.tree;
        let mut selected = |full: String| {
            *known.selected.entry((server, full)).or_insert_with_key(|(_, full)| tree.select(server, full))
        };
        let own: Vec<DirectiveId> = paths.iter().filter_map(|path| selected(path.clone())).collect();
        if own.iter().any(|&found| all().any(|route| route.location_block == Some(found))) {
            return own.contains(&block);
        }
        let base = all().filter_map(plain).min_by_key(String::len).unwrap_or_else(|| "/".into());
        paths.iter().any(|path| selected(format!("{}{path}", base.trim_end_matches('/'))) == Some(block))
    }
}
