//! Lines of a configuration by which nginx itself answers a request with a status.

use super::probe::Answer;
use super::probe::is_nginx_page;
use crate::config::{DirectiveId, Tree};

/// More lines than this are no hint any more.
const MOST: usize = 3;

/// The lines in effect in a location, or in a server without one, that may answer with this status in place of a backend.
/// None where the answer is not one of nginx's own pages.
pub(super) fn suspects(
    tree: &Tree,
    server: DirectiveId,
    location: Option<DirectiveId>,
    answer: &Answer,
) -> Vec<DirectiveId> {
    if !is_nginx_page(answer) {
        return Vec::new();
    }
    let block = location.unwrap_or(server);
    let in_effect = |name: &str| tree.effective(block, name).map_or(&[][..], |effective| effective.lines);
    let own = |name: &str| tree.own(block, name);
    let mut found: Vec<DirectiveId> = Vec::new();
    // In the order of nginx's phases: rewrite, preaccess, access, content.
    for &test in [Some(server), location].into_iter().flatten().flat_map(|block| tree.own(block, "if")) {
        let returns = tree.own(test, "return").iter();
        found.extend(returns.filter(|&&line| tree.arg(line, 1).is_some_and(|code| code == answer.status.to_string())));
    }
    match answer.status {
        401 => {
            found.extend(
                in_effect("auth_basic").iter().filter(|&&line| tree.arg(line, 1).is_some_and(|arg| arg != "off")),
            );
            found.extend(in_effect("auth_request"));
        }
        403 => {
            found.extend(own("limit_except"));
            found.extend(in_effect("deny"));
            found.extend(in_effect("auth_request"));
        }
        404 => {
            found.extend(own("internal"));
            let last = |line: DirectiveId| tree.args(line).last().is_some_and(|last| last == "=404");
            found.extend(in_effect("try_files").iter().filter(|&&line| last(line)));
        }
        429 | 503 => {
            found.extend(in_effect("limit_req"));
            found.extend(in_effect("limit_conn"));
        }
        500 => found.extend(in_effect("auth_request")),
        _ => {}
    }
    found.truncate(MOST);
    found
}
