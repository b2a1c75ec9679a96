//! The command as users run it: folders of golden cases, and what is too large or too odd for a folder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod baseline;
mod cases;
mod diffs;
mod large;
mod permissions;
mod roots;
mod run;
