//! The phrases of comments, as they are written.

use serde::{Deserialize, Serialize};

/// The phrases that are looked for, as written in `rules/signals.toml`. A phrase is one word or several; case,
/// punctuation and apostrophes do not matter.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phrases {
    /// Name WebSockets, or a protocol that is carried by them.
    pub websocket: Vec<String>,
    /// Anywhere in a comment: it offers or announces something, and states nothing.
    pub offer: Vec<String>,
    /// Before the mention: it is denied ("no websockets").
    pub not: Vec<String>,
    /// What may stand between a negation and the mention ("no need *for* websockets").
    pub between: Vec<String>,
    /// Behind the mention: it is denied ("websockets disabled").
    pub without: Vec<String>,
    /// Behind the mention, but only with one of `not_what` behind it, or at the end ("websockets are not *used*").
    pub not_behind: Vec<String>,
    /// See `not_behind`.
    pub not_what: Vec<String>,
    /// Pings, heartbeats.
    pub ping: Vec<String>,
    /// Beside `ping`: somebody sends it ("*every* 20 s"), so that it is not the name of a health check.
    pub sends: Vec<String>,
    /// Anywhere in a comment on pings: it is about something else.
    pub not_ping: Vec<String>,
}

impl Phrases {
    /// Adds the phrases of `other`.
    pub(super) fn extend(&mut self, other: Phrases) {
        self.websocket.extend(other.websocket);
        self.offer.extend(other.offer);
        self.not.extend(other.not);
        self.between.extend(other.between);
        self.without.extend(other.without);
        self.not_behind.extend(other.not_behind);
        self.not_what.extend(other.not_what);
        self.ping.extend(other.ping);
        self.sends.extend(other.sends);
        self.not_ping.extend(other.not_ping);
    }
}
