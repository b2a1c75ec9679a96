//! What is derived from several settings of a route at once.

use super::headers::value;
use super::route::Route;
use crate::config::{DirectiveId, Request, Tree};

/// Whether plain requests of a route reuse connections to its upstream today: an upstream that keeps some, HTTP/1.1,
/// and a `Connection` line that does not say `close` (NGINX facts part L, 1.22.1 to 1.31.5).
pub fn keeps_connections(tree: &Tree, route: &Route) -> bool {
    let Some(upstream) = tree.upstream(route.target.host()) else { return false };
    let keeps = upstream.keepalive.is_some_and(|line| tree.arg(line, 1).is_some_and(|count| count != "0"));
    let version = tree.effective(route.block, "proxy_http_version").map(|effective| effective.line());
    let speaks_1_1 = version.is_some_and(|line| tree.arg(line, 1).is_some_and(|version| version == "1.1"));
    let lines = &route.headers.connection.lines;
    let closes =
        |line: &DirectiveId| tree.evaluate(&value(tree, *line), Request::Plain, route.block).is_exactly("close");
    keeps && speaks_1_1 && !lines.is_empty() && !lines.iter().any(closes)
}
