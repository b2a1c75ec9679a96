//! Speaking to running servers, where the configuration alone does not tell: feature `live`.
//!
//! Everything here goes to the addresses it is given and nowhere else, and is bounded in time and size. What comes from
//! the network is kept as text; whoever shows it makes it [visible](crate::report::escape::visible) first.

mod located;
pub mod probe;

pub use located::Located;
