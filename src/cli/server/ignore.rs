//! The comment that silences a finding.

use gen_lsp_types::{Edit, SnippetTextEdit, StringValue, TextEdit, WorkspaceEdit};
use nginx_wslint::config::Tree;
use nginx_wslint::rules::Finding;

use super::client::Client;
use super::documents::Document;
use super::edits;

/// What stands where the reason is to be written.
const REASON: &str = "reason";

/// Writes `# nginx-wslint: ignore[rule] reason` on a line of its own above the directive; the reason is a place to fill in
/// where the client has such.
pub(super) fn edit(document: &Document, tree: &Tree, finding: &Finding<'_>, client: &Client) -> WorkspaceEdit {
    let (file, span) = finding.place.locate(tree);
    let source = &tree.file(file).source;
    let line = source.line_span(span.start);
    let text = source.slice(line);
    let indent = &text[..text.len() - text.trim_start().len()];
    let end = if source.text()[line.range().end..].starts_with('\r') { "\r\n" } else { "\n" };
    let at = document.lines(client.encoding).position(line.start as usize);
    let range = gen_lsp_types::Range { start: at, end: at };
    let comment = format!("{indent}# nginx-wslint: ignore[{}] ", finding.rule.id);
    let edit = if client.snippet_edits && client.versioned_edits {
        let value = format!("{}${{1:{REASON}}}{end}", comment.replace('\\', "\\\\").replace('$', "\\$"));
        Edit::SnippetTextEdit(SnippetTextEdit { range, snippet: StringValue { value }, annotation_id: None })
    } else {
        Edit::TextEdit(TextEdit { range, new_text: format!("{comment}{REASON}{end}") })
    };
    edits::of_document(document, vec![edit], client)
}
