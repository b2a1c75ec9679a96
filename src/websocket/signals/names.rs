//! How names are cut into words: upstreams, hosts, variables, server names.

/// The most words of a name that are tried as one (`open-web-ui` has three).
pub(super) const MAX_PARTS: usize = 4;

/// The parts of a name that do not belong together: labels of a host, segments of a path.
pub(super) fn labels(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).filter(|label| !label.is_empty())
}

/// The lower-case words of a label.
pub(super) fn parts(label: &str) -> Vec<String> {
    label.split(['-', '_']).filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
}

/// Every run of words that follow each other, joined.
pub(super) fn runs(parts: &[String]) -> impl Iterator<Item = String> {
    (1..=MAX_PARTS).rev().flat_map(move |length| parts.windows(length).map(<[String]>::concat))
}

/// The labels of a server name that its owner chose freely: all but the registered domain, or all if there is none.
pub(super) fn own_labels(server_name: &str) -> Vec<String> {
    let name = server_name.trim_start_matches(['~', '^']);
    let name = if name.contains('\\') { name.replace("\\.", ".") } else { name.to_owned() }.to_lowercase();
    let labels: Vec<&str> = name.split('.').filter(|label| !label.is_empty()).collect();
    // `ws.*` and `ws.localhost` have no registered domain.
    let free = |label: &str| ["*", "local", "localhost", "lan", "home", "internal", "test"].contains(&label);
    // `example.co.uk`
    let second = ["ac", "co", "com", "edu", "gov", "net", "org"];
    let registered = match labels.as_slice() {
        [_] => 0,
        [.., last] if free(last) => 1,
        [.., _, middle, last] if last.len() == 2 && second.contains(middle) => 3,
        _ => 2,
    };
    let own = labels.len().saturating_sub(registered);
    labels.into_iter().take(own).map(str::to_owned).collect()
}
