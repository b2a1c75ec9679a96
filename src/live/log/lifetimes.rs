//! How long WebSockets lasted, and whether that was a timeout's doing.

use serde::Serialize;

/// How many seconds of lifetimes are told apart: two hours.
pub(super) const MOST_SECONDS: usize = 7200;

/// How long WebSockets lasted, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lifetimes {
    /// Of how many that is known.
    pub known: u64,
    /// Half of them ended earlier.
    pub median: usize,
    /// The second in which most of them ended.
    pub peak: usize,
    /// How many ended in it.
    pub at_peak: u64,
}

impl Lifetimes {
    pub(super) fn of(counts: &[u64]) -> Option<Self> {
        let known: u64 = counts.iter().sum();
        let (peak, &at_peak) = counts.iter().enumerate().max_by_key(|(_, count)| **count).filter(|_| known > 0)?;
        let mut seen = 0;
        let reaches_half = |count: &u64| {
            seen += count;
            seen * 2 >= known
        };
        let median = counts.iter().position(reaches_half)?;
        Some(Self { known, median, peak, at_peak })
    }

    /// The seconds after which so many ended at once that it was no chance: a timeout cut them.
    pub fn cut(&self) -> Option<usize> {
        // One in four, and enough of them; the last count is for all that lasted longer.
        (self.at_peak >= 5 && self.at_peak * 4 >= self.known && (2..MOST_SECONDS).contains(&self.peak))
            .then_some(self.peak)
    }
}
