//! Access logs in the combined format: which handshakes succeeded, and how the others ended.

use std::collections::{HashMap, HashSet};

use memchr::memmem::find;
use serde::Serialize;

use super::lifetimes::{Lifetimes, MOST_SECONDS};
use super::line::path;
use super::requests::may_be_handshake;
use super::routes::{is_websocket, push_shape};
use super::timeline::{Seconds, access_log_time};
use crate::report::escape::visible;

/// How many routes are told apart.
const MOST_ROUTES: usize = 2048;
/// Ways in which a handshake ends, as far as a status tells.
const STATUSES: [u16; 19] =
    [101, 200, 301, 302, 307, 308, 400, 401, 403, 404, 405, 426, 429, 499, 500, 502, 503, 504, 505];

/// A line of an access log: `ADDRESS - USER [TIME] "REQUEST" STATUS BYTES "REFERER" "AGENT" …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccessLine<'a> {
    /// When the request, or the WebSocket, ended.
    pub(super) time: Seconds,
    request: &'a [u8],
    status: u16,
    /// What stands behind the status.
    rest: &'a [u8],
}

impl<'a> AccessLine<'a> {
    /// Takes a line apart; none if it has another form. Something may stand before it, as before lines of an error log.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        const FARTHEST: usize = 400;
        let head = &line[..line.len().min(FARTHEST)];
        memchr::memchr_iter(b'[', head).find_map(|open| Self::behind(line, open + 1))
    }

    /// Reads on from the time.
    fn behind(line: &'a [u8], start: usize) -> Option<Self> {
        let time = access_log_time(&line[start..])?;
        let rest = &line[start + 20..];
        let quoted = &rest[find(&rest[..rest.len().min(16)], b"] \"")? + 3..];
        // nginx escapes quotes in a request (`\x22`).
        let (request, rest) = quoted.split_at(memchr::memchr(b'"', quoted)?);
        let digits = rest.strip_prefix(b"\" ")?;
        let status = std::str::from_utf8(digits.get(..3)?).ok()?.parse().ok()?;
        Some(Self { time, request, status, rest: &digits[3..] })
    }

    /// `$request_time` in whole seconds, where the format has it: a number with three decimals, by itself or behind a
    /// name that says so.
    fn lifetime(&self) -> Option<usize> {
        let words = self.rest.split(|&byte| byte == b' ').map(|word| word.trim_ascii());
        words.filter(|word| word.len() < 40).find_map(|word| {
            let value = match memchr::memchr(b'=', word) {
                Some(at) => (word[..at].ends_with(b"request_time") || &word[..at] == b"rt").then(|| &word[at + 1..])?,
                None => word,
            };
            let (whole, decimals) = std::str::from_utf8(value).ok()?.trim_matches(['"', ',']).split_once('.')?;
            let is_time = decimals.len() == 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
            is_time.then(|| whole.parse().ok()).flatten()
        })
    }
}

/// Counts of an access log.
#[derive(Clone, Debug, Default)]
pub(super) struct AccessTally {
    lines: u64,
    routes: HashMap<Box<[u8]>, [u64; STATUSES.len()]>,
    /// Paths that are no usual ones for WebSockets: most lines of most logs are about these.
    ordinary: HashSet<Box<[u8]>>,
    /// WebSockets of routes that are not told apart any more.
    beyond: u64,
    /// WebSockets by the seconds they lasted; the last count is for longer ones. Empty until one is known.
    lifetimes: Vec<u64>,
    key: Vec<u8>,
}

impl AccessTally {
    pub(super) fn add(&mut self, line: &AccessLine<'_>) {
        self.lines += 1;
        let Some(status) = STATUSES.iter().position(|&status| status == line.status) else { return };
        if !line.request.starts_with(b"GET ") || !(line.status == 101 || may_be_handshake(line.request)) {
            return;
        }
        self.key.clear();
        push_shape(&mut self.key, path(line.request));
        // A page that is served is nothing to be told of, unless it is where a WebSocket is expected.
        if line.status == 200 && !self.is_websocket() {
            return;
        }
        if let Some(counts) = self.routes.get_mut(&self.key[..]) {
            counts[status] += 1;
        } else if self.routes.len() < MOST_ROUTES {
            let mut counts = [0; STATUSES.len()];
            counts[status] = 1;
            self.routes.insert(self.key.clone().into_boxed_slice(), counts);
        } else {
            self.beyond += u64::from(line.status == 101);
        }
        if let Some(seconds) = (line.status == 101).then(|| line.lifetime()).flatten() {
            self.lifetimes.resize(MOST_SECONDS + 1, 0);
            self.lifetimes[seconds.min(MOST_SECONDS)] += 1;
        }
    }

    /// Whether the path at hand is a usual one for WebSockets.
    fn is_websocket(&mut self) -> bool {
        if self.ordinary.contains(&self.key[..]) {
            return false;
        }
        let usual = is_websocket(&self.key);
        if !usual && self.ordinary.len() < MOST_ROUTES {
            self.ordinary.insert(self.key.clone().into_boxed_slice());
        }
        usual
    }

    /// What it comes to, with so many routes at most; none if no line was of an access log.
    pub(super) fn summary(&self, most_routes: usize) -> Option<AccessSummary> {
        if self.lines == 0 {
            return None;
        }
        let mut routes: Vec<AccessRoute> =
            self.routes.iter().filter_map(|(path, counts)| route(path, counts)).collect();
        routes.sort_by(|a, b| (b.failed, b.total()).cmp(&(a.failed, a.total())).then_with(|| a.path.cmp(&b.path)));
        let upgraded = routes.iter().flat_map(|route| &route.statuses).filter(|one| one.status == 101);
        let upgraded = upgraded.map(|one| one.count).sum::<u64>() + self.beyond;
        let failed = routes.iter().map(|route| route.failed).sum();
        let failures = failures(&routes);
        let more_routes = routes.len().saturating_sub(most_routes);
        routes.truncate(most_routes);
        Some(AccessSummary {
            lines: self.lines,
            upgraded,
            failed,
            failures,
            routes,
            more_routes,
            lifetimes: Lifetimes::of(&self.lifetimes),
        })
    }
}

/// A route, if handshakes seem to come to it.
fn route(path: &[u8], counts: &[u64; STATUSES.len()]) -> Option<AccessRoute> {
    let of = |status: u16| STATUSES.iter().position(|&one| one == status).map_or(0, |at| counts[at]);
    if of(101) == 0 && of(426) == 0 && !is_websocket(path) {
        return None;
    }
    let counted = STATUSES.iter().zip(counts).filter(|(_, count)| **count > 0);
    let statuses: Vec<StatusCount> = counted.map(|(&status, &count)| StatusCount { status, count }).collect();
    let mut route = AccessRoute { path: visible(&String::from_utf8_lossy(path)).into_owned(), failed: 0, statuses };
    route.failed = route.failures().map(|one| one.count).sum();
    Some(route)
}

/// What an access log says of handshakes.
#[derive(Clone, Debug, Serialize)]
pub struct AccessSummary {
    /// Lines in the combined format.
    pub lines: u64,
    /// WebSockets that were open and have ended.
    pub upgraded: u64,
    /// Handshakes that failed, as far as a log tells that without the requests' headers.
    pub failed: u64,
    /// With which statuses, the commonest first.
    pub failures: Vec<StatusCount>,
    /// The routes that seem to carry WebSockets: some handshake was answered 101 or 426, or the path is a usual one.
    pub routes: Vec<AccessRoute>,
    /// Routes that are left out.
    pub more_routes: usize,
    /// How long they lasted, where the format tells.
    pub lifetimes: Option<Lifetimes>,
}

/// A route and how GET requests for it ended.
#[derive(Clone, Debug, Serialize)]
pub struct AccessRoute {
    /// Its path, made short.
    pub path: String,
    /// How many of its handshakes failed.
    pub failed: u64,
    /// In ascending order.
    pub statuses: Vec<StatusCount>,
}

/// How often handshakes failed with each status, the commonest first.
fn failures(routes: &[AccessRoute]) -> Vec<StatusCount> {
    let failures = || routes.iter().flat_map(AccessRoute::failures);
    let sum = |status: u16| failures().filter(|one| one.status == status).map(|one| one.count).sum();
    let all = STATUSES.iter().map(|&status| StatusCount { status, count: sum(status) });
    let mut all: Vec<StatusCount> = all.filter(|one| one.count > 0).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.count));
    all
}

impl AccessRoute {
    /// How its handshakes failed. Where some succeed, a page in place of a WebSocket was asked for by somebody else, and a
    /// few refusals are what scanners and people without a login get; an error of the server is one in any case.
    fn failures(&self) -> impl Iterator<Item = &StatusCount> {
        let sum = |of: std::ops::Range<u16>| {
            self.statuses.iter().filter(|one| of.contains(&one.status)).map(|one| one.count).sum::<u64>()
        };
        let least = match sum(101..102) {
            0 => 200,
            opened if sum(300..500) >= opened => 300,
            _ => 500,
        };
        self.statuses.iter().filter(move |one| one.status >= least)
    }

    fn total(&self) -> u64 {
        self.statuses.iter().map(|one| one.count).sum()
    }
}

/// How often a status was answered.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StatusCount {
    /// The status.
    pub status: u16,
    /// How often.
    pub count: u64,
}

/// What a status on a route for WebSockets points to, and the rule that finds it.
pub(super) fn meaning(status: u16) -> Option<(&'static str, Option<&'static str>)> {
    Some(match status {
        200 => (
            "answered as an ordinary request: by a page, or by a backend that saw no handshake",
            Some("missing-upgrade-header"),
        ),
        301 | 302 | 307 | 308 => {
            ("redirected, and WebSocket clients follow no redirect", Some("trailing-slash-redirect"))
        }
        400 | 426 => ("the backend saw no handshake: its headers did not arrive", Some("missing-upgrade-header")),
        401 => ("not authorised", None),
        403 => ("forbidden: access rules, or `Origin` is not `Host`", Some("missing-host-header")),
        404 => ("no such path at the backend, or no route to it", Some("path-mapping")),
        405 => ("GET is not taken there, and a handshake is a GET", Some("get-denied")),
        429 => ("a limit was reached", Some("connection-limit")),
        499 => ("the client left before it was answered", None),
        500 => ("an error in nginx (subrequests, open files) or the backend", None),
        502 => ("the backend cannot be reached, or did not answer in HTTP", None),
        503 => ("limited, or the backend is not ready", Some("connection-limit")),
        504 => ("the backend did not answer in time", Some("zero-timeout")),
        505 => ("the backend does not accept HTTP/1.0", Some("missing-http-version")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: u16, rest: &str) -> String {
        format!(
            r#"10.0.0.1 - - [21/Nov/2026:08:06:59 +0000] "GET /ws/7?x=1 HTTP/1.1" {status} 42 "-" "Mozilla/5.0 (X)"{rest}"#
        )
    }

    fn tally(lines: &[String]) -> AccessSummary {
        let mut tally = AccessTally::default();
        lines.iter().for_each(|line| tally.add(&AccessLine::read(line.as_bytes()).unwrap()));
        tally.summary(usize::MAX).unwrap()
    }

    #[test]
    fn handshakes_are_counted_by_route_and_status() {
        let other = r#"::1 - bob [21/Nov/2026:08:06:59 +0000] "GET /favicon.ico HTTP/1.1" 404 1 "-" "-""#.to_owned();
        let summary = tally(&[line(101, ""), line(101, ""), line(502, ""), other]);
        assert_eq!((summary.lines, summary.upgraded, summary.failed, summary.routes.len()), (4, 2, 1, 1));
        let prefixed = format!("[pod/web/nginx] {}", line(101, ""));
        assert!(AccessLine::read(prefixed.as_bytes()).is_some());
        let statuses: Vec<_> = summary.routes[0].statuses.iter().map(|one| (one.status, one.count)).collect();
        assert_eq!((summary.routes[0].path.as_str(), &statuses[..]), ("/ws/*", &[(101, 2), (502, 1)][..]));
        assert_eq!(summary.lifetimes, None);
    }

    #[test]
    fn handshakes_that_failed_are_told_from_what_is_usual() {
        let failed =
            |statuses: &[u16]| tally(&statuses.iter().map(|&status| line(status, "")).collect::<Vec<_>>()).failed;
        assert_eq!(failed(&[400, 400, 200]), 3);
        assert_eq!(failed(&[101, 101, 400, 200]), 0);
        assert_eq!(failed(&[101, 101, 502, 403]), 1);
        assert_eq!(failed(&[101, 401, 401]), 2);
        let page = line(200, "").replace("/ws/7?x=1", "/news");
        assert_eq!(tally(&[page]).failed, 0);
        let polled = line(400, "").replace("/ws/7?x=1", "/socket.io/?EIO=4&transport=polling");
        assert_eq!(tally(&[polled]).failed, 0);
    }

    #[test]
    fn lifetimes_that_end_together_were_cut() {
        for form in [" 60.000", " rt=60.123 uct=\"0.001\"", r#" "-" request_time=60.900"#] {
            let lifetimes = tally(&vec![line(101, form); 6]).lifetimes;
            assert_eq!(lifetimes.map(|all| (all.median, all.cut())), Some((60, Some(60))), "{form}");
        }
        assert_eq!(tally(&[line(101, r#" "10.0.0.2" "#)]).lifetimes, None);
    }
}
