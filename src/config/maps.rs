//! The entries of `map` blocks, as nginx looks them up.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::OnceLock;

use super::regex::Pattern;
use super::tree::{DirectiveId, Tree};

/// The maps of a tree; each is sorted when it is first asked.
#[derive(Debug, Default)]
pub(super) struct Maps(HashMap<DirectiveId, OnceLock<Entries>>);

impl Maps {
    pub(super) fn new(tree: &Tree) -> Self {
        Self(tree.all("map").iter().map(|&map| (map, OnceLock::new())).collect())
    }

    /// The entries of a map. What is no `map` has none.
    pub(super) fn of(&self, tree: &Tree, map: DirectiveId) -> &Entries {
        static NONE: Entries = Entries {
            named: Vec::new(),
            patterns: Vec::new(),
            with_variables: Vec::new(),
            unclear: false,
            default: None,
        };
        self.0.get(&map).map_or(&NONE, |entries| entries.get_or_init(|| Entries::new(tree, map)))
    }
}

/// The entries of one map.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// The hash of each key in lower case and its entry, sorted.
    named: Vec<(u64, DirectiveId)>,
    /// In their order.
    pub(super) patterns: Vec<(DirectiveId, Pattern)>,
    /// Entries with a variable in their value.
    with_variables: Vec<DirectiveId>,
    /// Names of hosts with `*` or a leading dot are among the keys, which are looked up otherwise.
    pub(super) unclear: bool,
    pub(super) default: Option<DirectiveId>,
}

impl Entries {
    fn new(tree: &Tree, map: DirectiveId) -> Self {
        let mut entries = Self::default();
        let mut hostnames = false;
        let mut wildcards = false;
        for entry in tree.children(map) {
            let key = tree.name(entry);
            if tree.words(entry).len() == 1 {
                hostnames |= key == "hostnames";
                continue;
            }
            if tree.arg(entry, 1).is_some_and(|value| value.contains('$')) {
                entries.with_variables.push(entry);
            }
            if key == "include" {
                continue;
            }
            if key == "default" {
                entries.default = Some(entry);
            } else if let Some(regex) = key.strip_prefix('~') {
                let (regex, ignore_case) = regex.strip_prefix('*').map_or((regex, false), |regex| (regex, true));
                entries.patterns.push((entry, Pattern::new(regex, ignore_case)));
            } else {
                let key = key.strip_prefix('\\').unwrap_or(&key);
                wildcards |= key.starts_with(['*', '.']) || key.ends_with('*');
                entries.named.push((hash(key), entry));
            }
        }
        entries.unclear = hostnames && wildcards;
        entries.named.sort_unstable();
        entries
    }

    /// The first entry whose key is this text, without regard to case.
    pub(super) fn named(&self, tree: &Tree, text: &str) -> Option<DirectiveId> {
        let hash = hash(text);
        let first = self.named.partition_point(|&(other, _)| other < hash);
        let same = self.named[first..].iter().take_while(|&&(other, _)| other == hash);
        same.map(|&(_, entry)| entry).find(|&entry| {
            let key = tree.name(entry);
            key.strip_prefix('\\').unwrap_or(&key).eq_ignore_ascii_case(text)
        })
    }
}

impl Tree {
    /// Whether a key of a `map` is a pattern.
    pub fn map_has_patterns(&self, map: DirectiveId) -> bool {
        !self.maps.of(self, map).patterns.is_empty()
    }

    /// The entries of a `map` whose value holds a variable, in their order.
    pub fn map_entries_with_variables(&self, map: DirectiveId) -> &[DirectiveId] {
        &self.maps.of(self, map).with_variables
    }
}

/// The same for keys that differ in case alone, in this run of the program.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key.to_ascii_lowercase().as_bytes());
    hasher.finish()
}
