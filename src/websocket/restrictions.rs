//! Locations that keep some requests out, by the upstream behind them and by their server.

use std::collections::{HashMap, HashSet};

use super::route::{Route, Routes};
use crate::config::{DirectiveId, Tree};

/// Directives of a location that keep requests out of it.
const RESTRICTING: [&str; 7] =
    ["deny", "auth_basic", "auth_request", "auth_jwt", "auth_pam", "auth_digest", "access_by_lua_block"];

/// More restricted locations of one upstream or server than this are not looked at: one is enough to say so.
const MOST: usize = 16;

/// The locations with access rules of their own.
#[derive(Debug, Default)]
pub(super) struct Restrictions {
    /// By the text of the authority of their route's target.
    by_authority: HashMap<String, Vec<DirectiveId>>,
    by_server: HashMap<DirectiveId, Vec<DirectiveId>>,
}

impl Restrictions {
    pub(super) fn new(tree: &Tree, routes: &[Route]) -> Self {
        let mut all = Self::default();
        let restricted: HashSet<DirectiveId> = lines(tree).map(|line| tree.directive(line).parent).collect();
        for (route, block) in routes.iter().filter_map(|route| Some((route, route.location_block?))) {
            if restricted.contains(&block) {
                add(all.by_authority.entry(route.target.authority.clone()).or_default(), block);
            }
        }
        let mut locations: Vec<DirectiveId> = restricted.into_iter().filter(|&id| tree.is(id, "location")).collect();
        locations.sort_unstable();
        for block in locations {
            if let Some(server) = tree.enclosing(block, "server") {
                add(all.by_server.entry(server).or_default(), block);
            }
        }
        all
    }
}

/// The lines that keep anybody out, in nginx's order.
pub(super) fn lines(tree: &Tree) -> impl Iterator<Item = DirectiveId> {
    tree.all_of(&RESTRICTING).into_iter().filter(|&line| tree.arg(line, 1).is_none_or(|value| value != "off"))
}

fn add(blocks: &mut Vec<DirectiveId>, block: DirectiveId) {
    if blocks.len() < MOST {
        blocks.push(block);
    }
}

/// The first of a block's own lines of this name that keeps anybody out.
fn own_restriction(tree: &Tree, block: DirectiveId, name: &str) -> Option<DirectiveId> {
    let restricts = |&line: &DirectiveId| tree.arg(line, 1).is_none_or(|value| value != "off");
    tree.own(block, name).iter().copied().find(restricts)
}

/// The line that keeps requests out of `location` and does not hold for the route in the same way.
fn not_shared(tree: &Tree, route: &Route, location: DirectiveId) -> Option<DirectiveId> {
    RESTRICTING.iter().find_map(|name| {
        let line = own_restriction(tree, location, name)?;
        let own = tree.own(location, name);
        let here = tree.effective(route.block, name).map_or(&[][..], |effective| effective.lines);
        let same =
            own.len() == here.len() && own.iter().zip(here).all(|(&one, &two)| tree.args(one).eq(tree.args(two)));
        (!same).then_some(line)
    })
}

impl Routes {
    /// What keeps requests out of another location to the route's upstream, and not out of the route itself.
    pub fn restriction_of_upstream(&self, tree: &Tree, route: &Route) -> Option<DirectiveId> {
        let blocks = self.restrictions.by_authority.get(&route.target.authority)?;
        blocks.iter().find_map(|&block| not_shared(tree, route, block))
    }

    /// What keeps requests out of another location of the route's server, and not out of the route itself.
    pub fn restriction_of_server(&self, tree: &Tree, route: &Route) -> Option<DirectiveId> {
        let blocks = self.restrictions.by_server.get(&route.server?)?;
        blocks.iter().find_map(|&block| not_shared(tree, route, block))
    }
}
