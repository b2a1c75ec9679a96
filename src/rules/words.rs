//! The words that a finding fills into the text of its rule.

use super::engine::DEFAULT_READ_TIMEOUT;
use super::finding::{Place, WordPart};
use super::writer::Writer;
use crate::config::{Context, DirectiveId, Tree};
use crate::websocket::Route;

impl Writer<'_> {
    pub(super) fn module(&self, text: &str) -> String {
        text.replace("{module}", self.scope.route().map_or("proxy", |route| route.module.prefix()))
    }

    /// Replaces `{location}`, `{upstream}`, `{why}`, … and `{name}`, `{name.text}`, `{name.line}`, `{name.list}`.
    pub(super) fn fill(&self, template: &str) -> String {
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
                let source = &tree.file(file).source;
                let line = source.line(span.start);
                let own = self.scope.route().map(|route| tree.directive(route.pass).file);
                match source.path().file_name().filter(|_| own.is_some_and(|own| own != file)) {
                    Some(name) => format!("{line} of `{}`", name.to_string_lossy()),
                    None => line.to_string(),
                }
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
                let (scheme, address) = word.split_once("://").unwrap_or(("", word));
                let address = address.trim_end_matches(['"', '\'']).trim_end_matches('/').trim_end_matches(':');
                // Without a port an upstream's server is one of port 80, whatever its scheme was to say.
                let has_port = address.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
                let tls =
                    matches!(scheme.trim_start_matches(['"', '\'']).to_ascii_lowercase().as_str(), "https" | "wss");
                if tls && !has_port { format!("{address}:443") } else { address.to_owned() }
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

/// An address with `http` for `ws` and `https` for `wss`.
fn with_http_scheme(address: &str) -> String {
    let (quote, rest) = address.split_at(usize::from(address.starts_with(['"', '\''])));
    let scheme = rest.split("://").next().unwrap_or_default();
    let http = if scheme.eq_ignore_ascii_case("wss") { "https" } else { "http" };
    format!("{quote}{http}{}", &rest[scheme.len()..])
}

/// A word without what a shell or a web page left in it.
fn unescaped(word: &str) -> String {
    let plain = word.replace("\\$", "$").replace("$$", "$").replace("\\\"", "\"").replace("\\`", "`");
    if plain.len() >= 2 && plain.starts_with('`') && plain.ends_with('`') {
        return format!("'{}'", &plain[1..plain.len() - 1]);
    }
    // A quote that was escaped is the quote that was meant.
    let quoted_twice = plain.len() >= 4 && plain.starts_with("\"\"") && plain.ends_with("\"\"");
    if quoted_twice { plain[1..plain.len() - 1].to_owned() } else { plain }
}
