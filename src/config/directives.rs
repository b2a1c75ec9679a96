//! The directives nginx and its modules know, read from `grammar/directives.toml` when the crate is built.

use super::context::{Context, ContextSet};

/// An nginx version: major, minor, patch.
pub type Version = (u16, u16, u16);

/// The number of a directive's name in the vocabulary: one word to compare and to index by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u16);

impl Name {
    /// The name of this directive, `None` if no module in the vocabulary has it. nginx compares exactly, case included
    /// (`ngx_conf_handler`). A constant: `const PROXY_PASS: Option<Name> = Name::of("proxy_pass");`.
    pub const fn of(text: &str) -> Option<Self> {
        let mut slot = hash(text) as usize % SLOTS.len();
        loop {
            let number = SLOTS[slot];
            if number == FREE {
                return None;
            }
            if same(NAMES[number as usize].text, text) {
                return Some(Self(number));
            }
            slot = (slot + 1) % SLOTS.len();
        }
    }

    /// The name as it is written.
    pub const fn text(self) -> &'static str {
        NAMES[self.0 as usize].text
    }

    /// What the name means: one entry for each module and group of contexts.
    pub fn entries(self) -> &'static [Entry] {
        let row = &NAMES[usize::from(self.0)];
        &ENTRIES[row.from..row.to]
    }

    /// What the name means in `context`, `None` if nginx says that it is not allowed there. Where the directives of a
    /// block are not modelled there is no answer either: see [`allowed_in`](Self::allowed_in).
    pub fn entry_in(self, context: Context) -> Option<&'static Entry> {
        self.entries().iter().find(|entry| entry.contexts.contains(context))
    }

    /// Whether nginx may accept the directive in `context`; always so where the context is not modelled.
    pub fn allowed_in(self, context: Context) -> bool {
        !context.is_modelled() || self.entry_in(context).is_some()
    }

    /// Every context the directive is accepted in, whatever it means there.
    pub fn contexts(self) -> ContextSet {
        self.entries().iter().fold(ContextSet::EMPTY, |all, entry| all.union(entry.contexts))
    }

    /// Every name of the vocabulary, in alphabetical order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..NAMES.len() as u16).map(Self)
    }
}

/// What a directive means in some contexts.
#[derive(Debug)]
pub struct Entry {
    /// Where nginx accepts it.
    pub contexts: ContextSet,
    /// How many arguments it takes.
    pub args: Args,
    /// What lower levels see of it; `None` for blocks.
    pub inherit: Inherit,
    /// The context inside it, if it is a block.
    pub opens: Option<Context>,
    /// The variable it defines.
    pub defines: Option<Defines>,
    /// The first nginx version that has it, if newer than 1.10.
    pub since: Option<Version>,
    /// The last nginx version that has it.
    pub until: Option<Version>,
    /// The module that has it, without `ngx_` and `_module`.
    pub module: &'static str,
    /// Whether only the commercial build has it.
    pub commercial: bool,
}

impl Entry {
    /// Whether nginx of this version has it, as far as the vocabulary knows: modules of others are not dated.
    pub fn exists_in(&self, version: Version) -> bool {
        self.since.is_none_or(|since| since <= version) && self.until.is_none_or(|until| version <= until)
    }
}

/// How many arguments a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args {
    /// One bit for each count that is accepted; bit 8 stands for eight and more.
    counts: u16,
    flag: bool,
}

impl Args {
    /// Whether nginx accepts this many arguments (it says "invalid number of arguments" otherwise).
    pub const fn accepts(self, count: usize) -> bool {
        let bit = if count < 8 { count } else { 8 };
        self.counts & (1 << bit) != 0
    }

    /// Whether the one argument is `on` or `off`.
    pub const fn is_flag(self) -> bool {
        self.flag
    }
}

/// What the levels below see of a directive (`ngx_http_merge_locations` and the merge function of each module).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inherit {
    /// The value of the nearest level that sets it.
    Scalar,
    /// A list. Lines of one level add up; the first line of a lower level discards all inherited ones.
    Replace,
    /// A list. Lines of a lower level add to the inherited ones.
    Append,
    /// Handed down to the `if` and `limit_except` blocks of a location, but not to nested locations.
    Inner,
    /// Not handed down, or of one level alone.
    None,
}

/// Which word names the variable that a directive defines, `$` included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defines {
    /// The first argument.
    First,
    /// The second argument.
    Second,
    /// The last argument.
    Last,
    /// The first word of each line inside the block.
    Entries,
}

/// A name and the range of its entries in `ENTRIES`.
struct Row {
    text: &'static str,
    from: usize,
    to: usize,
}

include!(concat!(env!("OUT_DIR"), "/directives.rs"));

/// A slot without a name.
const FREE: u16 = u16::MAX;

/// A hash table of open addressing: for each slot the number of a name. At most a third is filled, so that the search
/// for an unknown name ends soon.
static SLOTS: [u16; (NAMES.len() * 3).next_power_of_two()] = {
    let mut slots = [FREE; (NAMES.len() * 3).next_power_of_two()];
    let mut number = 0;
    while number < NAMES.len() {
        let mut slot = hash(NAMES[number].text) as usize % slots.len();
        while slots[slot] != FREE {
            slot = (slot + 1) % slots.len();
        }
        slots[slot] = number as u16;
        number += 1;
    }
    slots
};

/// The FNV-1a hash of a name, 32 bits.
const fn hash(name: &str) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut rest = name.as_bytes();
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u32).wrapping_mul(0x0100_0193);
        rest = tail;
    }
    hash
}

/// Equality that a constant may use.
const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Context, ContextSet, Defines, Inherit, Name};

    fn name(text: &str) -> Name {
        Name::of(text).unwrap_or_else(|| panic!("{text} is in the vocabulary"))
    }

    fn inherit(text: &str, context: Context) -> Inherit {
        name(text).entry_in(context).unwrap_or_else(|| panic!("{text} stands in {context:?}")).inherit
    }

    #[test]
    fn every_name_is_found_by_its_text() {
        for known in Name::all() {
            assert_eq!(Name::of(known.text()), Some(known));
            assert!(!known.entries().is_empty());
        }
    }

    #[test]
    fn what_nginx_calls_unknown_is_unknown() {
        for text in ["", "Proxy_Pass", "proxy_passs", "proxy_set_header_inherit", "websocket"] {
            assert_eq!(Name::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_can_be_a_constant() {
        const PROXY_PASS: Option<Name> = Name::of("proxy_pass");
        assert_eq!(PROXY_PASS.map(Name::text), Some("proxy_pass"));
    }

    #[test]
    fn a_name_has_one_meaning_in_a_context() {
        for known in Name::all() {
            let mut seen = HashSet::new();
            for context in known.entries().iter().flat_map(|entry| entry.contexts.iter()) {
                assert!(seen.insert(context), "{} twice in {context:?}", known.text());
            }
        }
    }

    #[test]
    fn every_context_is_opened_by_some_block() {
        let opened: HashSet<Context> = Name::all().flat_map(Name::entries).filter_map(|entry| entry.opens).collect();
        for context in Context::ALL {
            let expected = !matches!(context, Context::Main | Context::Unknown);
            assert_eq!(opened.contains(&context), expected, "{context:?}");
        }
    }

    #[test]
    fn blocks_open_what_stands_around_them() {
        let opens = |text, context| name(text).entry_in(context).and_then(|entry| entry.opens);
        assert_eq!(opens("server", Context::Http), Some(Context::Server));
        assert_eq!(opens("server", Context::Stream), Some(Context::StreamServer));
        assert_eq!(opens("server", Context::Upstream), None);
        assert_eq!(opens("upstream", Context::Stream), Some(Context::StreamUpstream));
        assert_eq!(opens("if", Context::Server), Some(Context::ServerIf));
        assert_eq!(opens("if", Context::Location), Some(Context::If));
        assert_eq!(opens("map", Context::Http), Some(Context::Entries));
        assert_eq!(opens("rtmp", Context::Main), Some(Context::Foreign));
    }

    /// Measured with `nginx -t` on 1.22.1 ("directive is not allowed here").
    #[test]
    fn contexts_are_those_of_nginx() {
        let levels = ContextSet::of(&[Context::Http, Context::Server, Context::Location]);
        for text in ["proxy_set_header", "proxy_http_version", "proxy_hide_header", "proxy_redirect", "limit_req"] {
            assert_eq!(name(text).contexts(), levels, "{text}");
        }
        assert_eq!(name("map").contexts(), ContextSet::of(&[Context::Http, Context::Stream]));
        assert!(name("proxy_pass").allowed_in(Context::LimitExcept));
        assert!(!name("proxy_pass").allowed_in(Context::ServerIf));
        assert!(!name("proxy_read_timeout").allowed_in(Context::If));
        assert!(!name("proxy_set_header").allowed_in(Context::Upstream));
        assert!(!name("location").allowed_in(Context::If));
        assert!(name("include").allowed_in(Context::MailServer));
    }

    #[test]
    fn what_is_not_modelled_is_allowed() {
        for context in [Context::Entries, Context::Foreign, Context::Unknown] {
            assert!(name("proxy_set_header").allowed_in(context));
        }
    }

    #[test]
    fn lists_are_told_from_scalars() {
        for text in ["proxy_set_header", "add_header", "proxy_cookie_path", "error_page", "allow", "deny", "limit_conn"]
        {
            assert_eq!(inherit(text, Context::Location), Inherit::Replace, "{text}");
        }
        for text in ["proxy_http_version", "proxy_read_timeout", "proxy_cache", "auth_basic", "root", "resolver"] {
            assert_eq!(inherit(text, Context::Location), Inherit::Scalar, "{text}");
        }
        for text in ["set", "rewrite", "return", "try_files"] {
            assert_eq!(inherit(text, Context::Location), Inherit::None, "{text}");
        }
        assert_eq!(inherit("proxy_pass", Context::Location), Inherit::Inner);
        assert_eq!(inherit("proxy_pass", Context::StreamServer), Inherit::None);
        assert_eq!(inherit("more_set_headers", Context::Location), Inherit::Append);
    }

    #[test]
    fn variables_are_defined_by_the_right_argument() {
        let defines = |text, context| name(text).entry_in(context).and_then(|entry| entry.defines);
        assert_eq!(defines("set", Context::ServerIf), Some(Defines::First));
        assert_eq!(defines("map", Context::Http), Some(Defines::Last));
        assert_eq!(defines("geo", Context::Stream), Some(Defines::Last));
        assert_eq!(defines("keyval", Context::Http), Some(Defines::Second));
        assert_eq!(defines("geoip2", Context::Http), Some(Defines::Entries));
        assert_eq!(defines("proxy_pass", Context::Location), None);
    }

    #[test]
    fn arguments_are_counted_as_nginx_counts_them() {
        let accepts = |text: &str, context| {
            let args = name(text).entry_in(context).map(|entry| entry.args);
            (0..12).filter(|count| args.is_some_and(|args| args.accepts(*count))).collect::<Vec<_>>()
        };
        assert_eq!(accepts("proxy_set_header", Context::Http), [2]);
        assert_eq!(accepts("proxy_bind", Context::Http), [1, 2]);
        assert_eq!(accepts("internal", Context::Location), [0]);
        assert_eq!(accepts("try_files", Context::Location), (2..12).collect::<Vec<_>>());
        assert_eq!(accepts("http2", Context::Server), [1]);
        assert!(name("http2").entry_in(Context::Server).is_some_and(|entry| entry.args.is_flag()));
    }

    #[test]
    fn versions_bound_what_exists() {
        let exists = |text, context, version| name(text).entry_in(context).map(|entry| entry.exists_in(version));
        assert_eq!(exists("http2", Context::Server, (1, 25, 0)), Some(false));
        assert_eq!(exists("http2", Context::Server, (1, 25, 1)), Some(true));
        assert_eq!(exists("ssl", Context::Server, (1, 25, 1)), Some(false));
        assert_eq!(exists("resolver", Context::Upstream, (1, 27, 2)), Some(false));
        assert_eq!(exists("resolver", Context::Server, (1, 10, 0)), Some(true));
    }
}
