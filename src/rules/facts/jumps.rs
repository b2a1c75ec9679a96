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
    "handshakes-alone-arrive" "nothing but handshakes is sent on to the route" |scope| {
        when(scope.routes.arrivals.at(scope.route()?.block)?.only)
    };
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

/// The word of an `error_page` because of which the status is another one than that of the answer, what is to stand in its
/// place, and the status.
fn other_status(tree: &Tree, line: DirectiveId) -> Option<(usize, String, String)> {
    let words: Vec<_> = tree.args(line).collect();
    let [codes @ .., before, target] = &words[..] else { return None };
    match before.strip_prefix('=') {
        Some("" | "101") => None,
        Some(status) => Some((words.len() - 1, "=".to_owned(), status.to_owned())),
        None => {
            let status = if codes.is_empty() { before.clone().into_owned() } else { "that of the error".to_owned() };
            Some((words.len(), format!("= {target}"), status))
        }
    }
}
