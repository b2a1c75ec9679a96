//! Text for people, laid out as the findings of the linter are.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::report::Style;
use crate::report::escape::visible;
use crate::report::{Ink, wrap};
use crate::rules::Severity;

/// A text that is being written.
#[derive(Debug)]
pub(super) struct Page<'s> {
    style: &'s Style,
    text: String,
}

impl<'s> Page<'s> {
    /// An empty one.
    pub(super) fn new(style: &'s Style) -> Self {
        Self { style, text: String::new() }
    }

    /// The text. Blanks that do not break (U+00A0) have served their purpose.
    pub(super) fn finish(self) -> String {
        self.text.replace('\u{a0}', " ")
    }

    /// `error[name] message`.
    pub(super) fn heading(&mut self, severity: Severity, name: &str, message: &str) {
        self.title(Ink::Severity(severity), &format!("{}[{name}]", severity.name()), message);
    }

    /// A name in a colour, and a sentence.
    pub(super) fn title(&mut self, ink: Ink, name: &str, sentence: &str) {
        let lines = wrap(&visible(sentence), self.style.columns() - 2, name.width() - 1);
        self.text.push_str(&self.style.paint(ink, name));
        for (at, line) in lines.iter().enumerate() {
            let indent = if at == 0 { " " } else { "  " };
            if !line.is_empty() {
                let _ = write!(self.text, "{indent}{}", self.style.paint(Ink::Strong, line));
            }
            self.text.push('\n');
        }
    }

    /// A mark in its colour, a name, a text beside it, and notes below that.
    pub(super) fn row(&mut self, (mark, ink): (&str, Ink), name: &str, text: &str, notes: &[String]) {
        const NAME: usize = 12;
        const INDENT: usize = 4 + NAME;
        let mut lead = format!("  {} {}", self.style.paint(ink, mark), format_args!("{name:<NAME$}"));
        for line in wrap(&visible(text), self.style.columns() - INDENT, 0) {
            let _ = writeln!(self.text, "{lead}{line}");
            lead = " ".repeat(INDENT);
        }
        for line in notes.iter().flat_map(|note| wrap(&visible(note), self.style.columns() - INDENT, 0)) {
            let _ = writeln!(self.text, "{:INDENT$}{}", "", self.style.paint(Ink::Dim, &line));
        }
    }

    /// An entry of a list.
    pub(super) fn entry(&mut self, text: &str) {
        for (at, line) in wrap(&visible(text), self.style.columns() - 4, 0).iter().enumerate() {
            let _ = writeln!(self.text, "{}{line}", if at == 0 { "  " } else { "    " });
        }
    }

    /// A label and its text, which is wrapped beside it. Several items of one label have it on the first alone.
    pub(super) fn item(&mut self, label: &str, text: &str) {
        const LABEL: usize = 6;
        let mut label = format!("{label:>LABEL$}");
        if !label.trim().is_empty() {
            label.push(':');
        } else {
            label.push(' ');
        }
        let mut lead = self.style.paint(Ink::Hint, &label);
        for line in wrap(&visible(text), self.style.columns() - LABEL - 2, 0) {
            let _ = writeln!(self.text, "{lead} {line}");
            lead = " ".repeat(LABEL + 1);
        }
    }

    /// A paragraph over the whole width.
    pub(super) fn paragraph(&mut self, ink: Option<Ink>, text: &str) {
        for line in wrap(&visible(text), self.style.columns(), 0) {
            let line = ink.map_or_else(|| line.clone(), |ink| self.style.paint(ink, &line));
            let _ = writeln!(self.text, "{line}");
        }
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }
}
