//! What the server offers.

use gen_lsp_types::{
    ChangeNotifications, CodeActionKind, CodeActionOptions, DefinitionProvider,
    DidChangeWatchedFilesRegistrationOptions, DocumentSymbolProvider, FileSystemWatcher, GlobPattern, HoverProvider,
    Registration, RegistrationParams, Save, SaveOptions, ServerCapabilities, TextDocumentSync, TextDocumentSyncKind,
    TextDocumentSyncOptions, WorkspaceFoldersServerCapabilities, WorkspaceOptions,
};

use super::actions::FIX_ALL;
use super::client::Client;

/// The files whose changes on disk matter: configurations by their usual names, and settings.
const WATCHED: [&str; 8] = [
    "**/*.{conf,vhost,nginx,nginxconf}",
    "**/*.conf.{template,j2,tmpl,erb}",
    "**/sites-available/*",
    "**/sites-enabled/*",
    "**/snippets/*",
    "**/proxy_params",
    "**/nginx-wslint.toml",
    "**/.nginx-wslint.toml",
];

/// Diagnostics are pushed and not pulled: what is found in one text changes with another, and only the server knows when.
pub(super) fn of(client: &Client) -> ServerCapabilities {
    let kinds = vec![CodeActionKind::QuickFix, CodeActionKind::Custom(FIX_ALL.into())];
    ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(TextDocumentSync::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::Incremental),
            save: Some(Save::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        code_action_provider: Some(
            CodeActionOptions { code_action_kinds: Some(kinds), ..CodeActionOptions::default() }.into(),
        ),
        hover_provider: Some(HoverProvider::Bool(true)),
        definition_provider: Some(DefinitionProvider::Bool(true)),
        document_symbol_provider: Some(DocumentSymbolProvider::Bool(true)),
        workspace: Some(WorkspaceOptions {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(ChangeNotifications::Bool(true)),
            }),
            ..WorkspaceOptions::default()
        }),
        ..ServerCapabilities::default()
    }
}

/// The request to be told of files that change.
pub(super) fn watched_files() -> RegistrationParams {
    let watchers = WATCHED
        .iter()
        .map(|pattern| FileSystemWatcher { glob_pattern: GlobPattern::Pattern((*pattern).to_owned()), kind: None })
        .collect();
    let options = DidChangeWatchedFilesRegistrationOptions { watchers };
    let registration = Registration {
        id: "files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    };
    RegistrationParams { registrations: vec![registration] }
}
