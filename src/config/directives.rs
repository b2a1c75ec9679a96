//! The directives nginx and its modules know, read from `grammar/directives.toml` when the crate is built.

use std::num::NonZeroU16;

use super::context::{Context, ContextSet};

/// An nginx version: major, minor, patch.
pub type Version = (u16, u16, u16);

/// The number of a directive's name in the vocabulary: one word to compare and to index by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(NonZeroU16);

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
                return Some(Self::numbered(number));
            }
            slot = (slot + 1) % SLOTS.len();
        }
    }

    /// Zero is left free, so that no name takes no more room than a name.
    const fn numbered(number: u16) -> Self {
        Self(NonZeroU16::MIN.saturating_add(number))
    }

    /// Its number: below the length of [`all`](Self::all), which has it in that place.
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The name as it is written.
    pub const fn text(self) -> &'static str {
        NAMES[self.index()].text
    }

    /// What the name means: one entry for each module and group of contexts.
    pub fn entries(self) -> &'static [Entry] {
        let row = &NAMES[self.index()];
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
        (0..NAMES.len() as u16).map(Self::numbered)
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

/// A hash of the length and of the first and the last eight bytes: few steps, for it is asked for every directive.
const fn hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => {
            let mut word = 0;
            let mut rest = bytes;
            while let [byte, tail @ ..] = rest {
                word = word << 8 | *byte as u64;
                rest = tail;
            }
            (word, 0)
        }
    };
    let mixed = (first ^ last.rotate_left(23) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

/// Equality that a constant may use.
const fn same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    while let (Some((word, rest)), Some((other_word, other_rest))) =
        (one.split_first_chunk(), other.split_first_chunk())
    {
        if u64::from_le_bytes(*word) != u64::from_le_bytes(*other_word) {
            return false;
        }
        (one, other) = (rest, other_rest);
    }
    while let ([byte, rest @ ..], [other_byte, other_rest @ ..]) = (one, other) {
        if *byte != *other_byte {
            return false;
        }
        (one, other) = (rest, other_rest);
    }
    true
}

#[cfg(test)]
mod tests;
