//! Instructions for so much input, twice and four times as much.

use std::io;
use std::process::{Command, Stdio};

use super::work::Work;

/// The word by which this program calls itself: do a work of that name and size.
pub(crate) const DO: &str = "do";

/// What doubling an input may cost: 2 is linear, 4 is quadratic. Tables that grow, and merging, take a little more than 2.
const MOST: f64 = 2.1;

/// Prints how the instructions of each work grow; whether all of them keep below [`MOST`].
pub(crate) fn report(works: &[Work]) -> io::Result<bool> {
    if !has_valgrind() {
        println!("without valgrind in the path no instructions are counted");
        return Ok(true);
    }
    let mut fine = true;
    println!("{:<32} {:>8} {:>14} {:>8}", "millions of instructions", "size", "for 4 times", "growth");
    for work in works {
        let [one, two, four] = [1, 2, 4].map(|times| instructions(work.name, work.least * times));
        let (one, two, four) = (one?, two?, four?);
        // What does not depend on the size drops out.
        let growth = (four - two) / (two - one);
        let verdict = if growth <= MOST { "" } else { "  more than linear" };
        fine &= growth <= MOST;
        println!("{:<32} {:>8} {:>14.1} {growth:>8.2}{verdict}", work.name, work.least, four / 1e6);
    }
    Ok(fine)
}

fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// What the work takes, on one core, its input included.
fn instructions(name: &str, count: usize) -> io::Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([DO, name, &count.to_string()])
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    count.ok_or_else(|| io::Error::other(format!("valgrind counted nothing for {name}: {said}")))
}
