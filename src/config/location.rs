//! The arguments of a `location`.

use std::borrow::Cow;

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
        let (modifier, path) = self.modifier_and_path(block)?;
        Some(Location { modifier, path: path.into_owned() })
    }

    /// How a `location` compares, without its path.
    pub fn modifier(&self, block: DirectiveId) -> Option<Modifier> {
        if self.is(block, "location") { Some(self.modifier_and_path(block)?.0) } else { None }
    }

    /// The two parts of what stands behind `location`.
    pub(super) fn modifier_and_path(&self, block: DirectiveId) -> Option<(Modifier, Cow<'_, str>)> {
        let first = self.arg(block, 1)?;
        if let Some(path) = self.arg(block, 2) {
            let modifier = match &*first {
                "=" => Modifier::Exact,
                "^~" => Modifier::PriorityPrefix,
                "~" => Modifier::Regex,
                "~*" => Modifier::RegexNoCase,
                _ => return None,
            };
            return Some((modifier, path));
        }
        let glued = [
            ("=", Modifier::Exact),
            ("^~", Modifier::PriorityPrefix),
            ("~*", Modifier::RegexNoCase),
            ("~", Modifier::Regex),
        ];
        for (mark, modifier) in glued {
            if let Some(path) = first.strip_prefix(mark) {
                return Some((modifier, Cow::Owned(path.to_owned())));
            }
        }
        Some((if first.starts_with('@') { Modifier::Named } else { Modifier::Prefix }, first))
    }

    /// The locations directly in a server or a location.
    pub fn locations(&self, block: DirectiveId) -> impl Iterator<Item = DirectiveId> + '_ {
        self.own(block, "location").iter().copied()
    }
}
