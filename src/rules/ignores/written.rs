//! One comment as it is written: `# nginx-wslint: ignore[rule, rule] reason`.

use crate::rules::spelling::nearest;
use crate::syntax::Span;
use crate::websocket::{PREFIX, instruction};

/// The instructions; the last two say what a route carries, and are read with its intent.
const INSTRUCTIONS: [&str; 4] = ["ignore", "file-ignore", "websocket", "not-websocket"];

/// How far an instruction reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The statements of its line, or the next one.
    Statement,
    /// The whole file.
    File,
}

/// A comment that silences rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// From its `#` to its end.
    pub(super) span: Span,
    /// How far it reaches.
    pub(super) reach: Reach,
    /// What stands between the brackets.
    pub(super) list: Span,
    /// The rules and groups in it, none empty.
    pub(super) names: Vec<Span>,
    /// Whether something that can be read stands behind the brackets.
    pub(super) has_reason: bool,
}

/// A comment that is meant to silence something and does not, and why, as a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// From its `#` to its end.
    pub(super) span: Span,
    /// What is wrong with it; nothing where it is well written and decides for no route.
    pub(super) mistake: String,
    /// Whether it was to decide what a route carries.
    pub(super) steers: bool,
}

impl Malformed {
    /// A comment that is to decide what a route carries, and stands where it decides for none.
    pub(super) fn idle(span: Span) -> Self {
        Self { span, mistake: String::new(), steers: true }
    }
}

/// Reads a comment that starts at `offset`. None where it is no instruction, or one that silences nothing by intent. Behind
/// a statement an instruction may follow on other words (`# see above # nginx-wslint: …`); a comment on its own line may be
/// a statement that was commented out with its instruction, which then means nobody.
pub(super) fn read(comment: &str, offset: u32, behind_statement: bool) -> Option<Result<Written, Malformed>> {
    let starts = comment.match_indices('#').map(|(at, _)| at).take(if behind_statement { usize::MAX } else { 1 });
    let (start, rest) = starts.into_iter().find_map(|at| Some((at, instruction(&comment[at..])?)))?;
    let at = |inner: &str| offset + (inner.as_ptr() as usize - comment.as_ptr() as usize) as u32;
    let span = Span { start: offset + start as u32, end: offset + comment.trim_end().len() as u32 };
    let malformed = |mistake: String| Some(Err(Malformed { span, mistake, steers: false }));
    let Some(rest) = rest.strip_prefix(':') else {
        // Prose may begin with the program's name.
        let is_meant = ["ignore[", "file-ignore["].iter().any(|start| rest.trim_start().starts_with(start));
        return is_meant
            .then(|| Err(Malformed { span, mistake: format!("a `:` is missing behind `{PREFIX}`"), steers: false }));
    };
    let rest = rest.trim_start();
    let word = rest.split(|c: char| c.is_whitespace() || c == '[').next().unwrap_or_default();
    let reach = match word {
        "ignore" => Reach::Statement,
        "file-ignore" => Reach::File,
        "websocket" | "not-websocket" => return None,
        "" => return malformed(format!("nothing stands behind `{PREFIX}:`")),
        _ => {
            let hint = nearest(word, INSTRUCTIONS).map_or_else(
                || "it is one of `ignore[rule]`, `file-ignore[rule]`, `websocket` and `not-websocket`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return malformed(format!("there is no instruction `{word}`: {hint}"));
        }
    };
    let Some(list) = rest[word.len()..].trim_start().strip_prefix('[') else {
        return malformed(format!("it names no rule: `{word}[rule] reason`"));
    };
    let Some((list, reason)) = list.split_once(']') else {
        return malformed("the `]` behind its rules is missing".to_owned());
    };
    let span_of = |inner: &str| Span { start: at(inner), end: at(inner) + inner.len() as u32 };
    let names: Vec<Span> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(span_of).collect();
    if names.is_empty() {
        return malformed(format!("it names no rule: `{word}[rule] reason`"));
    }
    let has_reason = reason.chars().any(char::is_alphanumeric);
    Some(Ok(Written { span, reach, list: span_of(list.trim()), names, has_reason }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(comment: &str) -> Vec<&str> {
        let written = read(comment, 0, false).unwrap().unwrap();
        written.names.iter().map(|name| &comment[name.range()]).collect()
    }

    fn mistake(comment: &str) -> String {
        read(comment, 0, false).unwrap().unwrap_err().mistake
    }

    #[test]
    fn names_and_reason_are_read_however_they_are_spaced() {
        for comment in [
            "# nginx-wslint: ignore[a, b] why",
            "#nginx-wslint:ignore [ a,b, ]: why",
            "## Nginx-WSLint : ignore[a ,b]x",
        ] {
            assert_eq!(names(comment), ["a", "b"], "{comment}");
            let written = read(comment, 0, false).unwrap().unwrap();
            assert_eq!((written.reach, written.has_reason), (Reach::Statement, true), "{comment}");
        }
        let file = "# nginx-wslint: file-ignore[a] -- ";
        let written = read(file, 7, false).unwrap().unwrap();
        assert_eq!((written.reach, written.has_reason), (Reach::File, false));
        assert_eq!((written.span.start, written.names[0].start), (7, 7 + 28));
    }

    #[test]
    fn other_comments_are_none() {
        for comment in
            ["# nginx-wslint is great", "# nginx-wslint: websocket", "# see nginx-wslint: ignore[a] b", "#", "# ü"]
        {
            assert_eq!(read(comment, 0, false), None, "{comment}");
        }
    }

    #[test]
    fn an_instruction_may_follow_other_words_behind_a_statement_only() {
        let comment = "# the old one # nginx-wslint: ignore[a] why";
        assert_eq!(read(comment, 0, false), None);
        assert_eq!(read(comment, 0, true).unwrap().unwrap().span.start, 14);
    }

    #[test]
    fn mistakes_are_named() {
        for (comment, words) in [
            ("# nginx-wslint: ignore why", "names no rule"),
            ("# nginx-wslint: ignore[] why", "names no rule"),
            ("# nginx-wslint: ignore[a why", "`]`"),
            ("# nginx-wslint: ingore[a] why", "did you mean `ignore`?"),
            ("# nginx-wslint: disable=a", "`file-ignore[rule]`"),
            ("# nginx-wslint ignore[a] why", "`:` is missing"),
            ("# nginx-wslint:", "nothing stands behind"),
        ] {
            assert!(mistake(comment).contains(words), "{comment}: {}", mistake(comment));
        }
    }
}
