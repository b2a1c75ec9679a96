//! Rules: what is wrong, said as data, and the engine that finds it.
//!
//! A rule is one TOML file: its documentation, its condition, its messages, its fixes and its examples. [`Rule`] is the
//! file checked; [`RuleSet`] all of them; [`check`] applies them to a tree.

mod compile;
mod condition;
pub mod docs;
mod doubts;
mod engine;
mod facts;
mod finding;
pub mod ignores;
mod rule;
mod rule_set;
mod schema;
mod severity;
mod spanned;
mod spelling;
mod times;
mod wording;
mod words;
mod writer;

pub use compile::RuleError;
pub use engine::{Checked, DEFAULT_READ_TIMEOUT, Options, check};
pub use finding::{Finding, HeaderValue, Op, Place, Plan, Safety, WordPart};
pub use rule::{FixRule, Rule};
pub use rule_set::RuleSet;
pub use schema::{Backend, Example, Handshake, json_schema};
pub use severity::Severity;
pub use spelling::nearest;
pub use times::milliseconds;
pub use wording::toml_error;

/// The facts that rules may ask for, each with what it says.
pub fn facts() -> impl Iterator<Item = (&'static str, &'static str)> {
    facts::all().map(|fact| (fact.name, fact.meaning))
}
