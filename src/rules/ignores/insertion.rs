//! The comment that would silence a finding, for editors.

use std::ops::Range;

use super::{target, written};
use crate::config::{File, FileId, ROOT, Tree};
use crate::rules::finding::{Finding, WordPart};
use crate::syntax::edit::Edit;
use crate::syntax::{Ast, Span};

/// What stands where a person is to write the reason.
const REASON: &str = "reason";

/// A change that silences a finding where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// The file it belongs in.
    pub file: FileId,
    /// The change.
    pub edit: Edit,
    /// The bytes of the edit's text that stand for the reason, which a person has to write. None where a comment with a
    /// reason is there already and gets one more name.
    pub reason: Option<Range<usize>>,
}

/// The comment that would silence a finding: one more name in the one that its directive has, else a line above the
/// directive, else the end of its line. None where the finding is about a comment, or where none of these is possible.
pub fn insertion(tree: &Tree, finding: &Finding<'_>) -> Option<Insertion> {
    let id = finding.place.directive;
    if id == ROOT || matches!(finding.place.part, WordPart::Text(_)) {
        return None;
    }
    let (file, node) = (tree.directive(id).file, tree.directive(id).node);
    let File { source, ast, well_known } = tree.file(file);
    if *well_known {
        return None;
    }
    let rule = &finding.rule.id;
    let start = ast.node(node).span.start;
    let before = |offset: u32| source.slice(Span { start: source.line_span(offset).start, end: offset });
    let known = ast.comments().iter().find_map(|&span| {
        let is_behind = !before(span.start).trim().is_empty();
        let written = written::read(source.slice(span), span.start, is_behind)?.ok()?;
        let means_it =
            written.reach == written::Reach::Statement && target::of(ast, source, span).nodes.contains(&node);
        means_it.then_some(written)
    });
    if let Some(known) = known {
        let edit = Edit { span: Span::at(known.list.end), text: format!(", {rule}") };
        return Some(Insertion { file, edit, reason: None });
    }
    let comment = format!("# nginx-wslint: ignore[{rule}] {REASON}");
    let indent = before(start);
    let (at, text) = if indent.trim().is_empty() {
        let line = source.line_span(start);
        let line_end = if source.text()[line.end as usize..].starts_with("\r\n") { "\r\n" } else { "\n" };
        (line.start, format!("{indent}{comment}{line_end}"))
    } else {
        let line = source.line_span(tree.head(id).end);
        let is_free = !ast.comments().iter().any(|comment| line.start <= comment.start && comment.start < line.end);
        (line.end, (is_free && !is_inside_text(ast, line.end)).then(|| format!(" {comment}"))?)
    };
    let reason = text.rfind(REASON).map(|from| from..from + REASON.len());
    Some(Insertion { file, edit: Edit { span: Span::at(at), text }, reason })
}

/// Whether an offset lies in a quoted word or in Lua, where a comment would be none.
fn is_inside_text(ast: &Ast, offset: u32) -> bool {
    let inside = |start: u32, end: u32| start < offset && offset < end;
    (0..ast.nodes().len()).map(|index| crate::syntax::NodeId(index as u32)).any(|id| {
        let node = ast.node(id);
        let in_lua = node.body().is_some_and(|body| body.lua && inside(body.open, node.span.end));
        in_lua || ast.words(id).iter().any(|word| inside(word.span.start, word.span.end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Memory;
    use crate::syntax::edit::apply;
    use crate::{Linted, Linter};

    fn lint<'l>(linter: &'l Linter, text: &str) -> Linted<'l> {
        let mut files = Memory::new();
        files.insert("nginx.conf", text);
        linter.lint("nginx.conf".as_ref(), &files, &Default::default())
    }

    /// The text after the first finding of a rule is to be ignored, which then it is.
    fn ignoring(text: &str, rule: &str) -> Option<String> {
        let linter = Linter::default();
        let linted = lint(&linter, text);
        let finding = linted.findings.iter().find(|finding| finding.rule.id == rule).unwrap();
        let Insertion { edit, reason, .. } = insertion(&linted.tree, finding)?;
        if let Some(reason) = reason {
            assert_eq!(&edit.text[reason], REASON);
        }
        let text = apply(text, &[edit]).unwrap();
        let after = lint(&linter, &text);
        assert!(after.silenced.iter().any(|finding| finding.rule.id == rule), "{text}");
        let watch = ["unused-ignore", "ignore-without-reason"];
        assert!(after.findings.iter().all(|finding| !watch.contains(&finding.rule.id.as_str())), "{text}");
        Some(text)
    }

    #[test]
    fn a_line_above_the_directive() {
        let text = "events {}\r\nhttp {\r\n\tserver {\r\n\t\tlocation /ws {\r\n\t\t\tproxy_pass http://b;\r\n\t\t}\r\n\t}\r\n}\r\n";
        let after = ignoring(text, "missing-upgrade-header").unwrap();
        let wanted = "\t\t\t# nginx-wslint: ignore[missing-upgrade-header] reason\r\n\t\t\tproxy_pass http://b;\r\n";
        assert!(after.contains(wanted), "{after}");
        // One more name, and no second comment.
        let twice = ignoring(&after, "missing-http-version").unwrap();
        assert!(twice.contains("ignore[missing-upgrade-header, missing-http-version] reason\r\n"), "{twice}");
        assert_eq!(twice.matches('#').count(), 1);
    }

    #[test]
    fn the_end_of_its_line() {
        let text = "events {}\nhttp { server {\nlocation /ws { proxy_pass http://b; }\n} }\n";
        let after = ignoring(text, "missing-upgrade-header").unwrap();
        assert!(after.contains("{ proxy_pass http://b; } # nginx-wslint: ignore[missing-upgrade-header] reason\n"));
    }

    #[test]
    fn nowhere_if_there_is_no_room() {
        let commented = "events {}\nhttp { server {\nlocation /ws { proxy_pass http://b; } # the chat\n} }\n";
        assert_eq!(ignoring(commented, "missing-upgrade-header"), None);
        let quoted = "events {}\nhttp { server {\nlocation /ws { proxy_pass http://b; set $x \"a\nb\"; }\n} }\n";
        assert_eq!(ignoring(quoted, "missing-upgrade-header"), None);
    }
}
