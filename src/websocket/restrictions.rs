//! Locations that keep some requests out, by the upstream behind them.

use std::collections::HashMap;

use super::route::Routes;
use crate::config::{DirectiveId, Tree};

/// Directives of a location that keep requests out of it.
const RESTRICTING: [&str; 7] =
    ["deny", "auth_basic", "auth_request", "auth_jwt", "auth_pam", "auth_digest", "access_by_lua_block"];

/// More restricted routes to one upstream than this are not looked at: one is enough to say so.
const MOST: usize = 16;

/// Whether a line keeps anybody out.
fn restricts(tree: &Tree, line: DirectiveId) -> bool {
    tree.arg(line, 1).is_none_or(|value| value != "off")
}

/// The routes whose own location restricts access, by the text of their target's authority.
pub(super) fn by_authority(tree: &Tree, routes: &Routes) -> HashMap<String, Vec<usize>> {
    let mut all: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, route) in routes.all.iter().enumerate() {
        let Some(block) = route.location_block else { continue };
        if RESTRICTING.iter().any(|name| tree.own(block, name).iter().any(|&line| restricts(tree, line))) {
            let known = all.entry(route.target.authority.clone()).or_default();
            if known.len() < MOST {
                known.push(index);
            }
        }
    }
    all
}

impl Routes {
    /// A location to the same upstream as a route that keeps requests out by something that does not hold on the route
    /// itself: the line that does so.
    pub fn restriction_beside(&self, tree: &Tree, index: usize) -> Option<DirectiveId> {
        let route = self.all.get(index)?;
        let beside = self.restricted_by_authority.get(&route.target.authority)?;
        beside.iter().filter(|&&other| other != index).find_map(|&other| {
            let block = self.all[other].location_block?;
            RESTRICTING.iter().find_map(|name| {
                let own = tree.own(block, name);
                let first = own.iter().copied().find(|&line| restricts(tree, line))?;
                let here = tree.effective(route.block, name).map_or(&[][..], |effective| effective.lines);
                let same = own.len() == here.len()
                    && own.iter().zip(here).all(|(&one, &other)| tree.args(one).eq(tree.args(other)));
                (!same).then_some(first)
            })
        })
    }
}
