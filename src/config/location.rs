//! Locations and which of them a request reaches.

use super::regex::Pattern;
use super::tree::{DirectiveId, Tree};

/// How a location compares its path with that of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// `location /path`
    Prefix,
    /// `location = /path`
    Exact,
    /// `location ^~ /path`: no pattern is tried once it is the longest prefix.
    PriorityPrefix,
    /// `location ~ pattern`
    Regex,
    /// `location ~* pattern`
    RegexNoCase,
    /// `location @name`
    Named,
}

/// The arguments of a `location`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// How it compares.
    pub modifier: Modifier,
    /// The path, pattern or name, without the modifier; a name with its `@`.
    pub path: String,
}

impl Location {
    /// Whether the path is a pattern.
    pub fn is_regex(&self) -> bool {
        matches!(self.modifier, Modifier::Regex | Modifier::RegexNoCase)
    }
}

impl Tree {
    /// Takes the arguments of a `location` apart; the modifier may be glued to the path (`ngx_http_core_location`).
    pub fn location(&self, block: DirectiveId) -> Option<Location> {
        if !self.is(block, "location") {
            return None;
        }
        let first = self.arg(block, 1)?;
        if let Some(path) = self.arg(block, 2) {
            let modifier = match &*first {
                "=" => Modifier::Exact,
                "^~" => Modifier::PriorityPrefix,
                "~" => Modifier::Regex,
                "~*" => Modifier::RegexNoCase,
                _ => return None,
            };
            return Some(Location { modifier, path: path.into_owned() });
        }
        let glued = [
            ("=", Modifier::Exact),
            ("^~", Modifier::PriorityPrefix),
            ("~*", Modifier::RegexNoCase),
            ("~", Modifier::Regex),
        ];
        let (path, modifier) = glued
            .into_iter()
            .find_map(|(mark, modifier)| Some((first.strip_prefix(mark)?, modifier)))
            .unwrap_or((&first, if first.starts_with('@') { Modifier::Named } else { Modifier::Prefix }));
        Some(Location { modifier, path: path.to_owned() })
    }

    /// The location of a server that answers a request for `path`, as nginx looks for it: exact, then the longest
    /// prefix and within it its nested locations, then patterns in their order unless `^~` forbids
    /// (`ngx_http_core_find_location`). None when no location does, or when a pattern cannot be judged.
    pub fn select(&self, server: DirectiveId, path: &str) -> Option<DirectiveId> {
        let mut scope = server;
        let mut found = None;
        let mut scopes = Vec::new();
        // Down through the prefixes; patterns are tried on the way back, the innermost first.
        loop {
            let mut longest: Option<(usize, DirectiveId, Modifier)> = None;
            for block in self.locations(scope) {
                let Some(location) = self.location(block) else { continue };
                match location.modifier {
                    Modifier::Exact if location.path == path => return Some(block),
                    Modifier::Prefix | Modifier::PriorityPrefix
                        if path.starts_with(&location.path)
                            && longest.is_none_or(|(length, ..)| length < location.path.len()) =>
                    {
                        longest = Some((location.path.len(), block, location.modifier));
                    }
                    _ => {}
                }
            }
            scopes.push(scope);
            let Some((_, block, modifier)) = longest else { break };
            found = Some((block, modifier));
            scope = block;
        }
        if matches!(found, Some((_, Modifier::PriorityPrefix))) {
            return found.map(|(block, _)| block);
        }
        for scope in scopes.into_iter().rev() {
            for block in self.locations(scope) {
                let Some(location) = self.location(block).filter(Location::is_regex) else { continue };
                let ignore_case = location.modifier == Modifier::RegexNoCase;
                if Pattern::new(&location.path, ignore_case).is_match(path)? {
                    return Some(block);
                }
            }
        }
        found.map(|(block, _)| block)
    }

    /// The locations directly in a server or a location.
    pub fn locations(&self, block: DirectiveId) -> impl Iterator<Item = DirectiveId> + '_ {
        self.own(block, "location").iter().copied()
    }
}
