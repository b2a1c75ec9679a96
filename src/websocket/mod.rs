//! Which routes carry WebSockets, how sure that is, and what is known of them.

mod arrivals;
mod beside;
mod carried;
pub mod comments;
mod confidence;
mod denials;
mod facts;
mod guards;
mod headers;
mod hops;
mod intent;
mod judge;
mod jumps;
mod known;
mod names;
mod origins;
mod reading;
mod restrictions;
mod route;
pub mod segments;
pub mod signals;
mod sites;
mod steering;
mod subrequests;
mod twins;
mod upgrade_test;
mod walk;

pub use arrivals::{Arrival, Arrivals};
pub use confidence::Confidence;
pub use facts::keeps_connections;
pub use guards::turns_plain_away;
pub use headers::{
    Header, Headers, Plain, State, concerns_upgrade, has_doubled_dollar, has_leftovers, has_upgrade_token, is_for,
    is_websocket, name_without_colon, value,
};
pub use intent::{Evidence, Intent};
pub use jumps::Jumps;
pub use route::{Module, Route, RouteSetting, Routes};
pub use signals::Signals;
pub use sites::{hosts, sends_policy};
pub use steering::{PREFIX, deciding_comments, decision, instruction};
pub(crate) use walk::{expand, is_redirect};
