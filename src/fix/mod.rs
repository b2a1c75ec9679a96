//! Repairs: from the plan of a finding to edits, proved harmless, until nothing is left to do.

mod comment;
mod converge;
mod headers;
mod layout;
mod maps;
mod prove;
mod rewrite;

pub use converge::{Applied, NotConverging, Outcome, Shown, Texts, Withdrawn, converge};
pub use rewrite::{FileEdit, Rewriter};
