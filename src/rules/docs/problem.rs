//! What stands in place of a rule where a file could not be read: `syntax-error` and `unreadable`.

use super::page::{Page, sections};

struct Text {
    name: &'static str,
    title: &'static str,
    means: &'static str,
    to_do: &'static str,
}

/// The names are those of `report::Status`.
const TEXTS: [Text; 2] = [
    Text {
        name: "syntax-error",
        title: "Text at which nginx's reader stops",
        means: "With it nginx does not start, and a reload leaves the old configuration at work. What stands before and \
                behind is judged as far as it can be understood. No comment, no severity and no baseline silences it, the \
                exit status is 2, and --fix leaves the file alone.",
        to_do: "Look at the place and just above it: most often a `;`, a `}` or a quote is missing there. `nginx -t` says \
                whether nginx is content. If the file is not nginx's, leave it out with `exclude` in nginx-wslint.toml.",
    },
    Text {
        name: "unreadable",
        title: "A file that cannot be read, or is no text",
        means: "Nothing of the file is known: it is not there, may not be read, is a folder, or is binary. Where an \
                `include` leads to it, nginx does not start either. What is found elsewhere leaves open what it may \
                say. The exit status is 2.",
        to_do: "Mend the name or the permissions. A link in an included folder that leads nowhere has to go. What exists \
                on the server alone can be told by `[[include.map]]` in nginx-wslint.toml.",
    },
];

/// Whether findings of that name are no rule's, but about a file that could not be read.
pub fn is_problem(name: &str) -> bool {
    TEXTS.iter().any(|text| text.name == name)
}

/// What such a finding means and what to do; none where the name is another.
pub fn problem_page(name: &str, page: Page) -> Option<String> {
    let text = TEXTS.iter().find(|text| text.name == name)?;
    Some(sections(text.name, text.title, &[("What it means", text.means), ("What to do", text.to_do)], page))
}

#[cfg(test)]
mod tests {
    use super::super::super::rule_set::RuleSet;
    use super::*;
    use crate::report::Status;

    #[test]
    fn every_sort_of_problem_has_a_page_and_none_is_a_rule() {
        for status in [Status::SyntaxError, Status::Unreadable] {
            assert!(is_problem(status.name()) && problem_page(status.name(), Page::default()).is_some());
            assert!(!RuleSet::builtin().knows(status.name()));
        }
        assert!(problem_page("ok", Page::default()).is_none());
    }
}
