//! The whole program beside `nginx -t` on the same files, in the same run, against the targets of the project.
//!
//! `cargo bench --bench beside_nginx` prints a table. nginx also resolves names and builds hash tables, which this program
//! does not; it reads and checks nothing of WebSockets. Times are medians of runs that take turns, from the start of a
//! process to its end. Where `nginx` or `valgrind` is not in the path, their rows are left out.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints a table")]

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nginx_wslint::syntax::{Source, parse};

mod inputs;
#[path = "beside_nginx/process.rs"]
mod process;

use process::{Measured, has, in_turn, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_nginx-wslint");

fn main() -> ExitCode {
    // Called by itself under valgrind: parse a file so many times.
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, file, times] = &arguments[..]
        && word == "parse"
    {
        let text = fs::read(file).unwrap_or_default();
        for _ in 0..times.parse().unwrap_or(1) {
            std::hint::black_box(parse(&Source::new(file, text.clone())).nodes().len());
        }
        return ExitCode::SUCCESS;
    }
    match report() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    println!("{:<44} {:>12} {:>12} {:>9} {:>9}", "", "this program", "compared", "ratio", "target");
    tree(folder)?;
    large(folder)?;
    map(folder)?;
    small(folder)?;
    independent(folder)?;
    fixes(folder)?;
    parser(folder)
}

/// A line of the table; the ratio is missed when it is above the target, or below it where more is better.
fn row(work: &str, ours: &str, other: &str, ratio: f64, target: f64, more_is_better: bool) {
    let met = if more_is_better { ratio >= target } else { ratio <= target };
    let sign = if more_is_better { ">=" } else { "<=" };
    let verdict = if met { "" } else { "  missed" };
    println!("{work:<44} {ours:>12} {other:>12} {ratio:>9.2} {:>9}{verdict}", format!("{sign} {target}"));
}

fn time(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn lint(file: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["--isolated", "--output-format", "concise"]).arg(file);
    command
}

fn nginx(file: &Path) -> Command {
    let mut command = Command::new("nginx");
    command.args(["-t", "-q", "-g", "error_log stderr; pid /dev/null;", "-c"]).arg(file);
    command
}

/// Compares with nginx, if it is there; says what both took.
fn beside(work: &str, file: &Path, times: usize, target: f64) -> io::Result<Measured> {
    if !has("nginx") {
        return run(lint(file));
    }
    let [ours, theirs] = in_turn([&|| lint(file), &|| nginx(file)], times)?;
    if !theirs.succeeded {
        println!("{work:<44} nginx refuses the file: {}", theirs.said.trim());
    }
    row(work, &time(ours.wall), &time(theirs.wall), ours.wall.div_duration_f64(theirs.wall), target, false);
    Ok(ours)
}

fn tree(folder: &Path) -> io::Result<()> {
    let folder = folder.join("tree");
    fs::create_dir_all(folder.join("conf.d"))?;
    fs::write(folder.join("nginx.conf"), inputs::tree())?;
    for number in 0..1000 {
        fs::write(folder.join(format!("conf.d/{number:04}.conf")), inputs::site(number))?;
    }
    beside("include tree of 1,000 files, 6 MB", &folder.join("nginx.conf"), 9, 0.25)?;
    Ok(())
}

fn large(folder: &Path) -> io::Result<()> {
    let (file, twice) = (folder.join("large.conf"), folder.join("twice.conf"));
    fs::write(&file, inputs::servers(180_000))?;
    fs::write(&twice, inputs::servers(360_000))?;
    let bytes = fs::metadata(&file)?.len();
    let [one, two] = in_turn([&|| lint(&file), &|| lint(&twice)], 5)?;
    row("180,000 servers in one file: seconds", &time(one.wall), "", one.wall.as_secs_f64(), 1.0, false);
    let memory = one.peak as f64 / bytes as f64;
    row("  peak memory by the size of the file", &mebibytes(one.peak), &mebibytes(bytes), memory, 6.0, false);
    let growth = two.wall.div_duration_f64(one.wall);
    row("  twice the input", &time(two.wall), &time(one.wall), growth, 2.1, false);
    Ok(())
}

fn map(folder: &Path) -> io::Result<()> {
    let file = folder.join("map.conf");
    fs::write(&file, inputs::map(500_000))?;
    beside("one map of 20 MB", &file, 5, 0.75)?;
    Ok(())
}

fn small(folder: &Path) -> io::Result<()> {
    let file = folder.join("small.conf");
    fs::write(&file, inputs::problems(1))?;
    let ours = beside("one small file", &file, 41, 1.5)?;
    row("  milliseconds", &time(ours.wall), "", ours.wall.as_secs_f64() * 1e3, 5.0, false);
    Ok(())
}

fn independent(folder: &Path) -> io::Result<()> {
    let folder = folder.join("independent");
    fs::create_dir_all(&folder)?;
    for number in 0..1000 {
        fs::write(folder.join(format!("{number}.conf")), inputs::main_file(&inputs::site(number)))?;
    }
    let with = |threads: &str| {
        let mut command = lint(&folder);
        command.env("RAYON_NUM_THREADS", threads);
        command
    };
    let [two, one] = in_turn([&|| with("2"), &|| with("1")], 5)?;
    let gain = one.wall.div_duration_f64(two.wall);
    row("1,000 independent files: two cores by one", &time(two.wall), &time(one.wall), gain, 1.6, true);
    Ok(())
}

fn fixes(folder: &Path) -> io::Result<()> {
    let (file, twice) = (folder.join("problems.conf"), folder.join("problems2.conf"));
    fs::write(&file, inputs::problems(10_000))?;
    fs::write(&twice, inputs::problems(20_000))?;
    // What --fix would write, without writing it, so that each run finds the same file.
    let fix = |file: &Path| {
        let mut command = lint(file);
        command.arg("--diff");
        command
    };
    let [fixed, linted, more] = in_turn([&|| fix(&file), &|| lint(&file), &|| fix(&twice)], 5)?;
    let ratio = fixed.wall.div_duration_f64(linted.wall);
    row("fixes of 10,000 problems by their lint", &time(fixed.wall), &time(linted.wall), ratio, 3.0, false);
    let growth = more.wall.div_duration_f64(fixed.wall);
    row("  twice the input", &time(more.wall), &time(fixed.wall), growth, 2.1, false);
    Ok(())
}

/// Instructions from text to AST: those of one parse more.
fn parser(folder: &Path) -> io::Result<()> {
    if !has("valgrind") {
        return Ok(());
    }
    let file = folder.join("parsed.conf");
    let text: String = (0..160).map(inputs::site).collect();
    fs::write(&file, &text)?;
    let instructions = |times: &str| -> io::Result<f64> {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(std::env::current_exe()?);
        command.arg("parse").arg(&file).arg(times).env("RAYON_NUM_THREADS", "1").stdout(Stdio::null());
        let said = run(command)?.said;
        let count = said.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or(f64::NAN))
    };
    let more = instructions("2")? - instructions("1")?;
    let each = more / text.len() as f64;
    row("text to AST: instructions a byte", &format!("{:.1} M", more / 1e6), "", each, 200.0, false);
    Ok(())
}
