//! Numbers for some of the directives of a tree.

use super::tree::DirectiveId;

/// Some directives numbered, in their order: a bit for each directive, and how many come before.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    words: Vec<(u64, u32)>,
    count: usize,
}

impl Numbers {
    /// Numbers those of `chosen`; all are below `directives`.
    pub(crate) fn new(directives: usize, chosen: impl Iterator<Item = DirectiveId>) -> Self {
        let mut words = vec![(0, 0); directives.div_ceil(64)];
        for id in chosen {
            words[id.0 as usize / 64].0 |= 1_u64 << (id.0 % 64);
        }
        let mut count = 0;
        for (bits, before) in &mut words {
            *before = count;
            count += bits.count_ones();
        }
        Self { words, count: count as usize }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The number of a directive, from 0; none where it is not one of them.
    pub(crate) fn of(&self, id: DirectiveId) -> Option<usize> {
        let &(bits, before) = self.words.get(id.0 as usize / 64)?;
        let bit = 1_u64 << (id.0 % 64);
        (bits & bit != 0).then(|| (before + (bits & (bit - 1)).count_ones()) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_chosen_are_numbered_in_their_order() {
        for chosen in [vec![], vec![0], vec![63, 64, 65], vec![199, 3, 64, 3, 128]] {
            let numbers = Numbers::new(200, chosen.iter().copied().map(DirectiveId));
            let mut sorted = chosen;
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(numbers.count(), sorted.len());
            for id in 0..300 {
                let expected = sorted.iter().position(|&one| one == id);
                assert_eq!(numbers.of(DirectiveId(id)), expected, "{id} of {sorted:?}");
            }
        }
    }
}
