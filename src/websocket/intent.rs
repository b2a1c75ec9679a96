//! Whether a route carries WebSockets, how sure that is, and why it is believed.

use super::confidence::Confidence;
use crate::config::DirectiveId;

/// One reason for or against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How much it weighs; none when it denies.
    pub confidence: Option<Confidence>,
    /// The reason as a clause: "its path ends in `/ws`".
    pub text: String,
    /// The directive that shows it.
    pub at: Option<DirectiveId>,
}

/// What is believed of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// How sure it is; none when nothing speaks for it or something denies it.
    pub confidence: Option<Confidence>,
    /// Every reason found, the weightiest first; one that denies before all.
    pub evidence: Vec<Evidence>,
    /// Nothing but WebSockets goes over the route.
    pub only: bool,
    /// No requests without an `Upgrade` are known to get to the upstream: the configuration answers them, or sends them
    /// elsewhere.
    pub handshakes_alone: bool,
    /// The protocol or the comments say that something is sent more often than every 60 s.
    pub pings: bool,
    /// Why it is believed to ping.
    pub pings_because: Option<String>,
    /// The handshake needs its query string.
    pub query: bool,
    /// Clients call the path without a slash at the end.
    pub slashless: bool,
    /// The path is fixed by the protocol.
    pub fixed: bool,
    /// A session is several requests, which must all reach the same server.
    pub sticky: bool,
    /// The application compares `Origin` with `Host`.
    pub origin: bool,
    /// The application also compares the scheme.
    pub origin_scheme: bool,
    /// Nothing but a sibling that upgrades speaks for it.
    pub only_sibling: bool,
    /// The protocol or application that was recognised.
    pub protocol: Option<String>,
}

impl Intent {
    /// Whether something says that the route carries no WebSockets.
    pub fn is_denied(&self) -> bool {
        self.evidence.first().is_some_and(|evidence| evidence.confidence.is_none())
    }

    /// Whether the route likely carries WebSockets, and nothing else.
    pub(crate) fn is_likely_alone(&self) -> bool {
        self.only && self.confidence >= Some(Confidence::Likely)
    }

    pub(super) fn ping_by(&mut self, who: &str, pings: bool) {
        if pings {
            self.pings = true;
            self.pings_because = Some(format!("{who} pings by itself"));
        }
    }

    /// The reason that weighs most, as a clause.
    pub fn why(&self) -> &str {
        self.evidence.first().map_or("nothing speaks for it", |evidence| &evidence.text)
    }
}
