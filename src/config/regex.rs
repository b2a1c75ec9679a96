//! PCRE patterns of a configuration, as far as they can be judged.

use fancy_regex::Regex;

/// A pattern of a location, a `map` key or an `if`. Where the engine here cannot read it, it matches nobody knows what.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Option<Regex>,
}

impl Pattern {
    /// Reads a pattern; `ignore_case` for `~*`.
    pub fn new(pattern: &str, ignore_case: bool) -> Self {
        let flagged = if ignore_case { format!("(?i){pattern}") } else { pattern.to_owned() };
        Self { regex: Regex::new(&flagged).ok() }
    }

    /// Whether the pattern matches anywhere in `text`; none when that cannot be said.
    pub fn is_match(&self, text: &str) -> Option<bool> {
        self.regex.as_ref()?.is_match(text).ok()
    }

    /// What the first match in `text` and its groups hold, an absent group as nothing; `Some(None)` when nothing matches,
    /// none when that cannot be said.
    pub fn captures(&self, text: &str) -> Option<Option<Vec<String>>> {
        let found = self.regex.as_ref()?.captures(text).ok()?;
        let Some(found) = found else { return Some(None) };
        let group = |index| found.get(index).map(|group| group.as_str().to_owned()).unwrap_or_default();
        Some(Some((0..found.len()).map(group).collect()))
    }

    /// The names of the groups `(?<name>…)`, which nginx turns into variables.
    pub fn names(pattern: &str) -> impl Iterator<Item = &str> {
        pattern.match_indices("(?").filter_map(|(at, open)| {
            let rest = &pattern[at + open.len()..];
            let (rest, close) = if let Some(rest) = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<')) {
                (rest, '>')
            } else {
                (rest.strip_prefix('\'')?, '\'')
            };
            let name = &rest[..rest.find(close)?];
            (!name.is_empty() && !name.starts_with(['=', '!'])).then_some(name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_names_are_found_in_every_spelling() {
        let names: Vec<_> = Pattern::names("^(?<a>x)(?P<b>y)(?'c'z)(?<=d)(?:e)$").collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn a_pattern_beyond_the_engine_is_not_judged() {
        assert_eq!(Pattern::new("(", false).is_match("("), None);
        assert_eq!(Pattern::new("^web(?!x)", true).is_match("WEBSOCKET"), Some(true));
    }
}
