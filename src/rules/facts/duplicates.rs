//! What stands twice where nginx accepts it once.

use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashMapExt};

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::refusals::{MOST, is_unsure};
use super::{Fact, directive, when};
use crate::config::{Context, DirectiveId, Modifier, Tree, listen_address};

pub(super) const FACTS: &[Fact] = facts! {
    "stands-twice" "the line stands in its block a second time; the second place is the first time" stands_twice;
    "listens-twice" for ["listen"] "an earlier `listen` of the server has the same address; the second place is that line" listens_twice;
    "upstreams-twice" for ["upstream"] "an earlier `upstream` has the same name; the second place is that one" upstreams_twice;
    "says-the-same" "the line says what the first one says, and stands in the same file" says_the_same;
    "locations-twice" for ["server", "location"] "locations in the block that have the path of one before them; the second place is that one" locations_twice;
};

/// Where the lines of a site stand.
const OF_HTTP: [Context; 7] = [
    Context::Http,
    Context::Server,
    Context::ServerIf,
    Context::Location,
    Context::If,
    Context::LimitExcept,
    Context::Upstream,
];

/// `directive is duplicate` (`ngx_conf_set_*_slot`), across includes too.
fn stands_twice(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| !tree.is_block(id) || tree.is(id, "limit_except"))?;
    let directive = tree.directive(id);
    let name = directive.name.filter(|name| name.allowed_in(directive.context) && directive.context.is_modelled())?;
    // Several of these may stand in a block.
    let several = ["listen", "server"].iter().any(|name| tree.is(id, name));
    if !OF_HTTP.contains(&directive.context) || several {
        return None;
    }
    let all = tree.own(directive.parent, name.text());
    let first = *all.first().filter(|&&first| first < id)?;
    // Several of these may stand together as well, unless one is `off` (`ngx_http_proxy_redirect`).
    let off = |&line: &DirectiveId| tree.arg(line, 1).is_some_and(|value| value == "off");
    if name.text() == "proxy_redirect" && ![first, id].iter().any(off) {
        return None;
    }
    twice(tree, id, first, name.text().to_owned())
}

/// What is found where a line stands a second time; the word is what is said of it.
fn twice(tree: &Tree, id: DirectiveId, first: DirectiveId, word: String) -> Option<Hit> {
    if is_unsure(tree, first) || is_unsure(tree, id) {
        return None;
    }
    let directive = tree.directive(id);
    // The line to name is the one in the block's own file: the other may serve more blocks than this.
    let own = tree.directive(directive.parent).file;
    let (named, other) =
        if directive.file != own && tree.directive(first).file == own { (first, id) } else { (id, first) };
    let (named, other) = if directive.node == tree.directive(first).node && directive.file == tree.directive(first).file
    {
        (include_of(tree, id)?, include_of(tree, first)?)
    } else {
        (named, other)
    };
    Some(Hit { words: vec![word], ..Hit::lines([named, other]) })
}

/// `a duplicate listen` (`ngx_http_add_addresses`): two lines of a server with one address, however it is written. One for
/// QUIC may stand beside one for TCP.
fn listens_twice(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| tree.is(id, "listen"))?;
    let block = tree.directive(id);
    if block.context != Context::Server || tree.own(block.parent, "listen").len() < 2 {
        return None;
    }
    // What stands in no `http` that is seen may be a server of `stream`, where `udp` tells two lines apart.
    let of_stream = |line: &DirectiveId| tree.args(*line).any(|word| word == "udp");
    if tree.own(block.parent, "listen").iter().any(of_stream) {
        return None;
    }
    let socket = |line: DirectiveId| {
        let address = tree.arg(line, 1)?;
        let quic = tree.args(line).any(|word| word == "quic");
        let known = match listen_address(&address) {
            Some((_, 0)) => return None,
            Some((Some(ip), port)) => format!("{ip} {port}"),
            Some((None, _)) => address.to_ascii_lowercase(),
            None if address.starts_with("unix:") => address.clone().into_owned(),
            None => return None,
        };
        Some((known, quic))
    };
    let own = socket(id)?;
    let first = *tree.own(block.parent, "listen").iter().find(|&&line| socket(line).as_ref() == Some(&own))?;
    let word = tree.arg(id, 1)?.into_owned();
    (first < id).then(|| twice(tree, id, first, word))?
}

/// `duplicate upstream` (`ngx_http_upstream_add`): the names are compared without regard to case.
fn upstreams_twice(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let id = directive(scope).filter(|&id| tree.is_block(id))?;
    let block = tree.directive(id);
    if block.context != Context::Http {
        return None;
    }
    let name = tree.arg(id, 1)?;
    // The tree knows the first of each name, be it one of `stream`.
    if tree.upstream(&name).is_none_or(|known| known.block == id) {
        return None;
    }
    let same = |line: &&DirectiveId| tree.arg(**line, 1).is_some_and(|other| other.eq_ignore_ascii_case(&name));
    let first = *tree.own(block.parent, "upstream").iter().find(same)?;
    (first < id).then(|| twice(tree, id, first, name.clone().into_owned()))?
}

/// The `include` in the block of a line that brings the line there.
fn include_of(tree: &Tree, line: DirectiveId) -> Option<DirectiveId> {
    let parent = tree.directive(line).parent;
    let includes = tree.own(parent, "include");
    includes.iter().copied().find(|&include| include < line && tree.directive(include).end > line)
}

fn says_the_same(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let hit = stands_twice(scope).or_else(|| listens_twice(scope))?;
    let [one, other] = hit.places[..] else { return None };
    let both = [one.directive, other.directive];
    let is_include = both.iter().any(|&id| tree.is(id, "include"));
    let files = both.map(|id| tree.directive(id).file);
    let twice_included = tree.directive(both[0]).node == tree.directive(both[1]).node;
    let blocks = both.iter().any(|&id| tree.is_block(id));
    when(!blocks && !is_include && !twice_included && files[0] == files[1] && tree.args(both[0]).eq(tree.args(both[1])))
}

/// `duplicate location` (`ngx_http_add_location`, `ngx_http_init_locations`): two exact ones of one path, or two prefixes,
/// whether or not with `^~`. Patterns and names may repeat.
fn locations_twice(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = directive(scope).filter(|&id| tree.own(id, "location").len() > 1)?;
    let mut seen: HashMap<(bool, String), DirectiveId> = HashMap::new();
    let mut places = Vec::new();
    let mut words = Vec::new();
    for id in tree.locations(block).filter(|&id| !is_unsure(tree, id)) {
        let Some(location) = tree.location(id) else { continue };
        let exact = match location.modifier {
            Modifier::Exact => true,
            Modifier::Prefix | Modifier::PriorityPrefix => false,
            Modifier::Regex | Modifier::RegexNoCase | Modifier::Named => continue,
        };
        let known = match seen.entry((exact, location.path)) {
            Entry::Occupied(known) => known,
            Entry::Vacant(free) => {
                free.insert(id);
                continue;
            }
        };
        let first = *known.get();
        let asked = scope.only.is_none_or(|only| only == id);
        if asked && places.len() < MOST {
            places.push(Place::head(id));
            words.push(known.key().1.clone());
            if scope.only.is_some() {
                places.push(Place::head(first));
            }
        }
    }
    (!places.is_empty()).then_some(Hit { places, words })
}
