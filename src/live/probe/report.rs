//! What was done and how it went.

use std::net::SocketAddr;
use std::time::Duration;

use super::diagnosis::Diagnosis;

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The name to addresses.
    Resolve,
    /// TCP.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The request, and the head of its answer.
    Handshake,
    /// Whether it is still open a moment later.
    Settle,
    /// A text and its echo.
    Message,
    /// A large message and its echo.
    Size,
    /// Waiting.
    Hold,
    /// Saying goodbye.
    Close,
}

impl Stage {
    /// As written in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "TLS",
            Self::Handshake => "handshake",
            Self::Settle => "open",
            Self::Message => "message",
            Self::Size => "large",
            Self::Hold => "hold",
            Self::Close => "close",
        }
    }
}

/// One part of the way and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which part.
    pub stage: Stage,
    /// Whether the way goes on behind it.
    pub passed: bool,
    /// How long it took.
    pub took: Duration,
    /// What came of it. May hold text from the network.
    pub text: String,
    /// More of it, a line each. May hold text from the network.
    pub notes: Vec<String>,
}

/// An answer to the handshake, with its text as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The words behind the status.
    pub reason: String,
    /// Its header lines in their order.
    pub headers: Vec<(String, String)>,
    /// The first 4 KiB of its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The values of a header in their order; its name is compared without case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// One handshake from its first step to what its end means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The URL.
    pub url: String,
    /// The address that was connected to.
    pub address: Option<SocketAddr>,
    /// The steps that were taken.
    pub steps: Vec<Step>,
    /// The answer, if one came.
    pub answer: Option<Answer>,
    /// How long no byte had gone either way when a connection ended that was held.
    pub silence: Option<Duration>,
    /// What it means.
    pub diagnosis: Diagnosis,
}

impl Report {
    /// Whether the handshake and all that was asked for succeeded.
    pub fn is_healthy(&self) -> bool {
        !self.diagnosis.kind.is_problem()
    }

    /// The step of a part of the way, if it was taken.
    pub fn step(&self, stage: Stage) -> Option<&Step> {
        self.steps.iter().find(|step| step.stage == stage)
    }
}

/// Somebody who watches while it goes on.
pub trait Watch {
    /// A step is done.
    fn step(&mut self, _step: &Step) {}

    /// The connection has been held for `so_far` of `whole`.
    fn holding(&mut self, _so_far: Duration, _whole: Duration) {}
}

/// Nobody.
impl Watch for () {}
