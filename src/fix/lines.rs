//! Where the lines of one text stand in another version of it.

use similar::{Algorithm, DiffOp, TextDiff};

/// The lines of one text as lines of another; both count from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineMap(Vec<u32>);

impl LineMap {
    /// Finds each line of `from` in `to`. One that is not there is where the lines that took its place are, or where it
    /// would stand.
    pub fn between(from: &[u8], to: &[u8]) -> Self {
        // Lines that are there once, such as names, keep it linear where thousands have changed.
        let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(from, to);
        let last = diff.ops().iter().map(|op| op.new_range().end).max().unwrap_or_default().saturating_sub(1);
        let mut lines = Vec::new();
        for op in diff.ops() {
            let new = op.new_range();
            lines.extend(op.old_range().enumerate().map(|(offset, _)| match op {
                DiffOp::Equal { .. } => new.start + offset,
                _ => (new.start + offset.min(new.len().saturating_sub(1))).min(last),
            }));
        }
        Self(lines.into_iter().map(|line| u32::try_from(line).map_or(u32::MAX, |line| line + 1)).collect())
    }

    /// The line of the other text; a line that is in neither stays as it is.
    pub fn of(&self, line: u32) -> u32 {
        let index = line.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.0.get(index)).copied().unwrap_or(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again_behind_what_was_added_changed_and_taken_away() {
        let (before, after) = (b"a\nb\nc\nd\ne\n", b"new\na\nB\nc\ne\n");
        let back = LineMap::between(after, before);
        assert_eq!([1, 2, 3, 4, 5].map(|line| back.of(line)), [1, 1, 2, 3, 5]);
        let forth = LineMap::between(before, after);
        assert_eq!([1, 2, 3, 4, 5].map(|line| forth.of(line)), [2, 3, 4, 5, 5]);
    }

    #[test]
    fn lines_that_are_nowhere_stay() {
        assert_eq!(LineMap::between(b"a\n", b"").of(1), 1);
        assert_eq!(LineMap::default().of(7), 7);
        assert_eq!(LineMap::between(b"", b"a").of(1), 1);
    }
}
