//! Processes, and what they took.

use std::fs;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a process took, or the median of several.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// The most memory that it held, in bytes; 0 where the system does not say.
    pub(crate) peak: u64,
    /// Whether it ended without an error; findings are none.
    pub(crate) succeeded: bool,
    /// What it wrote to standard error.
    pub(crate) said: String,
}

/// Whether a program is in the path.
pub(crate) fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs a command to its end and throws its output away.
pub(crate) fn run(mut command: Command) -> io::Result<Measured> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut stderr = child.stderr.take();
    let said = std::thread::spawn(move || {
        let mut said = String::new();
        let read = stderr.as_mut().map(|stderr| stderr.read_to_string(&mut said));
        (said, read)
    });
    let ended = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&ended);
    let peak = std::thread::spawn(move || {
        let mut peak = 0;
        // Its memory can be asked for as long as it runs.
        while !watched.load(Ordering::Relaxed) {
            peak = fs::read_to_string(&status).map_or(peak, |status| high_water(&status).max(peak));
            std::thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    let code = child.wait()?;
    let wall = start.elapsed();
    ended.store(true, Ordering::Relaxed);
    let peak = peak.join().unwrap_or_default();
    let said = said.join().map(|(said, _)| said).unwrap_or_default();
    Ok(Measured { wall, peak, succeeded: matches!(code.code(), Some(0 | 1)), said })
}

/// `VmHWM` of `/proc/PID/status`, in bytes.
fn high_water(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or(0, |count| count * 1024)
}

/// Runs commands in turn, so that all of them see the same machine: the median of each.
pub(crate) fn in_turn<const N: usize>(commands: [&dyn Fn() -> Command; N], times: usize) -> io::Result<[Measured; N]> {
    let mut all: [Vec<Measured>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=times {
        for (command, runs) in commands.iter().zip(&mut all) {
            let measured = run(command())?;
            // The first round fills the caches.
            if round > 0 {
                runs.push(measured);
            }
        }
    }
    Ok(all.map(|mut runs| {
        runs.sort_by_key(|run| run.wall);
        let peak = runs.iter().map(|run| run.peak).max().unwrap_or_default();
        Measured { peak, ..runs.swap_remove(runs.len() / 2) }
    }))
}
