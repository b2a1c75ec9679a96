//! Speaking to running servers, where the configuration alone does not tell: feature `live`.
//!
//! [`probe`] tries a handshake, [`log`] reads what nginx wrote, [`doctor`] looks at everything in turn.
//!
//! Everything here goes to the addresses it is given and nowhere else, and is bounded in time and size. What comes from
//! the network is kept as text; whoever shows it makes it [visible](crate::report::escape::visible) first.

pub mod doctor;
mod located;
pub mod log;
mod own_answer;
mod page;
pub mod probe;
mod suspects;

pub use located::Located;
