//! Places in the units of the protocol: lines from 0, columns in the code units that were agreed on.

use gen_lsp_types::{Position, PositionEncodingKind, Range};
use nginx_wslint::syntax::Span;

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every client understands.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best of those that a client offers: bytes cost nothing to count.
    pub(super) fn choose(offered: &[PositionEncodingKind]) -> Self {
        let has = |kind| offered.contains(&kind);
        match () {
            () if has(PositionEncodingKind::UTF8) => Self::Utf8,
            () if has(PositionEncodingKind::UTF16) || offered.is_empty() => Self::Utf16,
            () if has(PositionEncodingKind::UTF32) => Self::Utf32,
            () => Self::Utf16,
        }
    }

    /// Its name in the protocol.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
            Self::Utf32 => 1,
        }
    }

    fn length(self, text: &str) -> usize {
        if self == Self::Utf8 || text.is_ascii() { text.len() } else { text.chars().map(|c| self.units(c)).sum() }
    }
}

/// A text with the places where its lines begin. A line ends in `\n`, `\r\n` or a `\r` alone.
#[derive(Clone, Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes)
            .filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
            .map(|at| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect(), encoding }
    }

    /// The place of a byte offset; one inside a character counts as the character's begin, one behind the text as its
    /// end.
    pub(super) fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let column = self.encoding.length(&self.text[self.starts[line]..offset]);
        Position { line: clip(line), character: clip(column) }
    }

    /// The range of a span.
    pub(super) fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start as usize), end: self.position(span.end as usize) }
    }

    /// The byte offset of a place. A column behind the line is its end, a line behind the text the text's end, as the
    /// protocol says; a column inside a character is its begin.
    pub(super) fn offset(&self, position: Position) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return self.text.len() };
        let end = self.starts.get(position.line as usize + 1).copied().unwrap_or(self.text.len());
        let line = self.text[start..end].trim_end_matches(['\n', '\r']);
        let mut left = position.character as usize;
        for (at, c) in line.char_indices() {
            let units = self.encoding.units(c);
            if left < units {
                return start + at;
            }
            left -= units;
        }
        start + line.len()
    }
}

fn clip(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a\u{e9}\u{1f600}b\r\nc\rd\n";

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn columns_count_the_units_that_were_agreed_on() {
        for (encoding, column) in [(Encoding::Utf8, 7), (Encoding::Utf16, 4), (Encoding::Utf32, 3)] {
            let lines = Lines::new(TEXT, encoding);
            assert_eq!(lines.position(7), at(0, column), "{encoding:?}");
            assert_eq!(lines.offset(at(0, column)), 7, "{encoding:?}");
        }
    }

    #[test]
    fn every_line_end_of_the_protocol_ends_a_line() {
        let lines = Lines::new(TEXT, Encoding::Utf16);
        let begins: Vec<_> = (0..4).map(|line| lines.offset(at(line, 0))).collect();
        assert_eq!(begins, [0, 10, 12, 14]);
        assert_eq!(lines.position(TEXT.len()), at(3, 0));
    }

    #[test]
    fn places_outside_of_the_text_are_moved_into_it() {
        let lines = Lines::new(TEXT, Encoding::Utf16);
        assert_eq!(lines.offset(at(0, 99)), 8, "before the line end");
        assert_eq!(lines.offset(at(99, 0)), TEXT.len());
        assert_eq!(lines.offset(at(0, 3)), 3, "the middle of a surrogate pair is its begin");
        assert_eq!(lines.position(4), at(0, 2), "the middle of a character is its begin");
        assert_eq!(lines.position(9999), at(3, 0));
    }

    #[test]
    fn bytes_are_preferred_and_utf16_is_understood_by_all() {
        use PositionEncodingKind as Kind;
        assert_eq!(Encoding::choose(&[]), Encoding::Utf16);
        assert_eq!(Encoding::choose(&[Kind::UTF16, Kind::UTF8]), Encoding::Utf8);
        assert_eq!(Encoding::choose(&[Kind::UTF32]), Encoding::Utf32);
    }
}
