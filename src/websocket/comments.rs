//! What a comment says about a route, in words.
//!
//! A comment is a signal only if it says in prose that the route carries WebSockets. A directive that was commented
//! out, a negated mention ("no websockets here") and an offer ("uncomment for websockets") are none.

use super::signals::Phrases;

/// The phrases, cut into words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comments {
    websocket: Vec<Vec<String>>,
    offer: Vec<Vec<String>>,
    not: Vec<Vec<String>>,
    between: Vec<Vec<String>>,
    without: Vec<Vec<String>>,
    not_behind: Vec<Vec<String>>,
    not_what: Vec<Vec<String>>,
    ping: Vec<Vec<String>>,
    sends: Vec<Vec<String>>,
    not_ping: Vec<Vec<String>>,
}

impl Comments {
    pub(crate) fn new(phrases: &Phrases) -> Self {
        let cut = |phrases: &[String]| {
            let mut cut: Vec<_> = phrases.iter().map(|phrase| words(phrase)).filter(|w| !w.is_empty()).collect();
            // The longest first: "is not" before "is".
            cut.sort_by_key(|words| std::cmp::Reverse(words.len()));
            cut
        };
        Self {
            websocket: cut(&phrases.websocket),
            offer: cut(&phrases.offer),
            not: cut(&phrases.not),
            between: cut(&phrases.between),
            without: cut(&phrases.without),
            not_behind: cut(&phrases.not_behind),
            not_what: cut(&phrases.not_what),
            ping: cut(&phrases.ping),
            sends: cut(&phrases.sends),
            not_ping: cut(&phrases.not_ping),
        }
    }

    /// Whether a comment (with its `#` or without) states that WebSockets are carried.
    pub(crate) fn says_websocket(&self, comment: &str) -> bool {
        let Some(text) = prose(comment) else { return false };
        if contains(&words(text), &self.offer) {
            return false;
        }
        let mut stated = false;
        for clause in clauses(text) {
            let words = words(clause);
            for at in 0..words.len() {
                let Some(length) = starts_with(&words[at..], &self.websocket) else { continue };
                if self.denied(&words[..at], &words[at + length..]) {
                    return false;
                }
                stated = true;
            }
        }
        stated
    }

    /// Whether what stands before or behind a mention denies it.
    fn denied(&self, mut before: &[String], mut behind: &[String]) -> bool {
        loop {
            if ends_with(before, &self.not).is_some() {
                return true;
            }
            let Some(length) = ends_with(before, &self.between) else { break };
            before = &before[..before.len() - length];
        }
        loop {
            if starts_with(behind, &self.without).is_some() {
                return true;
            }
            if let Some(length) = starts_with(behind, &self.not_behind) {
                let what = &behind[length..];
                return what.is_empty() || starts_with(what, &self.not_what).is_some();
            }
            let Some(length) = starts_with(behind, &self.between) else { return false };
            behind = &behind[length..];
        }
    }

    /// Whether a comment states that pings or heartbeats are sent more often than every 60 s.
    ///
    /// Without an interval it is believed: such comments are written to explain a short timeout.
    pub(crate) fn says_pings(&self, comment: &str) -> bool {
        let Some(text) = prose(comment) else { return false };
        let words = words(text);
        let pings = contains(&words, &self.ping) && !contains(&words, &self.not_ping);
        let denied = clauses(text).any(|clause| {
            let words = self::words(clause);
            let at = (0..words.len()).find(|at| starts_with(&words[*at..], &self.ping).is_some());
            at.is_some_and(|at| ends_with(&words[..at], &self.not).is_some())
        });
        match interval(&words) {
            _ if !pings || denied => false,
            Some(seconds) => seconds < 60.0,
            None => contains(&words, &self.sends),
        }
    }
}

/// Whether any of `phrases` occurs in a comment, which is no commented-out directive.
pub(crate) fn mentions(comment: &str, phrases: &[String]) -> bool {
    let phrases: Vec<_> = phrases.iter().map(|phrase| words(phrase)).collect();
    prose(comment).is_some_and(|text| contains(&words(text), &phrases))
}

/// The prose of a comment; none if it is a directive that was commented out, or an instruction to this program.
fn prose(comment: &str) -> Option<&str> {
    let text = comment.trim_start_matches(|c: char| c == '#' || c.is_whitespace()).trim_end();
    if text.starts_with("nginx-wslint:") {
        return None;
    }
    // The text of the commented-out line itself, without a comment that stood behind it.
    let line = text.split(" #").next().unwrap_or(text).trim_end();
    let first = line.split_whitespace().next().unwrap_or_default();
    let name = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let closed = line.ends_with([';', '{', '}']) && (name(first) || first == "}");
    let directive = first.contains('_') && name(first);
    (!closed && !directive).then_some(text)
}

/// The parts of a text in which a negation reaches.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    text.split(". ").flat_map(|part| part.split([';', '!', '?', '\n']))
}

/// Lower-case words; apostrophes are dropped (`don't` is `dont`) and web addresses left out, except those of
/// WebSockets, which are the words `ws` or `wss` and `url`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for token in text.split_whitespace() {
        // Most words are as plain as that already.
        if token.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            words.push(token.to_owned());
            continue;
        }
        let token = token.to_lowercase().replace(['\'', '’', '`', '"'], "");
        let token = match token.split_once("://") {
            Some((scheme, _)) if scheme.ends_with("wss") => "wss url",
            Some((scheme, _)) if scheme.ends_with("ws") => "ws url",
            Some(_) => continue,
            None => token.as_str(),
        };
        let parts = token.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.extend(parts.map(str::to_owned));
    }
    words
}

/// The length in words of the first of `phrases` that `words` begins with.
fn starts_with(words: &[String], phrases: &[Vec<String>]) -> Option<usize> {
    phrases.iter().find(|phrase| words.starts_with(phrase)).map(Vec::len)
}

fn ends_with(words: &[String], phrases: &[Vec<String>]) -> Option<usize> {
    phrases.iter().find(|phrase| words.ends_with(phrase)).map(Vec::len)
}

fn contains(words: &[String], phrases: &[Vec<String>]) -> bool {
    (0..words.len()).any(|at| starts_with(&words[at..], phrases).is_some())
}

/// The interval that a comment names, in seconds: the one behind `every`, else the first.
fn interval(words: &[String]) -> Option<f64> {
    let every = words.iter().position(|word| matches!(word.as_str(), "every" | "each" | "interval"));
    let all = || words.iter().map(String::as_str).chain([""]).zip(words.iter().skip(1).map(String::as_str).chain([""]));
    let seconds = |(word, next): (&str, &str)| {
        let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = word.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let factor = match if unit.is_empty() { next } else { unit } {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => return None,
        };
        Some(number * factor)
    };
    let minute = |at: usize| words.get(at + 1).is_some_and(|w| w == "minute").then_some(60.0);
    let after = every.and_then(|at| all().skip(at).find_map(seconds).or_else(|| minute(at)));
    after.or_else(|| all().find_map(seconds))
}
