//! What running servers say, as opposed to what their configuration says.
//!
//! [`log`] reads nginx's logs.

pub mod log;
mod page;
