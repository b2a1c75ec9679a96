//! The messages of nginx's error log that are known, and what they mean.

use std::sync::OnceLock;

use memchr::memmem::{Finder, find};
use serde::Deserialize;

use crate::rules::Severity;

const BUILTIN: &str = include_str!("../../../rules/messages.toml");

/// Whom a message concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// An open WebSocket.
    Websocket,
    /// A request, be it a handshake or not.
    Request,
    /// Requests for paths that are usual for WebSockets; others do not count.
    Path,
    /// All of nginx.
    Nginx,
}

impl About {
    /// As written in `messages.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Websocket => "websocket",
            Self::Request => "request",
            Self::Path => "path",
            Self::Nginx => "nginx",
        }
    }
}

/// A message as it stands in `messages.toml`, where its fields are explained.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "said in messages.toml, once")]
pub struct Message {
    pub id: String,
    text: Vec<String>,
    #[serde(default)]
    levels: Vec<String>,
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    pub about: About,
    #[serde(default)]
    pub follows: bool,
    pub cause: String,
    #[serde(default)]
    pub rules: Vec<String>,
    pub change: String,
    pub example: Option<String>,
    pub unproved: Option<String>,
}

fn severity<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Severity, D::Error> {
    let name = String::deserialize(value)?;
    Severity::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("no severity: {name}")))
}

#[derive(Deserialize)]
struct Table {
    message: Vec<Message>,
}

/// All known messages, ready for look-ups.
#[derive(Debug)]
pub struct Messages {
    all: Vec<Message>,
    patterns: Vec<Pattern>,
    /// The patterns, by their numbers, that a text with this first byte can match, in their order.
    by_first: Vec<Vec<usize>>,
}

/// One text of a message, cut at its `*`.
#[derive(Debug)]
struct Pattern {
    message: usize,
    head: Vec<u8>,
    /// The text begins with any one word.
    word: bool,
    rest: Vec<Finder<'static>>,
}

impl Messages {
    /// Those that come with the program.
    pub fn builtin() -> &'static Self {
        static MESSAGES: OnceLock<Messages> = OnceLock::new();
        // A test reads the file, so that there is always something to fall back from.
        MESSAGES.get_or_init(|| Self::parse(BUILTIN).unwrap_or_else(|_| Self::compile(Vec::new())))
    }

    /// Messages from TOML text.
    ///
    /// # Errors
    /// If it is no TOML, or holds something that messages do not have.
    pub fn parse(toml: &str) -> Result<Self, toml::de::Error> {
        Ok(Self::compile(toml::from_str::<Table>(toml)?.message))
    }

    fn compile(all: Vec<Message>) -> Self {
        let mut patterns = Vec::new();
        let mut by_first = vec![Vec::new(); 256];
        for (message, text) in all.iter().enumerate().flat_map(|(at, one)| one.text.iter().map(move |text| (at, text)))
        {
            let mut parts = text.split('*');
            let head = parts.next().unwrap_or_default().as_bytes().to_vec();
            let word = head.is_empty();
            let rest = parts.filter(|part| !part.is_empty()).map(|part| Finder::new(part.as_bytes()).into_owned());
            match head.first() {
                Some(&first) => by_first[usize::from(first)].push(patterns.len()),
                None => by_first.iter_mut().for_each(|bucket| bucket.push(patterns.len())),
            }
            patterns.push(Pattern { message, head, word, rest: rest.collect() });
        }
        Self { all, patterns, by_first }
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> &[Message] {
        &self.all
    }

    /// The message of that number, which [`Messages::find`] gave out.
    pub fn get(&self, number: usize) -> Option<&Message> {
        self.all.get(number)
    }

    /// The first message, by its number, that a line's text (behind the connection's number) at this level is.
    pub fn find(&self, level: &[u8], text: &[u8]) -> Option<usize> {
        let first = usize::from(*text.first()?);
        let found = self.by_first[first].iter().map(|&at| &self.patterns[at]).find(|pattern| {
            let levels = &self.all[pattern.message].levels;
            pattern.matches(text) && (levels.is_empty() || levels.iter().any(|one| one.as_bytes() == level))
        })?;
        Some(found.message)
    }
}

impl Pattern {
    fn matches(&self, text: &[u8]) -> bool {
        let Some(mut left) = text.strip_prefix(&self.head[..]) else { return false };
        let mut parts = self.rest.iter();
        if self.word
            && let Some(next) = parts.next()
        {
            let Some(at) = next.find(left) else { return false };
            if find(&left[..at], b" ").is_some() {
                return false;
            }
            left = &left[at + next.needle().len()..];
        }
        parts.all(|part| match part.find(left) {
            Some(at) => {
                left = &left[at + part.needle().len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::*;
    use crate::rules::RuleSet;

    #[test]
    fn every_message_is_found_by_what_nginx_wrote() {
        let messages = Messages::parse(BUILTIN).unwrap();
        for message in messages.all() {
            assert_ne!(message.example.is_some(), message.unproved.is_some(), "{}: an example or why not", message.id);
            let Some(example) = &message.example else { continue };
            let line = Line::read(example.as_bytes()).unwrap();
            let found = messages.find(line.level, line.text).and_then(|number| messages.get(number));
            assert_eq!(found.map(|found| &found.id), Some(&message.id), "{example}");
        }
    }

    #[test]
    fn the_rules_that_messages_name_exist() {
        let rules = RuleSet::builtin();
        for message in Messages::builtin().all() {
            for name in &message.rules {
                assert!(rules.get(name).is_some(), "{}: no rule {name}", message.id);
            }
        }
    }

    #[test]
    fn one_word_may_stand_where_a_text_begins_with_a_star() {
        let found = |text: &str| {
            let messages = Messages::builtin();
            messages.find(b"error", text.as_bytes()).and_then(|at| messages.get(at)).map(|one| one.id.as_str())
        };
        assert_eq!(found("a.example could not be resolved (3: Host not found)"), Some("not-resolved"));
        assert_eq!(found("open() \"/x could not be resolved (3\" failed (13: Permission denied)"), None);
        assert_eq!(found("1024 worker_connections are not enough"), Some("connections-used-up"));
    }
}
