//! Findings as text.
//!
//! A [`Builder`] turns findings into a [`Report`]: messages, places, excerpts and edits, all resolved and owned. A format
//! is a file here with a function that writes a report, and a line in [`Format`]. Nothing here knows a rule or a tree but
//! the builder.

pub mod baseline;
mod build;
pub mod concise;
pub mod diff;
pub mod escape;
mod excerpt;
mod fingerprint;
mod frame;
pub mod full;
pub mod github;
pub mod json;
mod model;
mod positions;
mod preview;
pub mod routes;
#[cfg(test)]
mod sample;
mod style;
pub mod summary;

use std::io::{self, Write};

pub use build::{Builder, Scope};
pub use excerpt::{Label, Line, Window};
pub use model::{
    Diagnostic, EditInfo, FileStatus, FixInfo, PreviewKind, PreviewLine, Problem, Related, Report, RouteInfo, Status,
    Summary, UnreadInclude,
};
pub use positions::Point;
pub use style::Style;

/// A way to write a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, with excerpts.
    #[default]
    Full,
    /// One line a finding.
    Concise,
    /// For programs.
    Json,
    /// Annotations of GitHub Actions.
    Github,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Full, Self::Concise, Self::Json, Self::Github];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Github => "github",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Writes a report; `style` counts for [`Format::Full`] alone.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(self, report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Full => full::write(report, style, out),
            Self::Concise => concise::write(report, out),
            Self::Json => json::write(report, out),
            Self::Github => github::write(report, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("xml"), None);
    }
}
