//! Times that nginx cannot read.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::super::times::milliseconds;
use super::{Fact, directive};

pub(super) const FACTS: &[Fact] = facts! {
    "unreadable-time" "nginx cannot read the time" unreadable_time;
    "meant-time" "what is meant by a time that nginx cannot read; the word is how nginx reads it" meant_time;
};

/// What an unreadable time says, unless a template or a script is to fill it in.
fn written(scope: Scope<'_>) -> Option<String> {
    let tree = scope.tree;
    let args: Vec<String> = tree.args(directive(scope)?).map(std::borrow::Cow::into_owned).collect();
    let text = args.join(" ");
    let filled_in = text.contains(['$', '{', '}', '@', '%', '<', '>', '_']) || text.is_empty();
    (!filled_in && (args.len() > 1 || milliseconds(&text).is_none())).then_some(text)
}

fn unreadable_time(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    written(scope).map(|text| Hit { words: vec![text], ..Hit::at(Place::head(id)) })
}

fn meant_time(scope: Scope<'_>) -> Option<Hit> {
    let id = directive(scope)?;
    let meant = meant(&written(scope)?)?;
    Some(Hit { words: vec![meant], ..Hit::at(Place::head(id)) })
}

/// A time in words that people write, as nginx writes it: `60min` is `60m`, `1.5h` is `90m`, `1h 30m` needs no blank.
/// None where it could mean something else, as `1M` (a month, or a minute) does.
fn meant(text: &str) -> Option<String> {
    let mut rest = text.trim();
    let mut out = String::new();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let number = &rest[..digits];
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = unit(&rest[..letters])?;
        rest = rest[letters..].trim_start();
        match number.split_once('.') {
            None if !number.is_empty() => out.push_str(&format!("{number}{unit}")),
            // Half an hour, half a minute: the next unit has sixty of them.
            Some((whole, "5")) if matches!(unit, "h" | "m") => {
                let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
                let smaller = if unit == "h" { "m" } else { "s" };
                out.push_str(&format!("{}{smaller}", whole.checked_mul(60)? + 30));
            }
            _ => return None,
        }
    }
    milliseconds(&out).is_some().then_some(out)
}

fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "M" => return None,
        _ => match &*word.to_ascii_lowercase() {
            "ms" | "msec" | "msecs" | "millis" => "ms",
            "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "m" | "min" | "mins" | "minute" | "minutes" => "m",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "d" | "day" | "days" => "d",
            "w" | "week" | "weeks" => "w",
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_what_nginx_reads() {
        for (text, time) in [
            ("60min", "60m"),
            ("1hour", "1h"),
            ("3600sec", "3600s"),
            ("3600S", "3600s"),
            ("1H", "1h"),
            ("1.5h", "90m"),
            ("1h 30m", "1h30m"),
            ("10 minutes", "10m"),
        ] {
            assert_eq!(meant(text).as_deref(), Some(time), "{text}");
        }
        for text in ["1M", "1y", "off", "none", "-1", "30m1h", "1e3", "1.25h", "infinity", "h"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
