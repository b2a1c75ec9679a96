//! Rules: what is wrong, said as data, and the engine that finds it.
//!
//! A rule is one TOML file: its documentation, its condition, its messages, its fixes and its examples. [`Rule`] is the
//! file checked; [`RuleSet`] all of them; [`check`] applies them to a tree.

mod compile;
mod condition;
pub mod docs;
mod engine;
mod facts;
mod finding;
mod schema;

pub use condition::milliseconds;
pub use compile::{FixRule, Rule, RuleError, RuleSet, Severity};
pub use engine::{Options, check};
pub use finding::{Finding, HeaderValue, Op, Place, Plan, Safety, WordPart};
pub use schema::{Example, Handshake};
