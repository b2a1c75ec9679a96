//! The text of one file, losslessly.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A range of bytes in [`Source::text`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `range`, whose ends must fit 32 bits (a [`Source`] is never larger).
    pub fn new(range: Range<usize>) -> Self {
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: clip(range.start), end: clip(range.end) }
    }

    /// The empty span at `offset`.
    pub fn at(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// The span as a range that indexes text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies wholly inside this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// How the bytes of a file became text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes are UTF-8 and the text is these bytes.
    Utf8,
    /// The bytes are not UTF-8; each byte became the character of the same number.
    Latin1,
}

/// A place in a text as people count: both numbers start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// One file: its name and its text.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
    encoding: Encoding,
    line_starts: Vec<u32>,
    /// Whether there is a backslash anywhere: most files have none, and then no word needs to be searched for one.
    has_backslash: bool,
}

impl Source {
    /// Takes the bytes of a file as they are. Bytes that are not UTF-8 are read as Latin-1, so that every file has a
    /// text and [`Source::to_bytes`] gives the same bytes back.
    pub fn new(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        let (text, encoding) = match String::from_utf8(bytes) {
            Ok(text) => (text, Encoding::Utf8),
            Err(error) => (error.as_bytes().iter().copied().map(char::from).collect(), Encoding::Latin1),
        };
        let line_starts = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)))
            .collect();
        let has_backslash = memchr::memchr(b'\\', text.as_bytes()).is_some();
        Self { path: path.into(), text, encoding, line_starts, has_backslash }
    }

    /// The name under which the file was given or found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of `span`; empty when the span is not one of this text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Whether a slice of the text has a backslash.
    pub(super) fn escapes_in(&self, slice: &str) -> bool {
        self.has_backslash && memchr::memchr(b'\\', slice.as_bytes()).is_some()
    }

    /// How the bytes were read.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// `text` in the bytes of this file's encoding: the way back to disk. A character that Latin-1 lacks becomes `?`;
    /// no fix inserts one.
    pub fn to_bytes(&self, text: &str) -> Vec<u8> {
        match self.encoding {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        }
    }

    /// Line and column of a byte offset into the text.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let (line, start) = self.line_start(offset);
        let column = self.slice(Span { start, end: offset }).chars().count();
        LineColumn { line, column: clip(column + 1) }
    }

    /// The line of a byte offset into the text, and the offset at which that line begins.
    pub(crate) fn line_start(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        (clip(line), self.line_starts.get(line.wrapping_sub(1)).copied().unwrap_or(0))
    }

    /// The line of a byte offset into the text, counted from 1 by line feeds alone, as nginx counts.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_start(offset).0
    }

    /// The offset in the file's own bytes of a byte offset into the text; the two differ only in Latin-1 files.
    pub fn byte_offset(&self, offset: u32) -> u32 {
        match self.encoding {
            Encoding::Utf8 => offset,
            Encoding::Latin1 => clip(self.slice(Span { start: 0, end: offset }).chars().count()),
        }
    }

    /// The span of the line (without its line end) that holds `offset`.
    pub fn line_span(&self, offset: u32) -> Span {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let end = self.line_starts.get(line).map_or(clip(self.text.len()), |&next| next - 1);
        let trimmed = self.slice(Span { start, end }).trim_end_matches('\r').len();
        Span { start, end: start + clip(trimmed) }
    }
}

/// A length that fits 32 bits; no source is longer.
pub(super) fn clip(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
