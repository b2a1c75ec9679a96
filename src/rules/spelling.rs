//! What was probably meant by a name that there is not.

/// The candidate spelt most like `name`, if any is close.
pub fn nearest<'n>(name: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |candidate: &&str| similar::TextDiff::from_chars(name, *candidate).ratio();
    candidates
        .into_iter()
        .map(|candidate| (likeness(&candidate), candidate))
        .filter(|(ratio, _)| *ratio >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
