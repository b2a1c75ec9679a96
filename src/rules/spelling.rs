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

/// Whether `written` is `meant` with one slip of the pen: a letter too many, one too few, one that is another, two that
/// changed places; or in other case, or with hyphens for underscores.
pub(super) fn is_slip(written: &str, meant: &str) -> bool {
    if written == meant || !written.is_ascii() || written.len().abs_diff(meant.len()) > 1 {
        return false;
    }
    if written.replace('-', "_").eq_ignore_ascii_case(meant) {
        return true;
    }
    let (written, meant) = (written.as_bytes(), meant.as_bytes());
    let same = written.iter().zip(meant).take_while(|(one, other)| one == other).count();
    let (written, meant) = (&written[same..], &meant[same..]);
    match (written, meant) {
        ([_, rest @ ..], _) if rest == meant => true,
        (_, [_, rest @ ..]) if rest == written => true,
        ([_, written @ ..], [_, meant @ ..]) if written == meant => true,
        ([one, other, written @ ..], [first, second, meant @ ..]) => {
            one == second && other == first && written == meant
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn one_letter_is_a_slip() {
        for written in [
            "proxy_set_headers",
            "proxy_set_heade",
            "proxy_set_haeder",
            "proxy_set_neader",
            "Proxy_Set_Header",
            "proxy-set-header",
            "roxy_set_header",
            "proxy_set_header:",
        ] {
            assert!(is_slip(written, "proxy_set_header"), "{written}");
        }
        for written in
            ["proxy_set_header", "proxy_hide_header", "proxy_set_headre2", "set_header", "", "pröxy_set_header"]
        {
            assert!(!is_slip(written, "proxy_set_header"), "{written}");
        }
    }
}
