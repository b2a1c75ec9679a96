//! nginx versions and ranges of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// A version of nginx, such as `1.26` or `1.29.7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `1` in `1.29.7`.
    pub major: u16,
    /// `29` in `1.29.7`.
    pub minor: u16,
    /// `7` in `1.29.7`; 0 where none is given.
    pub patch: u16,
}

/// A text that is no version, or no range of versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an nginx version such as `1.26` or `1.29.7`")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || VersionError(text.to_owned());
        let mut parts = text.trim().split('.').map(str::parse::<u16>);
        let mut next = || parts.next().transpose().map_err(|_| error());
        let version = Self {
            major: next()?.ok_or_else(error)?,
            minor: next()?.ok_or_else(error)?,
            patch: next()?.unwrap_or_default(),
        };
        if parts.next().is_some() { Err(error()) } else { Ok(version) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The versions a claim holds for: `<1.29.7` or `>=1.29.4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionRange {
    /// Older than.
    Before(Version),
    /// This one and newer.
    From(Version),
}

impl VersionRange {
    /// Whether the claim matters for the target version. An unknown target may be any version still in use, so every
    /// claim matters.
    pub fn concerns(self, target: Option<Version>) -> bool {
        match (self, target) {
            (_, None) => true,
            (Self::Before(limit), Some(version)) => version < limit,
            (Self::From(limit), Some(version)) => version >= limit,
        }
    }
}

impl FromStr for VersionRange {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(rest) = text.strip_prefix(">=") {
            rest.parse().map(Self::From)
        } else if let Some(rest) = text.strip_prefix('<') {
            rest.parse().map(Self::Before)
        } else {
            Err(VersionError(text.to_owned()))
        }
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(version) => write!(f, "before {version}"),
            Self::From(version) => write!(f, "{version} and newer"),
        }
    }
}

impl<'de> Deserialize<'de> for VersionRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let old: Version = "1.9.1".parse().unwrap();
        assert!(old < "1.10".parse().unwrap());
        assert!("1".parse::<Version>().is_err());
        assert!("1.2.3.4".parse::<Version>().is_err());
        assert!("1.x".parse::<Version>().is_err());
    }

    #[test]
    fn an_unknown_target_is_concerned_by_every_claim() {
        let range: VersionRange = "<1.29.7".parse().unwrap();
        assert!(range.concerns(None));
        assert!(range.concerns("1.22.1".parse().ok()));
        assert!(!range.concerns("1.29.7".parse().ok()));
    }
}
