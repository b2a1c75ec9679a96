//! What becomes of a handshake that another location sends on.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, when};
use crate::config::{DirectiveId, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "headers-before-jump" "a location that only sends its requests on to the route sets the headers of a handshake"
        headers_before_jump;
    "status-kept" "the `error_page` that sends handshakes on to the route keeps or sets a status; the words are what is to be written instead, and the status"
        status_kept;
    "status-of-handshakes" "nothing but handshakes gets the status with which that `error_page` sends them on"
        status_of_handshakes;
};

/// What is in effect is what the last location says: lines of the first are lost by the jump (NGINX facts part E).
fn headers_before_jump(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let at = scope.routes.arrivals.at(scope.route()?.block)?;
    let (origin, line) = at.all.iter().find_map(|arrival| Some((arrival.origin.block, arrival.origin.header?)))?;
    let words = tree.args(origin).collect::<Vec<_>>().join(" ");
    Some(Hit { words: vec![words], ..Hit::at(Place::head(line)) })
}

/// Only behind a `=` alone does the client get the status of the answer; of several jumps the last `error_page` counts
/// (`ngx_http_core_error_page`, `ngx_http_send_error_page`, `ngx_http_send_header`; 1.22.1 and 1.31.3).
fn status_kept(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let at = scope.routes.arrivals.at(scope.route()?.block)?;
    at.all.iter().find_map(|arrival| {
        let line = arrival.lines.iter().rev().copied().find(|&line| tree.is(line, "error_page"))?;
        let (index, instead, status) = other_status(tree, line)?;
        let place = Place { directive: line, part: WordPart::Word(index) };
        Some(Hit { places: vec![place], words: vec![instead, status] })
    })
}

/// Errors that nginx answers by itself (`ngx_http_error_pages`): other requests may get them as well.
const OF_NGINX: [&str; 31] = [
    "400", "401", "402", "403", "404", "405", "406", "408", "409", "410", "411", "412", "413", "414", "415", "416",
    "421", "429", "494", "495", "496", "497", "500", "501", "502", "503", "504", "505", "507", "301", "302",
];

/// A line for one status, which nothing but a `return` gives, and that to handshakes alone.
fn status_of_handshakes(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let line = status_kept(scope)?.places[0].directive;
    let codes: Vec<_> = tree.args(line).filter(|word| word.parse::<u16>().is_ok()).collect();
    let own = matches!(&codes[..], [code] if !OF_NGINX.contains(&&**code));
    when(own && scope.routes.arrivals.at(scope.route()?.block)?.only)
}

/// The word of an `error_page` because of which the status is another one than that of the answer, what is to stand in its
/// place, and the status.
fn other_status(tree: &Tree, line: DirectiveId) -> Option<(usize, String, String)> {
    let words: Vec<_> = tree.args(line).collect();
    let [codes @ .., before, target] = &words[..] else { return None };
    match before.strip_prefix('=') {
        Some("" | "101") => None,
        Some(status) => Some((words.len() - 1, "=".to_owned(), status.to_owned())),
        None => {
            let status =
                if codes.is_empty() { before.clone().into_owned() } else { "the status of the error".to_owned() };
            Some((words.len(), format!("= {target}"), status))
        }
    }
}
