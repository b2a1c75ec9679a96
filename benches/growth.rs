//! How work grows with size.
//!
//! `cargo bench --bench growth` first counts instructions for so much input, twice and four times as much (with `valgrind`, if
//! it is in the path) and fails where they do not grow with the input: a count does not depend on what else the machine does.
//! Then it measures times on much and on twice as much.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints a table")]

use std::process::ExitCode;

use divan::{Bencher, counter::BytesCount};

#[path = "growth/counted.rs"]
mod counted;
mod inputs;
#[path = "growth/work.rs"]
mod work;

use work::{WORKS, Work};

fn main() -> ExitCode {
    // Called by itself under valgrind: do a work once.
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, name, count] = &arguments[..]
        && word == counted::DO
    {
        let work = WORKS.iter().find(|work| work.name == name);
        let count = count.parse().ok();
        return match work.zip(count) {
            Some((work, count)) => {
                std::hint::black_box(work.prepare(count).run());
                ExitCode::SUCCESS
            }
            None => ExitCode::FAILURE,
        };
    }
    // `--test` and `--list`, as cargo and its runners pass them, and a filter are for divan alone.
    let growth = if arguments.iter().skip(1).any(|word| word != "--bench") { Ok(true) } else { counted::report(WORKS) };
    divan::main();
    match growth {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A work and its size.
struct Sized(&'static Work, usize);

impl std::fmt::Display for Sized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0.name, self.1)
    }
}

fn sizes() -> impl Iterator<Item = Sized> {
    WORKS.iter().flat_map(|work| [Sized(work, work.most / 2), Sized(work, work.most)])
}

#[divan::bench(args = sizes(), sample_count = 3, sample_size = 1)]
fn time(bencher: Bencher<'_, '_>, Sized(work, count): &Sized) {
    let prepared = work.prepare(*count);
    bencher.counter(BytesCount::new(prepared.bytes)).bench(|| prepared.run());
}
