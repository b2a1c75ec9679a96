//! The comment that silences a finding, as an edit of the protocol.

use gen_lsp_types::{Edit, Range, SnippetTextEdit, StringValue, TextEdit, WorkspaceEdit};
use nginx_wslint::config::Tree;
use nginx_wslint::rules::{Finding, ignores};

use super::client::Client;
use super::documents::Document;
use super::edits;

/// Writes the comment; the reason is a place to fill in where the client has such. None where there is no place for a
/// comment.
pub(super) fn edit(document: &Document, tree: &Tree, finding: &Finding<'_>, client: &Client) -> Option<WorkspaceEdit> {
    let ignores::Insertion { edit, reason, .. } = ignores::insertion(tree, finding)?;
    let lines = document.lines(client.encoding);
    let range = Range { start: lines.position(edit.span.start as usize), end: lines.position(edit.span.end as usize) };
    let change = match reason {
        Some(reason) if client.snippet_edits && client.versioned_edits => {
            let plain = |text: &str| text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}");
            let (before, behind) = (plain(&edit.text[..reason.start]), plain(&edit.text[reason.end..]));
            let value = format!("{before}${{1:{}}}{behind}", plain(&edit.text[reason]));
            Edit::SnippetTextEdit(SnippetTextEdit { range, snippet: StringValue { value }, annotation_id: None })
        }
        _ => Edit::TextEdit(TextEdit { range, new_text: edit.text }),
    };
    Some(edits::of_document(document, vec![change], client))
}
