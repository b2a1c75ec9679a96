//! The arguments of a `location`.

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

    /// The locations directly in a server or a location.
    pub fn locations(&self, block: DirectiveId) -> impl Iterator<Item = DirectiveId> + '_ {
        self.own(block, "location").iter().copied()
    }
}
