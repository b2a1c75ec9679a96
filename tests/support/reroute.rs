//! Leads upstream servers and `proxy_pass` URLs to servers on loopback, and keeps what decides whether nginx can reach them: names
//! that it resolves at run time stay names.

use super::address::{self, Target};
use super::conf::Word;
use super::rewrite::{Edits, Rewriter, Scope};
use super::survey::Role;

impl Rewriter<'_> {
    pub(super) fn upstream_server(&mut self, address: &Word, scope: &Scope, edits: &mut Edits) {
        let has_path = address.text.contains('/') && !address.text.starts_with("unix:");
        if has_path || address.text.contains('$') {
            return;
        }
        let target = Target::read(&address.text);
        if target.number().is_some() {
            edits.replace(address, self.endpoint(&target, scope));
        }
    }

    /// Host and port at which the server of an address now is: one of ours, or another server block of the same site.
    fn endpoint(&mut self, target: &Target, scope: &Scope) -> String {
        if let Some(path) = target.host.strip_prefix("unix:") {
            return if self.survey.sockets.contains(path) {
                format!("unix:{}", self.local_path("listen", path))
            } else {
                format!("127.0.0.1:{}", self.sandbox.backend_port(&target.key(), scope.subrequest))
            };
        }
        let hop = self
            .survey
            .listening
            .iter()
            .filter(|(id, _)| self.options.keep_loops || scope.server.as_ref() != Some(id))
            .find_map(|(_, listens)| {
                listens
                    .iter()
                    .find(|(_, port)| target.is_local() && Some(*port) == target.number())
                    .map(|(key, _)| key.clone())
            });
        let port = match hop {
            Some(key) => self.sandbox.listen_port(&key),
            None => self.sandbox.backend_port(&target.key(), scope.subrequest),
        };
        format!("127.0.0.1:{port}")
    }

    /// The argument of a `proxy_pass`; `None` to leave it.
    pub(super) fn pass(&mut self, url: &str, scope: &Scope) -> Option<String> {
        let mut target = Target::read(url);
        let is_http = |scheme: &String| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let grpc = |scheme: &String| scheme.starts_with("grpc");
        if target.scheme.as_ref().is_some_and(|scheme| !is_http(scheme) && !grpc(scheme) && !scheme.contains('$')) {
            return None;
        }
        let key_target = target.clone();
        if !self.options.keep_upstream_tls && target.scheme.as_ref().is_some_and(is_http) {
            target.scheme = Some("http".to_owned());
        }
        if target.host.contains('$') {
            self.variable_host(&key_target, &mut target, scope);
            return Some(target.text());
        }
        if self.survey.upstreams.contains(&target.host.to_ascii_lowercase()) {
            // An upstream's servers are shared; those of a subrequest have to be told apart.
            if scope.subrequest && target.port.is_none() {
                let port = self.sandbox.backend_port(&format!("upstream {}", target.host), true);
                target = Target { host: "127.0.0.1".to_owned(), port: Some(port.to_string()), ..target };
            }
            return Some(target.text());
        }
        let is_name = !target.is_ip() && !target.host.starts_with("unix:");
        let at_run_time = url.contains('$') && is_name && !self.survey.literal.contains(&key_target.key());
        if key_target.number().is_none() {
            // The port is a variable: its values are rewritten where they are assigned.
            return Some(target.text());
        }
        let endpoint = self.endpoint(&key_target, scope);
        if at_run_time {
            // nginx resolves the name for every request, or fails for want of a resolver: that must not change.
            target.port = endpoint.rsplit_once(':').map(|(_, port)| port.to_owned());
        } else if let Some((host, port)) = endpoint.rsplit_once(':') {
            let socket = endpoint.starts_with("unix:");
            target.host = if socket { endpoint.clone() } else { host.to_owned() };
            target.port = (!socket).then(|| port.to_owned());
        }
        Some(target.text())
    }

    /// A host in variables gets one of our ports where its URL writes, or implies, one.
    fn variable_host(&mut self, key_target: &Target, target: &mut Target, scope: &Scope) {
        let names = address::variables(&target.host);
        let assigned = names.iter().any(|name| self.survey.assigned.contains(name));
        let implied = target.port.is_none() && target.scheme.is_some() && !assigned;
        if let (Some(port), true) = (key_target.number(), target.port.is_some() || implied) {
            let key = format!("{}:{port}", target.host);
            target.port = Some(self.sandbox.backend_port(&key, scope.subrequest).to_string());
        }
    }

    /// The value of a variable that takes part in an address.
    pub(super) fn value(&mut self, variable: &str, value: &Word, scope: &Scope, edits: &mut Edits) {
        let name = address::variables(variable);
        let roles = name.first().and_then(|name| self.survey.roles.get(name)).cloned().unwrap_or_default();
        let Some(&role) = roles.first() else { return };
        let text = &value.text;
        let target = Target::read(text);
        let is_upstream = self.survey.upstreams.contains(&target.host.to_ascii_lowercase());
        let replacement = match role {
            Role::Scheme if text == "https" && !self.options.keep_upstream_tls => Some("http".to_owned()),
            Role::Port => {
                text.parse::<u16>().ok().map(|port| self.sandbox.backend_port(&format!("*:{port}"), false).to_string())
            }
            Role::HostBeforePort if target.is_ip() => Some("127.0.0.1".to_owned()),
            Role::Address | Role::Host
                if !text.contains('$') && !text.is_empty() && !is_upstream && !text.starts_with('/') =>
            {
                let known = target.is_ip() || self.survey.literal.contains(&target.key());
                let endpoint = self.endpoint(&target, scope);
                let (host, port) = endpoint.rsplit_once(':').unwrap_or((&endpoint, ""));
                let mut moved = Target { port: Some(port.to_owned()), ..target };
                if known {
                    host.clone_into(&mut moved.host);
                }
                if moved.scheme.as_deref() == Some("https") && !self.options.keep_upstream_tls {
                    moved.scheme = Some("http".to_owned());
                }
                Some(moved.text())
            }
            Role::Address | Role::Host if text.contains("://") => self.pass(text, scope),
            _ => None,
        };
        if let Some(replacement) = replacement {
            edits.replace(value, replacement);
        }
    }
}
