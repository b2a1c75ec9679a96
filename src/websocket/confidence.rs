//! How sure something is.

use serde::{Deserialize, Serialize};

/// How sure it is that a route carries WebSockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint that means other things as often.
    Possible,
    /// A name or a word that hardly means anything else.
    Likely,
    /// The configuration itself says so.
    Certain,
}

impl Confidence {
    /// As written in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}
