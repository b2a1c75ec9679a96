//! Templates: text that becomes a configuration only after another program has filled it in.

use super::source::Span;

/// A template language seen in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it looks like, for the report: `Jinja`, `ERB`, `envsubst`, …
    pub language: &'static str,
    /// The first place that shows it.
    pub span: Span,
}
