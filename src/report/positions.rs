//! Places in one file, in every unit a report needs.

use crate::syntax::{Encoding, Source};

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// In bytes of the file as it is on disk, from 0.
    pub offset: u32,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// Bytes of text between two counts.
const STEP: usize = 512;

/// Counts the characters of a text once, so that a place costs the same wherever it is: in a line of 20 MB too.
#[derive(Debug)]
pub(super) struct Positions<'s> {
    source: &'s Source,
    /// How many characters begin before each multiple of [`STEP`]; empty where each byte is one.
    counts: Vec<u32>,
}

impl<'s> Positions<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        if source.text().is_ascii() {
            return Self { source, counts: Vec::new() };
        }
        let mut before = 0;
        let count = |bytes: &[u8]| starts(bytes);
        let counts = source
            .text()
            .as_bytes()
            .chunks(STEP)
            .map(|chunk| {
                let here = before;
                before += count(chunk);
                here
            })
            .collect();
        Self { source, counts }
    }

    pub(super) fn source(&self) -> &'s Source {
        self.source
    }

    /// The place of a byte offset into the text.
    pub(super) fn at(&self, offset: u32) -> Point {
        let (line, start) = self.source.line_start(offset);
        let characters = self.characters(offset);
        Point {
            offset: if self.source.encoding() == Encoding::Latin1 { characters } else { offset },
            line,
            column: characters - self.characters(start) + 1,
        }
    }

    /// How many characters begin before an offset.
    fn characters(&self, offset: u32) -> u32 {
        let bytes = self.source.text().as_bytes();
        let offset = (offset as usize).min(bytes.len());
        let Some(last) = self.counts.len().checked_sub(1) else { return u32::try_from(offset).unwrap_or(u32::MAX) };
        let step = (offset / STEP).min(last);
        self.counts[step] + starts(&bytes[step * STEP..offset])
    }
}

/// How many characters begin in these bytes of UTF-8.
fn starts(bytes: &[u8]) -> u32 {
    let count = bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_agree_with_the_source_and_with_the_bytes_on_disk() {
        let plain = Source::new("c", "a b # c\r\n".repeat(1500).into_bytes());
        let line = "ä b # ü\r\n".repeat(1500);
        let latin: Vec<u8> = line.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        for source in [Source::new("a", line.into_bytes()), Source::new("b", latin), plain] {
            let positions = Positions::new(&source);
            for offset in (0..=source.text().len()).filter(|&at| source.text().is_char_boundary(at)) {
                let offset = u32::try_from(offset).unwrap();
                let point = positions.at(offset);
                let expected = source.line_column(offset);
                assert_eq!((point.line, point.column), (expected.line, expected.column));
                assert_eq!(point.offset, source.byte_offset(offset));
            }
        }
    }

    #[test]
    fn an_empty_file_has_one_place() {
        let source = Source::new("a", Vec::new());
        assert_eq!(Positions::new(&source).at(0), Point { offset: 0, line: 1, column: 1 });
    }
}
