//! How far a run is, for people who wait for it.

use std::io::IsTerminal;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that is over sooner shows nothing.
const DELAY: Duration = Duration::from_millis(500);
/// Between two pictures of a bar that moves.
const TICK: Duration = Duration::from_millis(100);

/// A bar on standard error, taken away when it is dropped.
pub(super) struct Progress {
    bar: ProgressBar,
    timer: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts the clock; nothing is ever shown unless standard error is a terminal and `wanted`.
    pub(super) fn start(wanted: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if !wanted || dumb || !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden(), timer: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style("{spinner} {msg}"));
        bar.set_message("reading");
        let (done, over) = channel();
        let late = bar.clone();
        let timer = std::thread::spawn(move || {
            if over.recv_timeout(DELAY).is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout) {
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(TICK);
            }
        });
        Self { bar, timer: Some((done, timer)) }
    }

    /// There are so many configurations to be linted.
    pub(super) fn total(&self, jobs: usize) {
        // A bar that can only jump from nothing to all says less than one that turns.
        if jobs > 1 {
            self.bar.set_length(jobs as u64);
            self.bar.set_style(style("{spinner} {msg} [{bar:30}] {pos}/{len}"));
        }
        self.bar.set_message("linting");
    }

    /// One of them is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, timer)) = self.timer.take() {
            let _ = done.send(());
            let _ = timer.join();
            self.bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are those above; one that could not be read would show indicatif's own.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ").tick_chars("|/-\\ ")
}
