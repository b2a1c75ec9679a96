//! A name for a finding that stays when lines above it come or go.

use std::path::{Component, Path, PathBuf};

use foldhash::HashMap;

use super::model::Problem;
use crate::config::{DirectiveId, ROOT, Tree};
use crate::rules::{Finding, WordPart};
use crate::syntax::Span;

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
    base: PathBuf,
    blocks: HashMap<DirectiveId, Fnv>,
    counts: HashMap<Fnv, u32>,
    /// The numbers of those that are alike, by where they stand.
    numbers: HashMap<(Fnv, Span), u32>,
}

impl Fingerprints {
    /// Names files by their way from `base`, so that it does not matter how they were given.
    pub(super) fn relative_to(&mut self, base: PathBuf) {
        self.base = base;
    }

    /// The next findings are those of another tree, whose directives have other numbers.
    pub(super) fn next_tree(&mut self) {
        self.blocks.clear();
    }

    /// Of the rule, the file, and the words of the directive and of the blocks around it in that file, so that neither
    /// lines that move nor the place from which a file is included count. The second of two that are alike is told
    /// from the first by its number; the same one is given again for the same place.
    pub(super) fn of(&mut self, tree: &Tree, finding: &Finding<'_>) -> String {
        let (file, span) = finding.place.locate(tree);
        let source = &tree.file(file).source;
        let around = self.block(tree, finding.place.directive);
        let mut hash =
            Fnv::EMPTY.with(&finding.rule.id).with(&self.name(source.path())).with(&format!("{:x}", around.0));
        if let WordPart::Text(span) = finding.place.part {
            hash = hash.with(source.slice(span));
        }
        let counts = &mut self.counts;
        let number = *self.numbers.entry((hash, span)).or_insert_with(|| {
            let count = counts.entry(hash).or_default();
            *count += 1;
            *count
        });
        format!("{:016x}", hash.with(&number.to_string()).0)
    }

    /// A directive with everything around it in its file. Each block is read once, whatever the depth.
    fn block(&mut self, tree: &Tree, id: DirectiveId) -> Fnv {
        let file = tree.directive(id).file;
        let is_here = |block: &DirectiveId| *block != ROOT && tree.directive(*block).file == file;
        let mut outermost = None;
        let mut unknown = Vec::new();
        for block in std::iter::once(id).chain(tree.ancestors(id)).take_while(is_here) {
            outermost = self.blocks.get(&block).copied();
            if outermost.is_some() {
                break;
            }
            unknown.push(block);
        }
        let mut hash = outermost.unwrap_or(Fnv::EMPTY);
        for block in unknown.into_iter().rev() {
            let words = |hash: Fnv, id| {
                let source = tree.source(id);
                tree.words(id).iter().fold(hash, |hash, word| hash.with(source.slice(word.span)))
            };
            hash = words(hash.with("{"), block);
            // Servers have no name in their head.
            if tree.is(block, "server") {
                hash = tree.own(block, "server_name").iter().fold(hash, |hash, &line| words(hash, line));
            }
            self.blocks.insert(block, hash);
        }
        hash
    }

    /// A file's name without detours.
    fn name(&self, path: &Path) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.strip_prefix(&self.base).unwrap_or(path).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                // A name that is not UTF-8 counts as far as it is.
                other => parts.push(other.as_os_str().to_str().unwrap_or("?")),
            }
        }
        parts.join("/")
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

    #[test]
    fn files_are_named_alike_however_they_are_given() {
        let mut prints = Fingerprints::default();
        prints.relative_to("/srv/repo".into());
        for path in ["conf.d/a.conf", "./conf.d/a.conf", "/srv/repo/conf.d/a.conf", "sites/../conf.d/a.conf"] {
            assert_eq!(prints.name(Path::new(path)), "conf.d/a.conf", "{path}");
        }
        assert_ne!(prints.name(Path::new("../a.conf")), prints.name(Path::new("a.conf")));
    }
}
