//! Which routes carry WebSockets, and how sure that is.

pub mod comments;
pub mod segments;
pub mod signals;
