//! What it means that nginx answers in place of a backend.

use super::located::{Located, words};
use super::probe::{Diagnosis, Kind, Report, is_nginx_page};
use crate::Linted;
use crate::config::{DirectiveId, Location, Modifier, ServedBy, Tree};
use crate::websocket::Confidence;

impl Located {
    /// What it means that nginx answers a request itself, by `return` or from files, where that is what its configuration
    /// says: nothing is lost then, there is no WebSocket.
    pub fn own_answer(&self, linted: &Linted<'_>, report: &Report) -> Option<Diagnosis> {
        let tree = &linted.tree;
        if self.served.by == ServedBy::Stream {
            return None;
        }
        let status = report.answer.as_ref().map(|answer| answer.status);
        let location = self.reached.location();
        // In the rewrite phase, the server's before the location's.
        let lines =
            [Some(self.served.server), location].into_iter().flatten().flat_map(|block| tree.own(block, "return"));
        let mut lines = lines.filter(|&&line| {
            let code = tree.arg(line, 1).and_then(|code| code.parse::<u16>().ok());
            // 444 closes the connection in place of an answer.
            let closes = report.diagnosis.kind == Kind::ClosedWithoutAnswer;
            code.is_some() && code == status.or(closes.then_some(444)) && !matches!(code, Some(300..=399))
        });
        let sentence = match (lines.next(), location) {
            (Some(&line), _) => {
                let source = tree.source(line);
                let at = source.line_column(tree.head(line).start).line;
                let what =
                    status.map_or_else(|| "closes the connection".to_owned(), |status| format!("answers {status}"));
                let words: String = words(tree, line).chars().take(60).collect();
                let place = self.label(tree);
                format!(
                    "nginx {what} itself, by `return {words}` ({}:{at}, {place}): no WebSocket is behind this path.",
                    source.path().display()
                )
            }
            (None, Some(block))
                if matches!(status, Some(200..=299)) && self.routes.is_empty() && serves_files(tree, block) =>
            {
                format!(
                    "nginx answers from files: `{}` hands nothing on to a backend, and no WebSocket is behind this path.",
                    self.label(tree)
                )
            }
            _ => return self.own_page(linted, report),
        };
        let offers = self.offers(linted);
        let diagnosis = Diagnosis::new(Kind::OwnAnswer, sentence);
        Some(match offers.is_empty() {
            false => diagnosis.advise(format!("Use the path of a WebSocket: this server has them at {}.", offers.join(", "))),
            true => diagnosis.advise("Check the path and the host that clients use. If they are right, a location for them with `proxy_pass` is missing."),
        }.points_to(&["websocket-location-without-proxy-pass", "unreachable-route", "shadowed-by-regex"]))
    }

    /// The same for a page 404 of nginx's own: what the configuration says of its place.
    fn own_page(&self, linted: &Linted<'_>, report: &Report) -> Option<Diagnosis> {
        report.answer.as_ref().filter(|answer| answer.status == 404 && is_nginx_page(answer))?;
        let mut diagnosis = report.diagnosis.clone();
        let offers = self.offers(linted);
        if !self.routes.is_empty() {
            diagnosis.sentence = format!(
                "nginx itself answers 404, though `{}` hands requests on: something answers before `proxy_pass` does, or \
                the backend is an nginx too.",
                self.label(&linted.tree)
            );
        } else if self.reached.location().is_none() && !offers.is_empty() {
            diagnosis.advice =
                vec![format!("Use the path of a WebSocket: this server has them at {}.", offers.join(", "))];
        } else {
            return None;
        }
        Some(diagnosis)
    }

    /// The paths under which the server has WebSockets.
    fn offers(&self, linted: &Linted<'_>) -> Vec<String> {
        const MOST: usize = 4;
        let routes = linted.routes.all.iter().filter(|route| route.server == Some(self.served.server));
        let likely = routes.filter(|route| route.intent.confidence >= Some(Confidence::Likely));
        let paths = likely.filter_map(|route| route.location.as_ref());
        let plain = |location: &Location| {
            matches!(location.modifier, Modifier::Exact | Modifier::Prefix | Modifier::PriorityPrefix)
        };
        paths.filter(|location| plain(location)).map(|location| format!("`{}`", location.path)).take(MOST).collect()
    }
}

/// Whether nothing but files can answer in a location: no module takes the requests.
fn serves_files(tree: &Tree, block: DirectiveId) -> bool {
    let handlers = [
        "memcached_pass",
        "js_content",
        "content_by_lua",
        "content_by_lua_block",
        "content_by_lua_file",
        "echo",
        "stub_status",
        "empty_gif",
        "perl",
        "return",
        "rewrite",
    ];
    handlers.iter().all(|name| tree.own(block, name).is_empty())
}
