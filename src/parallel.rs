//! Work on several cores whose results come in the order of one.

use std::ops::Range;

use rayon::prelude::*;

/// Chunks for each thread, so that a slow one does not keep the others waiting for long.
const CHUNKS: usize = 4;

/// What `work` makes of `0..count`, cut into ranges that are worked on at the same time. Fewer items than twice `least`
/// are done here and now: another thread would wake up too late.
pub(crate) fn in_ranges<T: Send>(count: usize, least: usize, work: impl Fn(Range<usize>) -> Vec<T> + Sync) -> Vec<T> {
    if count < 2 * least || rayon::current_num_threads() == 1 {
        return work(0..count);
    }
    let size = count.div_ceil(rayon::current_num_threads() * CHUNKS).max(least);
    let ranges = (0..count.div_ceil(size)).into_par_iter();
    let all: Vec<Vec<T>> = ranges.map(|number| work(number * size..count.min((number + 1) * size))).collect();
    all.into_iter().flatten().collect()
}

/// Works on neighbouring items at the same time, in their place; what `work` gives comes in their order.
pub(crate) fn in_place<T: Send, R: Send>(
    items: &mut [T],
    least: usize,
    work: impl Fn(&mut [T]) -> Vec<R> + Sync + Send,
) -> Vec<R> {
    if items.len() < 2 * least || rayon::current_num_threads() == 1 {
        return work(items);
    }
    let size = items.len().div_ceil(rayon::current_num_threads() * CHUNKS).max(least);
    let all: Vec<Vec<R>> = items.par_chunks_mut(size).map(work).collect();
    all.into_iter().flatten().collect()
}

/// Does two things at the same time where `large` says that they take long enough to be worth it.
pub(crate) fn both<A: Send, B: Send>(
    large: bool,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if large && rayon::current_num_threads() > 1 { rayon::join(one, other) } else { (one(), other()) }
}

#[cfg(test)]
mod tests {
    use super::{in_place, in_ranges};

    #[test]
    fn the_order_is_that_of_one_thread() {
        for count in [0, 1, 7, 8, 9, 1000, 1001] {
            let mut expected: Vec<usize> = (0..count).collect();
            assert_eq!(in_ranges(count, 4, Iterator::collect), expected);
            let doubled = in_place(&mut expected, 4, |items| {
                items.iter_mut().for_each(|item| *item *= 2);
                items.to_vec()
            });
            assert_eq!((doubled.len(), &doubled), (count, &expected));
            assert!(doubled.iter().enumerate().all(|(index, &item)| item == 2 * index));
        }
    }
}
