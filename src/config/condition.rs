//! The condition of an `if`, taken apart.

use super::regex::Pattern;
use super::tree::{DirectiveId, Tree};

/// What an `if` looks at, how, and what it compares that with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// The variable as it is written; behind a test of files the path.
    pub(crate) subject: String,
    /// `=`, `!~*`, `-f` and their like; empty for a variable alone.
    pub(crate) operator: String,
    /// What stands behind the operator.
    pub(crate) text: String,
}

impl Condition {
    /// The condition of an `if`; none where its words are not such as nginx takes (`ngx_http_rewrite_if_condition`).
    pub(crate) fn of(tree: &Tree, test: DirectiveId) -> Option<Self> {
        let mut words: Vec<String> = tree.args(test).map(std::borrow::Cow::into_owned).collect();
        let first = words.first_mut()?;
        *first = first.strip_prefix('(')?.to_owned();
        if first.is_empty() {
            words.remove(0);
        }
        let last = words.last_mut()?;
        *last = last.strip_suffix(')')?.to_owned();
        if last.is_empty() && words.len() > 1 {
            words.pop();
        }
        let mut words = words.into_iter();
        let (first, second, third) = (words.next()?, words.next(), words.next());
        let (subject, operator, text) = match (second, third) {
            (None, _) => (first, String::new(), String::new()),
            (Some(path), None) => (path, first, String::new()),
            (Some(operator), Some(text)) => (first, operator, text),
        };
        words.next().is_none().then_some(Self { subject, operator, text })
    }

    /// Whether the test asks for files (`-f`, `!-d` and their like).
    pub(crate) fn asks_for_files(&self) -> bool {
        ["-f", "-d", "-e", "-x"].contains(&self.operator.trim_start_matches('!'))
    }

    /// Whether a value of the subject meets it; none where the text or the pattern cannot be judged.
    pub(crate) fn holds(&self, value: &str) -> Option<bool> {
        let found = match self.operator.trim_start_matches('!') {
            "" => return Some(!value.is_empty() && value != "0"),
            "=" if self.text.contains('$') => return None,
            "=" => value == self.text,
            "~" => Pattern::new(&self.text, false).is_match(value)?,
            "~*" => Pattern::new(&self.text, true).is_match(value)?,
            _ => return None,
        };
        Some(found != self.operator.starts_with('!'))
    }
}
