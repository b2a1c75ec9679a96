//! Which routes carry WebSockets, how sure that is, and what is known of them.

mod beside;
pub mod comments;
mod facts;
mod headers;
mod hops;
mod intent;
mod jumps;
mod known;
mod reading;
mod restrictions;
mod route;
pub mod segments;
pub mod signals;
mod sites;
mod subrequests;

pub use facts::keeps_connections;
pub use headers::{Header, Headers, Plain, State, concerns_upgrade, has_leftovers, has_upgrade_token, is_for, value};
pub use intent::{Confidence, Evidence, Intent};
pub use jumps::Jumps;
pub use route::{Module, Route, RouteSetting, Routes};
pub use signals::Signals;
pub use sites::{hosts, sends_policy};
