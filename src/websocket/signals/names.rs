//! How names are cut into words: upstreams, hosts, variables, server names.

use std::borrow::Cow;

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

/// A server name in lower case, without what makes it a pattern.
pub(super) fn plain(server_name: &str) -> Cow<'_, str> {
    let name = server_name.trim_start_matches(['~', '^']);
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase() && byte != b'\\') {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace("\\.", ".").to_lowercase())
}

/// What of a [plain] server name its owner chose freely: all labels but the registered domain, or all if there is none.
pub(super) fn own_part(name: &str) -> &str {
    let mut labels = name.rsplit('.').filter(|label| !label.is_empty());
    // `ws.*` and `ws.localhost` have no registered domain.
    let free = |label: &str| ["*", "local", "localhost", "lan", "home", "internal", "test"].contains(&label);
    // `example.co.uk`
    let second = ["ac", "co", "com", "edu", "gov", "net", "org"];
    let registered = match (labels.next(), labels.next(), labels.next()) {
        (Some(_), None, _) => 0,
        (Some(last), _, _) if free(last) => 1,
        (Some(last), Some(middle), Some(_)) if last.len() == 2 && second.contains(&middle) => 3,
        _ => 2,
    };
    (0..registered).fold(name, |rest, _| rest.trim_end_matches('.').rsplit_once('.').map_or("", |(rest, _)| rest))
}

#[cfg(test)]
mod tests {
    use super::{own_part, plain};

    #[test]
    fn the_registered_domain_is_nobodys_choice() {
        for (name, own) in [
            ("ws.example.com", "ws"),
            ("*.Chat.example.co.uk", "*.chat"),
            ("example.com", ""),
            ("example.co.uk", ""),
            ("co.uk", ""),
            ("ws.localhost", "ws"),
            ("ws.*", "ws"),
            ("ws", "ws"),
            (".ws.example.com.", ".ws"),
            (r"~^ws\.example\.com", "ws"),
            ("", ""),
        ] {
            assert_eq!(own_part(&plain(name)), own, "{name}");
        }
    }
}
