//! Findings as text.
//!
//! A [`Builder`] turns findings into a [`Report`]: messages, places, excerpts and edits, all resolved and owned. A format
//! is a file here with a function that writes a report, and a line in [`Format`]. Nothing here knows a rule or a tree but
//! the builder.

pub mod baseline;
mod build;
mod changes;
pub mod concise;
pub mod diff;
pub mod escape;
mod excerpt;
mod fingerprint;
mod frame;
pub mod full;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
mod machine;
mod model;
mod paths;
mod positions;
mod preview;
#[cfg(feature = "live")]
pub mod probe;
pub mod rdjson;
pub mod routes;
#[cfg(test)]
mod sample;
pub mod sarif;
pub mod statistics;
pub mod step_summary;
mod style;
pub mod summary;

use std::io::{self, Write};

pub use build::{Builder, Scope};
pub use excerpt::{Label, Line, Window};
pub use model::{
    Diagnostic, EditInfo, FileStatus, FixInfo, LineBlock, PreviewKind, PreviewLine, Problem, Related, Report,
    RouteInfo, RouteState, Status, Summary, UnreadInclude,
};
pub use paths::Base;
pub use positions::Point;
pub use style::Style;
#[cfg(feature = "live")]
pub(crate) use style::{Ink, wrap};

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
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitLab's code quality report.
    Gitlab,
    /// Reviewdog's diagnostic format.
    Rdjson,
    /// JUnit's XML, a test case a file.
    Junit,
    /// One page for the browser.
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Full,
        Self::Concise,
        Self::Json,
        Self::Github,
        Self::Sarif,
        Self::Gitlab,
        Self::Rdjson,
        Self::Junit,
        Self::Html,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Github => "github",
            Self::Sarif => "sarif",
            Self::Gitlab => "gitlab",
            Self::Rdjson => "rdjson",
            Self::Junit => "junit",
            Self::Html => "html",
        }
    }

    /// Whether it shows the texts of the rules or the routes, which a report has
    /// [only when asked](Builder::with_background).
    pub fn has_background(self) -> bool {
        matches!(self, Self::Sarif | Self::Html)
    }

    /// Whether it shows lines of the configuration, or counts in them: what a report has
    /// [unless it is told otherwise](Builder::without_excerpts).
    pub fn has_excerpts(self) -> bool {
        matches!(self, Self::Full | Self::Rdjson | Self::Html)
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Writes a report; `style` counts for [`Format::Full`] and [`Format::Concise`] alone.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(self, report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Full => full::write(report, style, out),
            Self::Concise => concise::write(report, style, out),
            Self::Json => json::write(report, out),
            Self::Github => github::write(report, out),
            Self::Sarif => sarif::write(report, out),
            Self::Gitlab => gitlab::write(report, out),
            Self::Rdjson => rdjson::write(report, out),
            Self::Junit => junit::write(report, out),
            Self::Html => html::write(report, out),
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
