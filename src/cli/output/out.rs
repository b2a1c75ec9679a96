//! Standard output: the one way to it, and what became of what was written.

use std::io::{self, Write};
use std::sync::OnceLock;

use super::super::Failure;
use super::reason;

/// Why standard output takes nothing more; what is written after that is lost, and [`finish`] says so.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Standard output, to which everything is written through here.
#[derive(Debug)]
pub(in crate::cli) struct Out;

impl Out {
    fn keep<T>(done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            // Whoever writes tries again after an interruption.
            if kind != io::ErrorKind::Interrupted {
                let _ = LOST.set(error);
            }
            kind.into()
        })
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Half of what follows would be worse than none of it.
        match LOST.get() {
            Some(error) => Err(error.kind().into()),
            None => Self::keep(io::stdout().lock().write(bytes)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::keep(io::stdout().lock().flush())
    }
}

/// Whether standard output takes nothing more: who writes without end may stop.
pub(in crate::cli) fn is_lost() -> bool {
    LOST.get().is_some()
}

/// Makes sure that all is written to standard output. A reader that has gone away is no error.
pub(in crate::cli) fn finish() -> Result<(), Failure> {
    let _ = Out.flush();
    match LOST.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure(format!("standard output: cannot be written: {}", reason(error))))
        }
        _ => Ok(()),
    }
}
