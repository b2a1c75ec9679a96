//! A log that is still written to.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::read::Lines;
use super::tally::{Seen, Tally};

/// Reads what is added to a log, also after it was moved away and begun anew (rotation), or cut (`copytruncate`).
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: File,
    offset: u64,
    lines: Lines,
    /// Another file has taken the path, and this one is read to its end once more.
    moved: bool,
}

impl Follower {
    /// Opens a log and reads from its beginning.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: File::open(path)?, offset: 0, lines: Lines::default(), moved: false })
    }

    /// How many bytes of the file have been read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads a block of what is new and hands out the lines that were recognised. False when nothing is left for now.
    ///
    /// # Errors
    /// Those of the file. That there is none for a moment is no error.
    pub fn poll(&mut self, tally: &mut Tally, seen: &mut dyn FnMut(Seen, &Tally)) -> io::Result<bool> {
        if self.file.metadata()?.len() < self.offset {
            self.file.seek(SeekFrom::Start(0))?;
            self.offset = 0;
            self.lines.clear();
        }
        let read = self.lines.fill(&mut self.file.by_ref())?;
        self.offset += read as u64;
        let mut add = |line: &[u8]| {
            if let Some(found) = tally.add(line) {
                seen(tally.seen(found), tally);
            }
        };
        self.lines.each(false, &mut add);
        if read > 0 {
            self.moved = false;
            return Ok(true);
        }
        match File::open(&self.path) {
            // nginx's workers write to the old file until each of them has reopened it: that takes a moment.
            Ok(file) if !is_same(&file.metadata()?, &self.file.metadata()?) => {
                if !std::mem::replace(&mut self.moved, true) {
                    return Ok(false);
                }
                self.moved = false;
                self.lines.each(true, &mut add);
                self.lines.clear();
                (self.file, self.offset) = (file, 0);
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    const LINE: &str = "2026/11/21 08:15:05 [alert] 1#1: 100 worker_connections are not enough\n";

    fn drain(follower: &mut Follower, tally: &mut Tally) -> usize {
        let mut count = 0;
        while follower.poll(tally, &mut |_, _| count += 1).unwrap() {}
        count
    }

    #[test]
    fn a_log_that_grows_is_rotated_and_cut_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("error.log");
        fs::write(&path, LINE).unwrap();
        let (mut follower, mut tally) = (Follower::open(&path).unwrap(), Tally::new(None));
        assert_eq!(drain(&mut follower, &mut tally), 1);
        // A line that is not whole yet waits for its end.
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&LINE.as_bytes()[..30]).unwrap();
        assert_eq!(drain(&mut follower, &mut tally), 0);
        file.write_all(&LINE.as_bytes()[30..]).unwrap();
        assert_eq!(drain(&mut follower, &mut tally), 1);
        // Moved away; nginx writes one more line to the old file.
        fs::rename(&path, folder.path().join("error.log.1")).unwrap();
        file.write_all(LINE.as_bytes()).unwrap();
        assert_eq!(drain(&mut follower, &mut tally), 1);
        fs::write(&path, LINE.repeat(3)).unwrap();
        assert_eq!(drain(&mut follower, &mut tally), 0);
        file.write_all(LINE.as_bytes()).unwrap();
        assert_eq!(drain(&mut follower, &mut tally), 1);
        assert_eq!(drain(&mut follower, &mut tally), 3);
        // Cut in place.
        fs::write(&path, LINE).unwrap();
        assert_eq!(drain(&mut follower, &mut tally), 1);
    }
}
