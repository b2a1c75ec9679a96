//! The places a directive can stand in, and sets of them.

/// Where a directive stands: the kind of the block around it, as nginx tells them apart (`cmd_type` of `ngx_conf_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// The top of the configuration, outside every block.
    Main,
    /// `events { }`.
    Events,
    /// `http { }`.
    Http,
    /// `server { }` in `http`.
    Server,
    /// `location { }`.
    Location,
    /// `if ( ) { }` in a location.
    If,
    /// `if ( ) { }` in a `server`.
    ServerIf,
    /// `limit_except { }`.
    LimitExcept,
    /// `upstream { }` in `http`.
    Upstream,
    /// `stream { }`.
    Stream,
    /// `server { }` in `stream`.
    StreamServer,
    /// `upstream { }` in `stream`.
    StreamUpstream,
    /// `mail { }`.
    Mail,
    /// `server { }` in `mail`.
    MailServer,
    /// A block whose lines are data rather than directives: `map`, `geo`, `types`, `split_clients`.
    Entries,
    /// A block that is known, and whose own directives are not modelled: `rtmp`, `mgmt`, Lua code.
    Foreign,
    /// A block nothing is known about, or a fragment whose place could not be inferred.
    Unknown,
}

impl Context {
    /// Every context, in the order of the declaration.
    pub const ALL: [Self; 17] = [
        Self::Main,
        Self::Events,
        Self::Http,
        Self::Server,
        Self::Location,
        Self::If,
        Self::ServerIf,
        Self::LimitExcept,
        Self::Upstream,
        Self::Stream,
        Self::StreamServer,
        Self::StreamUpstream,
        Self::Mail,
        Self::MailServer,
        Self::Entries,
        Self::Foreign,
        Self::Unknown,
    ];

    /// The name used in `grammar/directives.toml`, on the command line and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Events => "events",
            Self::Http => "http",
            Self::Server => "server",
            Self::Location => "location",
            Self::If => "if",
            Self::ServerIf => "server-if",
            Self::LimitExcept => "limit_except",
            Self::Upstream => "upstream",
            Self::Stream => "stream",
            Self::StreamServer => "stream-server",
            Self::StreamUpstream => "stream-upstream",
            Self::Mail => "mail",
            Self::MailServer => "mail-server",
            Self::Entries => "entries",
            Self::Foreign => "foreign",
            Self::Unknown => "unknown",
        }
    }

    /// The context of this name, the inverse of [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.name() == name)
    }

    /// Whether the lines of such a block are directives this vocabulary can judge.
    pub const fn is_modelled(self) -> bool {
        !matches!(self, Self::Entries | Self::Foreign | Self::Unknown)
    }
}

/// A set of contexts, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContextSet(u32);

impl ContextSet {
    /// No context.
    pub const EMPTY: Self = Self(0);

    /// Every context whose lines are directives this vocabulary can judge.
    pub const DIRECTIVES: Self = Self((1 << Context::Entries as u32) - 1);

    /// The set of these contexts.
    pub const fn of(contexts: &[Context]) -> Self {
        let mut bits = 0;
        let mut rest = contexts;
        while let [context, tail @ ..] = rest {
            bits |= 1 << *context as u32;
            rest = tail;
        }
        Self(bits)
    }

    /// Whether `context` is in the set.
    pub const fn contains(self, context: Context) -> bool {
        self.0 & (1 << context as u32) != 0
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The contexts of the set, in the order of [`Context::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Context> {
        Context::ALL.into_iter().filter(move |context| self.contains(*context))
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, ContextSet};

    #[test]
    fn every_context_is_found_by_its_name() {
        for (number, context) in Context::ALL.into_iter().enumerate() {
            assert_eq!(Context::from_name(context.name()), Some(context));
            assert_eq!(context as usize, number, "ALL keeps the order of the declaration");
        }
        assert_eq!(Context::from_name("any"), None);
    }

    #[test]
    fn directives_stand_in_the_modelled_contexts() {
        for context in Context::ALL {
            assert_eq!(ContextSet::DIRECTIVES.contains(context), context.is_modelled(), "{context:?}");
        }
    }

    #[test]
    fn sets_combine() {
        let levels = ContextSet::of(&[Context::Http, Context::Server]);
        let inner = ContextSet::of(&[Context::Server, Context::Location]);
        assert_eq!(levels.intersection(inner), ContextSet::of(&[Context::Server]));
        assert_eq!(levels.union(inner).iter().collect::<Vec<_>>(), [Context::Http, Context::Server, Context::Location]);
        assert!(levels.intersection(ContextSet::of(&[Context::Mail])).is_empty());
    }
}
