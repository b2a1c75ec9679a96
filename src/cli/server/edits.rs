//! From texts to the edits that the protocol knows.

use std::collections::HashMap;
use std::ops::Range;

use gen_lsp_types::{
    DocumentChange, Edit, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextDocumentIdentifier, TextEdit,
    WorkspaceEdit,
};

use super::client::Client;
use super::documents::Document;

/// What makes `after` of an open text, touching no line that stays.
pub(super) fn to_text(document: &Document, after: &str, client: &Client) -> WorkspaceEdit {
    let lines = document.lines(client.encoding);
    let edits = changed_lines(&document.text, after).into_iter().map(|(bytes, new_text)| TextEdit {
        range: gen_lsp_types::Range { start: lines.position(bytes.start), end: lines.position(bytes.end) },
        new_text,
    });
    of_document(document, edits.map(Edit::TextEdit).collect(), client)
}

/// Edits of one open text, tied to its version where the client can.
pub(super) fn of_document(document: &Document, edits: Vec<Edit>, client: &Client) -> WorkspaceEdit {
    if client.versioned_edits {
        let text_document = OptionalVersionedTextDocumentIdentifier {
            version: Some(document.version),
            text_document_identifier: TextDocumentIdentifier { uri: document.uri.clone() },
        };
        let change = DocumentChange::TextDocumentEdit(TextDocumentEdit { text_document, edits });
        return WorkspaceEdit { document_changes: Some(vec![change]), ..WorkspaceEdit::default() };
    }
    let plain = edits.into_iter().filter_map(|edit| match edit {
        Edit::TextEdit(edit) => Some(edit),
        // Sent to clients with versioned edits alone.
        Edit::AnnotatedTextEdit(_) | Edit::SnippetTextEdit(_) => None,
    });
    let changes = HashMap::from([(document.uri.clone(), plain.collect())]);
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}

/// The runs of whole lines that differ, as bytes of `before`, and what they become.
fn changed_lines(before: &str, after: &str) -> Vec<(Range<usize>, String)> {
    let diff = similar::TextDiff::from_lines(before, after);
    let old = ends(diff.iter_old_slices());
    let new = ends(diff.iter_new_slices());
    diff.ops()
        .iter()
        .filter(|op| !matches!(op, similar::DiffOp::Equal { .. }))
        .map(|op| {
            let (from, to) = (op.old_range(), op.new_range());
            (old[from.start]..old[from.end], after[new[to.start]..new[to.end]].to_owned())
        })
        .collect()
}

/// Where each piece begins, and where the last one ends.
fn ends<'t>(pieces: impl Iterator<Item = &'t str>) -> Vec<usize> {
    let behind = pieces.scan(0, |at, piece| {
        *at += piece.len();
        Some(*at)
    });
    std::iter::once(0).chain(behind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_stay_are_not_touched() {
        let edits = changed_lines("a\r\nb\nc", "a\r\nx\ny\nc");
        assert_eq!(edits, [(3..5, "x\ny\n".to_owned())]);
        assert_eq!(changed_lines("", "a\n"), [(0..0, "a\n".to_owned())]);
        assert!(changed_lines("a\n", "a\n").is_empty());
    }
}
