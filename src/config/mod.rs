//! What nginx would see: files joined by their includes, and what applies in each block.
//!
//! A [`Tree`] is read from a root (or a fragment) through a [`Reader`]. It answers what stands in a block itself, what
//! is in effect there after inheritance and where it was set, which variables exist, and what a value becomes for a
//! WebSocket handshake or a plain request. Nothing here knows why anybody asks.

mod condition;
mod context;
mod definitions;
pub mod directives;
mod effective;
mod evaluate;
mod include;
mod index;
mod loader;
mod location;
mod maps;
mod numbers;
mod reach;
mod reader;
mod regex;
mod server;
mod swallowed;
mod tree;
mod upstream;
pub mod variables;
mod version;

pub(crate) use condition::Condition;
pub use context::{Context, ContextSet};
pub use definitions::{Definition, DefinitionKind};
pub use directives::{Inherit, Name};
pub use effective::{Effective, Openness};
pub use evaluate::{Part, Request, Values, is_near_miss, is_placeholder, meant_header, parts};
pub use include::{IncludeMap, included_files};
pub use loader::reason;
pub use location::{Location, Modifier};
pub(crate) use numbers::Numbers;
pub use reach::Reached;
pub use reader::{Disk, Memory, Reader};
pub use regex::Pattern;
pub(crate) use server::listen_address;
pub use server::{Served, ServedBy};
pub use tree::{Directive, DirectiveId, File, FileId, Problem, ROOT, Tree, TreeOptions, Unread};
pub use upstream::{Target, Upstream, split_scheme};
pub use variables::is_builtin_variable;
pub use version::{Version, VersionError, VersionRange};
