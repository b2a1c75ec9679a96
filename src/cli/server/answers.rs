//! Answers to what the client asks of a text.

use gen_lsp_types::{CodeActionParams, Diagnostic, DocumentSymbolParams, Location, TextDocumentPositionParams};
use lsp_server::ErrorCode;
use serde_json::Value;

use super::cursor::Cursor;
use super::places::Places;
use super::state::{Answer, Server, error};
use super::{actions, definition, hover, symbols};

impl Server<'_> {
    pub(super) fn actions(&self, params: &CodeActionParams) -> Answer {
        let Some(client) = &self.client else { return Ok(Value::Null) };
        value(actions::of(params, self.is_quick(), &self.projects, &self.documents, client))
    }

    pub(super) fn symbols(&self, params: &DocumentSymbolParams) -> Answer {
        let (Some(client), Some(document)) = (&self.client, self.documents.get(&params.text_document.uri)) else {
            return Ok(Value::Null);
        };
        value(symbols::of(document, client.encoding, client.nested_symbols))
    }

    pub(super) fn hover(&self, at: &TextDocumentPositionParams) -> Answer {
        let (Some(client), Some(document)) = (&self.client, self.documents.get(&at.text_document.uri)) else {
            return Ok(Value::Null);
        };
        let offset = document.lines(client.encoding).offset(at.position);
        let known = self.published.get(&document.uri).map(|(_, known)| known.as_slice()).unwrap_or_default();
        let found: Vec<&Diagnostic> =
            known.iter().filter(|one| one.range.start <= at.position && at.position <= one.range.end).collect();
        let said = self.projects.homes(document, &self.documents).into_iter().find_map(|home| {
            let cursor = Cursor::new(home, offset)?;
            let places = Places::new(cursor.tree(), &self.documents, client.encoding);
            hover::of(&cursor, &found, &places, client)
        });
        value(said)
    }

    pub(super) fn definition(&self, at: &TextDocumentPositionParams) -> Answer {
        let (Some(client), Some(document)) = (&self.client, self.documents.get(&at.text_document.uri)) else {
            return Ok(Value::Null);
        };
        let offset = document.lines(client.encoding).offset(at.position);
        let mut all: Vec<Location> = Vec::new();
        for home in self.projects.homes(document, &self.documents) {
            let Some(cursor) = Cursor::new(home, offset) else { continue };
            let places = Places::new(cursor.tree(), &self.documents, client.encoding);
            for place in definition::of(&cursor, &self.documents, &places) {
                if !all.contains(&place) {
                    all.push(place);
                }
            }
        }
        value(all)
    }
}

fn value(answer: impl serde::Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|wrong| error(ErrorCode::InternalError, &wrong.to_string()))
}
