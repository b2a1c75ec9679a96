//! Reading logs line by line, whatever their size.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::tally::Tally;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;
/// Of a line that is longer, only so much is looked at.
const MOST_LINE: usize = 64 << 10;

/// How packed files begin, and what unpacks those that are not unpacked here.
const PACKED: [(&[u8], &str, &str); 3] =
    [(b"\xfd7zXZ", "xz", "xzcat"), (b"\x28\xb5\x2f\xfd", "zstd", "zstdcat"), (b"BZh", "bzip2", "bzcat")];

/// Opens a log; one that is packed with gzip, as rotation leaves it, is unpacked on the way.
///
/// # Errors
/// If it cannot be opened or read, or is packed in another way.
pub fn open(path: &Path) -> io::Result<(Box<dyn Read>, File)> {
    let file = File::open(path)?;
    let handle = file.try_clone()?;
    Ok((unpacked(file)?, handle))
}

/// The text of a log, which may be packed with gzip.
///
/// # Errors
/// If it cannot be read, or is packed in another way: what unpacks it.
pub fn unpacked<'r>(mut log: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut magic = Vec::new();
    (&mut log).take(5).read_to_end(&mut magic)?;
    if let Some((_, name, tool)) = PACKED.iter().find(|(start, ..)| magic.starts_with(start)) {
        let text = format!("it is packed with {name}: unpack it on the way, `{tool} FILE | nginx-wslint log -`");
        return Err(io::Error::other(text));
    }
    let is_gzip = magic.starts_with(&[0x1f, 0x8b]);
    let whole = io::Cursor::new(magic).chain(log);
    if is_gzip {
        return Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(BLOCK, whole))));
    }
    Ok(Box::new(whole))
}

/// Counts all lines of a log. `progress` is told after each block; it says whether to go on.
///
/// # Errors
/// Those of the log.
pub fn read(log: impl Read, tally: &mut Tally, progress: &mut dyn FnMut() -> bool) -> io::Result<()> {
    each_line(log, &mut |line| _ = tally.add(line), progress)
}

/// Hands out all lines of a log.
pub(in crate::live) fn each_line(
    mut log: impl Read,
    line: &mut dyn FnMut(&[u8]),
    progress: &mut dyn FnMut() -> bool,
) -> io::Result<()> {
    let mut lines = Lines::default();
    loop {
        let read = lines.fill(&mut log)?;
        lines.each(read == 0, line);
        if read == 0 || !progress() {
            return Ok(());
        }
    }
}

/// A buffer that holds a block and the beginning of the line that it cuts.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    filled: usize,
    /// The line at the front is too long, and its beginning has been seen.
    skipping: bool,
}

impl Lines {
    /// Reads a block; 0 at the end.
    pub(super) fn fill(&mut self, log: &mut impl Read) -> io::Result<usize> {
        if self.buffer.is_empty() {
            self.buffer = vec![0; BLOCK + MOST_LINE];
        }
        loop {
            match log.read(&mut self.buffer[self.filled..]) {
                Ok(read) => {
                    self.filled += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Hands out the whole lines; at the end, also one without its end.
    pub(super) fn each(&mut self, at_end: bool, line: &mut dyn FnMut(&[u8])) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &self.buffer[..self.filled]) {
            if !std::mem::take(&mut self.skipping) {
                let text = &self.buffer[start..end];
                line(text.strip_suffix(b"\r").unwrap_or(text));
            }
            start = end + 1;
        }
        let left = self.filled - start;
        if (at_end && left > 0) || left >= MOST_LINE {
            if !std::mem::replace(&mut self.skipping, !at_end) {
                line(&self.buffer[start..start + left.min(MOST_LINE)]);
            }
            self.filled = 0;
        } else {
            self.buffer.copy_within(start..self.filled, 0);
            self.filled = left;
        }
    }

    /// Forgets what was read.
    pub(super) fn clear(&mut self) {
        self.filled = 0;
        self.skipping = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let some = self.0.len().min(self.1).min(buffer.len());
            buffer[..some].copy_from_slice(&self.0[..some]);
            self.0 = &self.0[some..];
            Ok(some)
        }
    }

    fn lines(text: &[u8], step: usize) -> Vec<Vec<u8>> {
        let (mut lines, mut log, mut all) = (Lines::default(), Slow(text, step), Vec::new());
        loop {
            let read = lines.fill(&mut log).unwrap();
            lines.each(read == 0, &mut |line| all.push(line.to_vec()));
            if read == 0 {
                return all;
            }
        }
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        for step in [1, 2, 3, 100] {
            assert_eq!(lines(b"one\r\n\ntwo\nthree", step), [&b"one"[..], b"", b"two", b"three"]);
        }
    }

    #[test]
    fn a_line_without_end_costs_no_memory_and_counts_once() {
        let mut text = vec![b'x'; 3 * BLOCK];
        text.extend_from_slice(b"\nnext\n");
        let all = lines(&text, 10_000);
        assert_eq!(all.len(), 2);
        assert!(all[0].len() <= MOST_LINE && all[1] == b"next");
    }
}
