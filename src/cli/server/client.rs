//! What the client can show and take.

use gen_lsp_types::{ClientCapabilities, InitializeParams, MarkupKind};
use serde_json::Value;

use super::positions::Encoding;

/// What was agreed on at the start.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// What columns count.
    pub(super) encoding: Encoding,
    /// Edits may name the version they are for.
    pub(super) versioned_edits: bool,
    /// Edits may hold places to fill in.
    pub(super) snippet_edits: bool,
    /// Actions may be shown that cannot be chosen, with the reason.
    pub(super) disabled_actions: bool,
    /// Hovers may be Markdown.
    pub(super) markdown: bool,
    /// Symbols may lie in each other.
    pub(super) nested_symbols: bool,
    /// It tells of files that change, if asked to.
    pub(super) watches_files: bool,
}

impl Client {
    /// Reads what a client says of itself. What cannot be read counts as not said, so that an odd client is served with
    /// the least instead of not at all.
    pub(super) fn new(params: Value) -> Self {
        let capabilities = params.get("capabilities").cloned().unwrap_or_default();
        match serde_json::from_value::<InitializeParams>(params) {
            Ok(params) => Self::of(&params.capabilities),
            Err(_) => serde_json::from_value(capabilities).map(|known| Self::of(&known)).unwrap_or_default(),
        }
    }

    fn of(all: &ClientCapabilities) -> Self {
        let text = all.text_document.as_ref();
        let workspace = all.workspace.as_ref();
        let edit = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let action = text.and_then(|text| text.code_action.as_ref());
        let hover = text.and_then(|text| text.hover.as_ref()).and_then(|hover| hover.content_format.as_ref());
        let symbols = text.and_then(|text| text.document_symbol.as_ref());
        let offered = all.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        Self {
            encoding: Encoding::choose(offered.unwrap_or_default()),
            versioned_edits: edit.and_then(|edit| edit.document_changes) == Some(true),
            snippet_edits: edit.and_then(|edit| edit.snippet_edit_support) == Some(true),
            disabled_actions: action.and_then(|action| action.disabled_support) == Some(true),
            markdown: hover.is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            nested_symbols: symbols.and_then(|symbols| symbols.hierarchical_document_symbol_support) == Some(true),
            watches_files: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .and_then(|watching| watching.dynamic_registration)
                == Some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_odd_client_is_served_with_what_can_be_understood() {
        let general = json!({ "positionEncodings": ["utf-16", "utf-8"] });
        let odd = json!({ "processId": "none", "capabilities": { "general": general } });
        assert_eq!(Client::new(odd).encoding, Encoding::Utf8);
        assert_eq!(Client::new(json!({ "capabilities": { "general": 7 } })).encoding, Encoding::Utf16);
        assert_eq!(Client::new(Value::Null).encoding, Encoding::Utf16);
    }
}
