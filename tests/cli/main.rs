//! The command as users run it: folders of golden cases, and what is too large or too odd for a folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, one that is left out says so"
)]

mod baseline;
mod cases;
mod completions;
mod diffs;
mod disk;
mod filter;
mod formats;
mod html;
mod large;
mod manual;
mod mistakes;
mod permissions;
mod printed;
mod roots;
mod run;
mod writing;
