//! The command line: the only part of the program that prints, writes files and ends it.

mod args;
#[cfg(feature = "live")]
mod doctor;
mod files;
mod fixing;
mod init;
mod lint;
#[cfg(feature = "live")]
mod log;
#[cfg(feature = "live")]
mod main_file;
mod manual;
mod names;
mod output;
mod outputs;
mod overlay;
mod parse;
#[cfg(feature = "live")]
mod probe;
mod progress;
mod routes;
mod rules;
mod schema;
mod server;
mod settings;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command};

/// Why the work could not be done: the message, ready to be read.
#[derive(Debug)]
struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Nothing at or above `--fail-on` remains.
const CLEAN: u8 = 0;
/// Findings remain.
const FINDINGS: u8 = 1;
/// The work could not be done.
const FAILED: u8 = 2;

/// Reads the arguments, does what they say and gives the exit code: 0 clean, 1 findings remain, 2 it could not be done.
pub(crate) fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` are no errors; whatever is, clap says it best.
            let code = if error.use_stderr() { FAILED } else { CLEAN };
            output::usage(&error);
            return ExitCode::from(code);
        }
    };
    match dispatch(&args) {
        Ok(code) => ExitCode::from(code),
        Err(Failure(message)) => {
            output::error(&message);
            ExitCode::from(FAILED)
        }
    }
}

fn dispatch(args: &Args) -> Result<u8, Failure> {
    match &args.command {
        None => {
            check_words(&args.lint.input.paths)?;
            lint::run(&args.lint)
        }
        Some(Command::Rules { json, args, action: None }) => rules::list(args, *json),
        Some(Command::Rules { args, action: Some(args::RulesAction::Test { folder }), .. }) => {
            rules::test(args, folder)
        }
        Some(Command::Explain { rule, args }) => rules::explain(args, rule),
        Some(Command::Routes(args)) => routes::run(args),
        #[cfg(feature = "live")]
        Some(Command::Probe(args)) => probe::run(args),
        Some(Command::Parse { tree: Some(root), .. }) => parse::tree(root),
        Some(Command::Parse { files, .. }) => parse::files(files),
        Some(Command::Server(args)) => server::run(args),
        Some(Command::Completions { shell }) => {
            manual::completions(*shell);
            Ok(CLEAN)
        }
        Some(Command::Man { command }) => manual::man(command.as_deref()).map(|()| CLEAN),
        #[cfg(feature = "live")]
        Some(Command::Log(args)) => log::run(args),
        #[cfg(feature = "live")]
        Some(Command::Doctor(args)) => doctor::run(args),
        Some(Command::Init { folder }) => init::run(folder),
        Some(Command::Schema { of }) => schema::run(*of),
    }
}

/// A subcommand that is mistyped comes along as a path.
fn check_words(paths: &[PathBuf]) -> Result<(), Failure> {
    let first = paths.first().filter(|path| path.symlink_metadata().is_err()).and_then(|path| path.to_str());
    let mistyped = first.and_then(|word| names::mistyped_subcommand(word, &Args::command()));
    mistyped.map_or(Ok(()), |message| Err(Failure(message)))
}
