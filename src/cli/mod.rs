//! The command line: the only part of the program that prints, writes files and ends it.

mod args;
#[cfg(feature = "live")]
mod doctor;
mod files;
mod filter;
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
    let done = match Args::try_parse() {
        Ok(args) => dispatch(&args),
        Err(error) => {
            // Whatever is wrong, clap says it best; `--help` and `--version` are no errors.
            output::usage(&error);
            if error.use_stderr() {
                filter::give_back_unless_understood(std::env::args_os());
            }
            Ok(if error.use_stderr() { FAILED } else { CLEAN })
        }
    };
    let code = done.unwrap_or_else(|failure| failed(&failure));
    ExitCode::from(output::finish().map_or_else(|failure| failed(&failure), |()| code))
}

fn failed(Failure(message): &Failure) -> u8 {
    output::error(message);
    FAILED
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

/// A subcommand that is mistyped, or another program's, comes along as a path.
fn check_words(paths: &[PathBuf]) -> Result<(), Failure> {
    let is_there = |path: &&PathBuf| path.symlink_metadata().is_ok();
    let first = paths.first().filter(|path| !is_there(path)).and_then(|path| path.to_str());
    let rest = paths.get(1..).filter(|rest| rest.iter().all(|path| is_there(&path))).unwrap_or_default();
    let foreign = first.filter(|_| rest.len() + 1 == paths.len()).and_then(|word| names::foreign_verb(word, rest));
    let mistyped = foreign.or_else(|| first.and_then(|word| names::mistyped_subcommand(word, &Args::command())));
    mistyped.map_or(Ok(()), |message| Err(Failure(message)))
}
