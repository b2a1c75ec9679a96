//! The command as users run it: folders of golden cases, and what is too large or too odd for a folder.

mod cases;
mod diffs;
mod large;
mod permissions;
mod run;
