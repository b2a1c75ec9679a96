//! Which location a request reaches.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use super::location::Modifier;
use super::regex::Pattern;
use super::tree::{DirectiveId, Tree};

/// Where a request for a path ends up before any rewriting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// In this location.
    Location(DirectiveId),
    /// Answered 301 to the same path with a slash, which this location has and proxies.
    Redirect(DirectiveId),
    /// In no location: the server's own settings answer it.
    Server,
    /// Nobody can say: a pattern cannot be judged, or there are too many of them.
    Unknown,
}

impl Reached {
    /// The location that answers or redirects.
    pub fn location(self) -> Option<DirectiveId> {
        match self {
            Self::Location(block) | Self::Redirect(block) => Some(block),
            Self::Server | Self::Unknown => None,
        }
    }
}

/// The locations of each server and location, as nginx looks them up: names by bisection, patterns in their order. Both
/// are sorted when the first request is thought of.
#[derive(Debug, Default)]
pub(super) struct LocationIndex {
    /// The block, the hash of the path and the location, of all that are looked up by name in a block of more than [`FEW`].
    names: OnceLock<Vec<(DirectiveId, u32, DirectiveId)>>,
    patterns: OnceLock<HashMap<DirectiveId, Vec<Candidate>>>,
}

/// The locations of one name: an exact one may stand beside a prefix.
#[derive(Clone, Copy, Debug, Default)]
struct AtName {
    exact: Option<DirectiveId>,
    prefix: Option<(DirectiveId, Modifier)>,
}

/// A location with a pattern, which is read when a request first comes to it.
#[derive(Debug)]
struct Candidate {
    block: DirectiveId,
    source: Box<str>,
    ignore_case: bool,
    pattern: OnceLock<Pattern>,
}

/// With more patterns than this in one block the search would no longer be quick, and nobody is told anything.
const MOST_PATTERNS: usize = 128;

/// So many locations of a block are looked through one by one.
const FEW: usize = 4;

impl LocationIndex {
    fn names(&self, tree: &Tree) -> &[(DirectiveId, u32, DirectiveId)] {
        self.names.get_or_init(|| {
            let locations = tree.all("location");
            let many = |block: &&DirectiveId| tree.own(tree.directive(**block).parent, "location").len() > FEW;
            let by_name = locations.iter().filter(many).filter_map(|&block| {
                let (modifier, path) = tree.modifier_and_path(block)?;
                let by_name = matches!(modifier, Modifier::Exact | Modifier::Prefix | Modifier::PriorityPrefix);
                by_name.then(|| (tree.directive(block).parent, hash(&path), block))
            });
            let mut names: Vec<_> = by_name.collect();
            names.sort_unstable();
            names
        })
    }

    fn patterns(&self, tree: &Tree, block: DirectiveId) -> &[Candidate] {
        let all = self.patterns.get_or_init(|| {
            let mut patterns: HashMap<DirectiveId, Vec<Candidate>> = HashMap::new();
            let marked = |block: &&DirectiveId| tree.arg(**block, 1).is_some_and(|word| word.starts_with('~'));
            for &block in tree.all("location").iter().filter(marked) {
                let Some((modifier, path)) = tree.modifier_and_path(block) else { continue };
                if matches!(modifier, Modifier::Regex | Modifier::RegexNoCase) {
                    patterns.entry(tree.directive(block).parent).or_default().push(Candidate {
                        block,
                        source: path.into(),
                        ignore_case: modifier == Modifier::RegexNoCase,
                        pattern: OnceLock::new(),
                    });
                }
            }
            patterns
        });
        all.get(&block).map_or(&[], Vec::as_slice)
    }
}

/// The same for the same path, in this run of the program.
fn hash(path: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish() as u32
}

/// What a search by name finds in one block (`ngx_http_core_find_static_location`).
enum Static {
    Exact(DirectiveId),
    Redirect(DirectiveId),
    Longest(DirectiveId, Modifier),
    Nothing,
}

impl Tree {
    /// The locations of that name directly in a block; of several that nginx would not accept together, the first.
    fn at_name(&self, scope: DirectiveId, path: &str) -> AtName {
        let mut at = AtName::default();
        let mut add = |block: DirectiveId| match self.modifier_and_path(block) {
            Some((modifier, other)) if other == path => match modifier {
                Modifier::Exact => _ = at.exact.get_or_insert(block),
                Modifier::Prefix | Modifier::PriorityPrefix => _ = at.prefix.get_or_insert((block, modifier)),
                Modifier::Regex | Modifier::RegexNoCase | Modifier::Named => {}
            },
            _ => {}
        };
        let own = self.own(scope, "location");
        if own.len() <= FEW {
            own.iter().copied().for_each(add);
            return at;
        }
        let names = self.reach.names(self);
        let key = (scope, hash(path));
        let first = names.partition_point(|&(block, hash, _)| (block, hash) < key);
        let same = names[first..].iter().take_while(|&&(block, hash, _)| (block, hash) == key);
        same.for_each(|&(_, _, block)| add(block));
        at
    }

    fn by_name(&self, scope: DirectiveId, path: &str) -> Static {
        let here = self.at_name(scope, path);
        if let Some(block) = here.exact {
            return Static::Exact(block);
        }
        if let Some((block, modifier)) = here.prefix {
            return Static::Longest(block, modifier);
        }
        let at = self.at_name(scope, &format!("{path}/"));
        let both = [at.exact, at.prefix.map(|(block, _)| block)];
        if let Some(block) = both.into_iter().flatten().find(|&block| self.redirects(block)) {
            return Static::Redirect(at.exact.unwrap_or(block));
        }
        let shorter = (0..path.len()).rev().filter_map(|end| path.get(..end));
        let longest = shorter.filter_map(|head| self.at_name(scope, head).prefix).next();
        longest.map_or(Static::Nothing, |(block, modifier)| Static::Longest(block, modifier))
    }

    /// The first pattern of a block that matches; none when that cannot be said.
    fn by_pattern(&self, scope: DirectiveId, path: &str) -> Option<Option<DirectiveId>> {
        let patterns = self.reach.patterns(self, scope);
        if patterns.len() > MOST_PATTERNS {
            return None;
        }
        for candidate in patterns {
            let pattern = candidate.pattern.get_or_init(|| Pattern::new(&candidate.source, candidate.ignore_case));
            if pattern.is_match(path)? {
                return Some(Some(candidate.block));
            }
        }
        Some(None)
    }
}

impl Tree {
    /// Where a request for `path` (decoded, without its query) ends up in a server, or in a location that was already
    /// entered: the exact name, then the longest prefix and what is nested in it, then the patterns in their order,
    /// those of the inner blocks first. `^~` shuts out the patterns beside it, not those around its parent
    /// (`ngx_http_core_find_location`, 1.22.1).
    ///
    /// Includes that are not here are not thought of: see [`Tree::is_open`].
    pub fn reach(&self, block: DirectiveId, path: &str) -> Reached {
        // Down through the prefixes, and from a pattern that matches into the patterns that are nested in it: names there
        // are accepted and never compared (`ngx_http_init_static_location_trees` leaves them out; 1.22.1).
        let mut scope = block;
        let mut by_name = !self.location(block).is_some_and(|location| location.is_regex());
        let mut found = Reached::Server;
        'search: loop {
            // The blocks on the way down whose patterns are still to be asked.
            let mut waiting = Vec::new();
            while !self.own(scope, "location").is_empty() {
                let named = if by_name { self.by_name(scope, path) } else { Static::Nothing };
                match named {
                    Static::Exact(block) => return Reached::Location(block),
                    Static::Redirect(block) => return Reached::Redirect(block),
                    Static::Longest(block, modifier) => {
                        if modifier != Modifier::PriorityPrefix {
                            waiting.push(scope);
                        }
                        found = Reached::Location(block);
                        scope = block;
                    }
                    Static::Nothing => {
                        waiting.push(scope);
                        break;
                    }
                }
            }
            while let Some(inner) = waiting.pop() {
                match self.by_pattern(inner, path) {
                    None => return Reached::Unknown,
                    Some(None) => {}
                    Some(Some(block)) => {
                        found = Reached::Location(block);
                        scope = block;
                        by_name = false;
                        continue 'search;
                    }
                }
            }
            return found;
        }
    }

    /// The location of a server that a request for `path` is meant for: the one that answers it, or has it with a slash
    /// at the end. None when no location does, or when that cannot be said.
    pub fn select(&self, server: DirectiveId, path: &str) -> Option<DirectiveId> {
        self.reach(server, path).location()
    }

    /// Whether a location with just this path, exact or as a prefix, stands directly in a block.
    pub fn has_location(&self, block: DirectiveId, path: &str) -> bool {
        let at = self.at_name(block, path);
        at.exact.is_some() || at.prefix.is_some()
    }

    /// Whether nginx redirects the path without its last slash to this location: a `*_pass` stands in it, whose parser
    /// asks for that (`ngx_http_proxy_pass` and its like; NGINX facts part H), unless Angie's `auto_redirect` says otherwise.
    pub fn redirects(&self, location: DirectiveId) -> bool {
        const PASSES: [&str; 6] =
            ["proxy_pass", "uwsgi_pass", "scgi_pass", "fastcgi_pass", "grpc_pass", "memcached_pass"];
        match self.effective(location, "auto_redirect").and_then(|effective| self.arg(effective.line(), 1)) {
            Some(value) if value == "on" => true,
            Some(value) if value == "off" => false,
            _ => PASSES.iter().any(|pass| !self.own(location, pass).is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Memory, TreeOptions};

    /// The arguments of the location that answers, or what happens instead.
    fn answer(locations: &str, path: &str) -> String {
        let mut files = Memory::new();
        files.insert("nginx.conf", format!("events {{}} http {{ server {{ {locations} }} }}"));
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        let server = tree.ids().find(|&id| tree.is(id, "server")).unwrap_or(crate::config::ROOT);
        let words = |block| tree.args(block).collect::<Vec<_>>().join(" ");
        match tree.reach(server, path) {
            Reached::Location(block) => words(block),
            Reached::Redirect(block) => format!("301 {}", words(block)),
            Reached::Server => "server".into(),
            Reached::Unknown => "unknown".into(),
        }
    }

    #[test]
    fn exact_before_longest_prefix_before_nothing() {
        let locations = "location / {} location /ws {} location = /ws {} location /ws/a {}";
        for (path, expected) in
            [("/", "/"), ("/w", "/"), ("/ws", "= /ws"), ("/ws/", "/ws"), ("/wsx", "/ws"), ("/ws/ab", "/ws/a")]
        {
            assert_eq!(answer(locations, path), expected, "{path}");
        }
        assert_eq!(answer("location /a {}", "/b"), "server");
    }

    #[test]
    fn patterns_in_their_order_unless_the_prefix_forbids() {
        let locations = "location / {} location /a/ {} location ^~ /b/ {} location ~ x$ {} location ~* ^/.*X {}";
        for (path, expected) in
            [("/a/", "/a/"), ("/a/x", "~ x$"), ("/a/xy", "~* ^/.*X"), ("/b/x", "^~ /b/"), ("/x", "~ x$")]
        {
            assert_eq!(answer(locations, path), expected, "{path}");
        }
        assert_eq!(answer("location /a {} location ~ (?<bad {}", "/a"), "unknown");
    }

    #[test]
    fn nested_locations_keep_the_patterns_around_them() {
        let inner = "location /a { location ^~ /a/b {} location ~ n$ {} } location ~ x$ {}";
        assert_eq!(answer(inner, "/a/bn"), "^~ /a/b", "the inner `^~` shuts the inner pattern out");
        assert_eq!(answer(inner, "/a/bx"), "~ x$", "but not the outer one");
        let outer = "location ^~ /a { location /a/b {} location ~ n$ {} } location ~ x$ {}";
        assert_eq!(answer(outer, "/a/bx"), "/a/b", "the outer `^~` shuts the outer pattern out");
        assert_eq!(answer(outer, "/a/bn"), "~ n$", "but not the inner one");
        let below = "location ~ /a { location /a/ {} location = /ab {} location ~ n$ {} }";
        for (path, expected) in [("/a/c", "~ /a"), ("/ab", "~ /a"), ("/an", "~ n$")] {
            assert_eq!(answer(below, path), expected, "{path}: names in a pattern are never compared");
        }
    }

    #[test]
    fn a_proxied_path_without_its_slash_is_redirected() {
        let proxied = "location / {} location /ws/ { proxy_pass http://127.0.0.1:1; } location ~ ws {}";
        assert_eq!(answer(proxied, "/ws"), "301 /ws/", "before any pattern");
        assert_eq!(answer(&format!("{proxied} location = /ws {{}}"), "/ws"), "= /ws");
        assert_eq!(answer(&format!("{proxied} location /ws {{}}"), "/ws"), "~ ws");
        assert_eq!(answer("location / {} location /ws/ { root /srv; }", "/ws"), "/");
        let in_if = "location / {} location /ws/ { if ($http_upgrade) { proxy_pass http://127.0.0.1:1; } }";
        assert_eq!(answer(in_if, "/ws"), "/", "what stands in `if` asks for nothing");
    }
}
