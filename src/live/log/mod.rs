//! Logs of nginx: what they say of WebSockets, grouped by cause, route and upstream.
//!
//! Lines go one by one into a [`Tally`], which keeps counts and no lines, so that a log of any size takes the same memory.
//! What is recognised is data: `rules/messages.toml`. Error logs and access logs (the combined format) may come mixed, as
//! containers write them, also wrapped in JSON; each line is known by its form.

mod access;
mod follow;
mod lifetimes;
mod line;
mod messages;
mod read;
mod requests;
mod routes;
mod summary;
mod tally;
mod text;
mod timeline;
mod wrapped;

pub use access::AccessSummary;
pub use follow::Follower;
pub use messages::{About, Message, Messages};
pub use read::{open, read, unpacked};
pub use summary::{Cause, Group, LogSummary};
pub use tally::{Seen, Tally};
pub use text::{explain, write};
pub use timeline::{Seconds, Timeline, clock, since};
pub(super) use {
    line::{Fields, Line},
    read::each_line,
    timeline::{now, told},
    wrapped::unwrapped,
};
