//! What nginx would see: the vocabulary of directives and variables, and where each may stand.

mod context;
pub mod directives;
pub mod variables;

pub use context::{Context, ContextSet};
