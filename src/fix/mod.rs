//! Repairs: from the plan of a finding to edits, proved harmless, until nothing is left to do.

mod candidate;
mod comment;
mod converge;
mod headers;
mod in_effect;
mod layout;
mod lines;
mod maps;
mod objections;
mod prove;
mod rewrite;
mod together;

pub use converge::{Applied, NotConverging, Outcome, Shown, Texts, Withdrawn, converge};
pub use lines::LineMap;
pub use rewrite::{FileEdit, Rewriter};
pub use together::{Task, Together, converge_all};
