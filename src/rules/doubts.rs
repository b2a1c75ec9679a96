//! What a syntax error puts in doubt.

use std::collections::HashMap;
use std::ops::Range;

use super::finding::Finding;
use crate::config::{File, FileId, Tree};

/// The statements of each file that may be an artefact of a syntax error: where their numbers begin and end, in order.
pub(super) struct Doubts(HashMap<FileId, Vec<Range<u32>>>);

impl Doubts {
    pub(super) fn new(tree: &Tree) -> Self {
        let mut doubts = HashMap::new();
        for (id, file) in (0..).map(FileId).zip(tree.files()).filter(|(_, file)| !file.ast.errors().is_empty()) {
            let errors = file.ast.errors().iter();
            let mut ranges: Vec<Range<u32>> =
                errors.flat_map(|error| [error.doubtful.clone(), block_around(file, error.span.start)]).collect();
            ranges.retain(|range| !range.is_empty());
            ranges.sort_by_key(|range| range.start);
            // What lies inside another one says nothing more.
            let mut end = 0;
            ranges.retain(|range| {
                let reaches = range.end > end;
                end = end.max(range.end);
                reaches
            });
            doubts.insert(id, ranges);
        }
        Self(doubts)
    }

    /// Whether a finding may be an artefact of a syntax error, or of a `;` that is lost.
    pub(super) fn concern(&self, tree: &Tree, finding: &Finding<'_>) -> bool {
        let at = tree.directive(finding.place.directive);
        let ranges = self.0.get(&at.file).map_or(&[][..], Vec::as_slice);
        let in_error = ranges[..ranges.partition_point(|range| range.start <= at.node.0)].last();
        tree.is_doubtful(finding.place.directive) || in_error.is_some_and(|range| at.node.0 < range.end)
    }
}

/// The numbers of the statements in the block of an error: the line at fault may be the very one that is missed there.
fn block_around(file: &File, offset: u32) -> Range<u32> {
    let File { ast, source, .. } = file;
    let Some(block) = ast.block_at(offset) else { return 0..0 };
    let name = ast.words(block).first().map(|word| word.value(source));
    let inner = name.is_some_and(|name| matches!(&*name, "location" | "if" | "limit_except" | "upstream" | "map"));
    if inner { block.0..ast.behind(block).0 } else { 0..0 }
}
