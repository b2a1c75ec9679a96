//! `--fix -`: a filter of an editor, which puts in place of its text whatever comes out. So the text comes out whatever
//! happens: mended, or as it was.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use clap::CommandFactory;

use super::Failure;
use super::args::{Args, LintArgs};
use super::fixing::{self, Filtered};
use super::lint::Session;
use super::output::{Stream, print};
use super::progress::Progress;

/// What comes on standard input, read once, when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Stdin(OnceCell<Vec<u8>>);

impl Stdin {
    /// All of it.
    ///
    /// # Errors
    /// Those of reading; what had come until then is kept.
    pub(super) fn text(&self) -> io::Result<&[u8]> {
        let mut read = Ok(0);
        let bytes = self.0.get_or_init(|| {
            let mut bytes = Vec::new();
            read = io::stdin().lock().read_to_end(&mut bytes);
            bytes
        });
        read.map(|_| &bytes[..])
    }

    /// Writes it to standard output as it came. Nobody is made to type it for that.
    fn give_back(&self) {
        if self.0.get().is_some() || !io::stdin().is_terminal() {
            let _ = self.text();
            print(self.0.get().map(Vec::as_slice).unwrap_or_default());
        }
    }
}

/// Whether the arguments ask for the filter.
pub(super) fn is_meant(args: &LintArgs) -> bool {
    args.fix && args.input.paths.iter().any(|path| path == Path::new("-"))
}

/// Fixes what comes on standard input. The text goes to standard output, what is said of it to standard error.
pub(super) fn run(args: &LintArgs, progress: Progress) -> Result<u8, Failure> {
    let stdin = Stdin::default();
    let work = || {
        let session = Session::reading(args, &stdin)?;
        let filtered = fixing::filtered(&session, progress)?;
        Ok((session, filtered))
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok((session, Filtered { text, report, code }))) => {
            print(&text);
            session.write(&report, Stream::Error)?;
            Ok(code)
        }
        Ok(Err(failure)) => {
            stdin.give_back();
            Err(failure)
        }
        Err(_) => {
            stdin.give_back();
            Err(Failure("nginx-wslint is at fault here; the text stays as it was".to_owned()))
        }
    }
}

/// Gives the text back where the arguments cannot be understood, but ask for the filter as far as can be seen.
pub(super) fn give_back_unless_understood(args: impl Iterator<Item = OsString>) {
    let command = Args::command();
    let takes_value = |arg: &str| {
        let known = command.get_arguments().find(|known| match arg.strip_prefix("--") {
            Some(long) => known.get_long() == Some(long),
            None => arg.strip_prefix('-').is_some_and(|short| short.chars().next_back() == known.get_short()),
        });
        known.is_some_and(|known| known.get_action().takes_values())
    };
    let (mut fixes, mut reads, mut is_value) = (false, false, false);
    for arg in args.skip(1) {
        let arg = arg.to_string_lossy();
        if !std::mem::take(&mut is_value) {
            fixes |= arg == "--fix" || arg.starts_with("--fix=");
            reads |= arg == "-";
            is_value = takes_value(&arg);
        }
    }
    if fixes && reads {
        Stdin::default().give_back();
    }
}
