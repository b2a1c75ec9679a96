//! A name for a finding that stays when lines above it come or go.

use std::collections::HashMap;

use super::model::Problem;
use crate::config::{DirectiveId, ROOT, Tree};
use crate::rules::Finding;

/// FNV-1a with 64 bits: short, the same on every machine and in every version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Fnv(u64);

impl Fnv {
    const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// Adds a part, ended by a zero byte so that parts do not run into each other.
    fn with(self, part: &str) -> Self {
        let bytes = part.bytes().chain(std::iter::once(0));
        Self(bytes.fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
    }
}

/// A name for what these parts say.
pub(super) fn of_parts(parts: &[&str]) -> String {
    format!("{:016x}", parts.iter().fold(Fnv::EMPTY, |hash, part| hash.with(part)).0)
}

/// Gives each name once, for formats in which equal names are one and the same.
#[derive(Default)]
pub(super) struct Unique {
    seen: HashMap<String, u32>,
}

impl Unique {
    /// The name itself, or another one if it was given before.
    pub(super) fn of(&mut self, name: &str) -> String {
        let count = self.seen.entry(name.to_owned()).or_default();
        *count += 1;
        if *count == 1 { name.to_owned() } else { of_parts(&[name, &count.to_string()]) }
    }

    /// A name for what could not be understood.
    pub(super) fn of_problem(&mut self, problem: &Problem) -> String {
        self.of(&of_parts(&[problem.kind(), &problem.file, &problem.message]))
    }
}

/// Names the findings of trees, in their order.
#[derive(Default)]
pub(super) struct Fingerprints {
    blocks: HashMap<DirectiveId, Fnv>,
    seen: HashMap<Fnv, u32>,
}

impl Fingerprints {
    /// The next findings are those of another tree, whose directives have other numbers.
    pub(super) fn next_tree(&mut self) {
        self.blocks.clear();
    }

    /// Of the rule, the file, the words of the enclosing blocks and of the directive; equal ones are counted.
    pub(super) fn of(&mut self, tree: &Tree, finding: &Finding<'_>, file: &str) -> String {
        let directive = finding.place.directive;
        let around = self.block(tree, directive);
        let hash = Fnv::EMPTY.with(&finding.rule.id).with(file).with(&format!("{:x}", around.0));
        let count = self.seen.entry(hash).or_default();
        *count += 1;
        format!("{:016x}", hash.with(&count.to_string()).0)
    }

    /// A directive with everything around it. Each block is read once, whatever the depth.
    fn block(&mut self, tree: &Tree, id: DirectiveId) -> Fnv {
        let unknown: Vec<DirectiveId> = std::iter::once(id)
            .chain(tree.ancestors(id))
            .take_while(|block| *block != ROOT && !self.blocks.contains_key(block))
            .collect();
        let outermost = unknown.last().copied().map_or(id, |block| tree.directive(block).parent);
        let mut hash = self.blocks.get(&outermost).copied().unwrap_or(Fnv::EMPTY);
        for block in unknown.into_iter().rev() {
            let source = tree.source(block);
            hash = tree.words(block).iter().fold(hash.with("{"), |hash, word| hash.with(source.slice(word.span)));
            self.blocks.insert(block, hash);
        }
        self.blocks.get(&id).copied().unwrap_or(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        // FNV-1a of "a\0": the offset basis, one byte, then a zero byte.
        let a = (0xcbf2_9ce4_8422_2325_u64 ^ 0x61).wrapping_mul(0x100_0000_01b3);
        assert_eq!(a, 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Fnv::EMPTY.with("a").0, a.wrapping_mul(0x100_0000_01b3));
        assert_ne!(Fnv::EMPTY.with("ab").with("c"), Fnv::EMPTY.with("a").with("bc"));
    }
}
