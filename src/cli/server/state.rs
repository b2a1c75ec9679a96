//! What the server knows, and what it does about each message.

use std::collections::{HashMap, HashSet};
use std::io::{self, Stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use gen_lsp_types::{
    DefinitionParams, Diagnostic, DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, HoverParams, PublishDiagnosticsParams, Uri,
};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::args::LintArgs;
use super::super::settings::Settings;
use super::capabilities;
use super::client::Client;
use super::documents::Documents;
use super::projects::Projects;
use super::transport::Output;

/// The answer to a request.
pub(super) type Answer = Result<Value, ResponseError>;

/// How the server talks to the user beside the diagnostics: the protocol's `MessageType`.
#[derive(Clone, Copy)]
pub(super) enum Loudness {
    /// Shown.
    Error = 1,
    /// Written to the client's log.
    Log = 4,
}

pub(super) struct Server<'a> {
    /// None until the client has introduced itself.
    pub(super) client: Option<Client>,
    pub(super) documents: Documents,
    pub(super) projects: Projects<'a>,
    output: Output<Stdout>,
    /// Files may have come or gone, so that a text may belong elsewhere now.
    plan_due: bool,
    /// A text has changed.
    check_due: bool,
    /// How long it took last time.
    took: Duration,
    /// What was sent last for each open text.
    pub(super) published: HashMap<Uri, (i32, Vec<Diagnostic>)>,
    /// What was said of settings, which is said once.
    told: HashSet<String>,
    pub(super) shut_down: bool,
}

impl<'a> Server<'a> {
    pub(super) fn new(args: &'a LintArgs, output: Output<Stdout>) -> Self {
        Self {
            client: None,
            documents: Documents::default(),
            projects: Projects::new(args),
            output,
            plan_due: false,
            check_due: false,
            took: Duration::ZERO,
            published: HashMap::new(),
            told: HashSet::new(),
            shut_down: false,
        }
    }

    /// Whether there is something to lint; how long to wait for more to come first. Where linting is quick, there is no
    /// need to; where it is not, the next key should not have to wait for the end of it.
    pub(super) fn patience(&self) -> Option<Duration> {
        const LONGEST: Duration = Duration::from_millis(300);
        let wait = if self.is_quick() { Duration::ZERO } else { self.took.min(LONGEST) };
        (self.plan_due || self.check_due).then_some(wait)
    }

    /// Whether linting takes no longer than anybody notices.
    pub(super) fn is_quick(&self) -> bool {
        const QUICK: Duration = Duration::from_millis(100);
        self.took < QUICK
    }

    /// Lints what has changed and sends what has come of it.
    pub(super) fn update(&mut self) -> io::Result<()> {
        let Some(client) = self.client.clone() else { return Ok(()) };
        let (mut plan, check) = (std::mem::take(&mut self.plan_due), std::mem::take(&mut self.check_due));
        let start = Instant::now();
        if check && !plan && self.projects.have_other_settings(&self.documents) {
            self.told.clear();
            plan = true;
        }
        if plan {
            self.documents.forget_disk();
            for failure in self.projects.plan(&self.documents) {
                if self.told.insert(failure.clone()) {
                    self.say(Loudness::Error, &failure)?;
                }
            }
        }
        if plan || check {
            self.projects.check(&self.documents, client.encoding);
            self.took = start.elapsed();
            self.publish()?;
        }
        Ok(())
    }

    fn publish(&mut self) -> io::Result<()> {
        let mut news = Vec::new();
        for document in self.documents.iter() {
            let now = (document.version, self.projects.diagnostics(document));
            if self.published.get(&document.uri) != Some(&now) {
                news.push((document.uri.clone(), now));
            }
        }
        for (uri, now) in news {
            let (version, diagnostics) = now.clone();
            self.published.insert(uri.clone(), now);
            let params = PublishDiagnosticsParams { uri, version: Some(version), diagnostics };
            self.notify("textDocument/publishDiagnostics", params)?;
        }
        Ok(())
    }

    /// Answers a request.
    pub(super) fn request(&mut self, Request { method, params, .. }: Request) -> io::Result<Answer> {
        if method == "initialize" {
            return Ok(self.initialize(params));
        }
        if self.client.is_none() {
            return Ok(Err(error(ErrorCode::ServerNotInitialized, "the first request is `initialize`")));
        }
        if self.shut_down {
            return Ok(Err(error(ErrorCode::InvalidRequest, "the server is shutting down")));
        }
        if method == "shutdown" {
            self.shut_down = true;
            return Ok(Ok(Value::Null));
        }
        // What is said is true of the text as it is now.
        self.update()?;
        Ok(match method.as_str() {
            "textDocument/codeAction" => parse(params).and_then(|params| self.actions(&params)),
            "textDocument/hover" => {
                parse::<HoverParams>(params).and_then(|params| self.hover(&params.text_document_position_params))
            }
            "textDocument/definition" => parse::<DefinitionParams>(params)
                .and_then(|params| self.definition(&params.text_document_position_params)),
            "textDocument/documentSymbol" => parse(params).and_then(|params| self.symbols(&params)),
            other => Err(error(ErrorCode::MethodNotFound, &format!("`{other}` is not known here"))),
        })
    }

    fn initialize(&mut self, params: Value) -> Answer {
        if self.client.is_some() {
            return Err(error(ErrorCode::InvalidRequest, "`initialize` was asked before"));
        }
        let client = Client::new(params);
        let answer = json!({
            "capabilities": capabilities::of(&client),
            "serverInfo": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        });
        self.client = Some(client);
        Ok(answer)
    }

    /// Takes note of something; what it cannot be read as is said to the client's log.
    pub(super) fn notification(&mut self, Notification { method, params }: Notification) -> io::Result<()> {
        if self.client.is_none() {
            return Ok(());
        }
        let done = match method.as_str() {
            "initialized" => return self.watch_files(),
            "textDocument/didOpen" => parse(params).map(|params| self.opened(params)),
            "textDocument/didChange" => parse(params).map(|params| self.changed(params)),
            "textDocument/didSave" => parse(params).map(|params| self.saved(&params)),
            "textDocument/didClose" => match parse(params) {
                Ok(params) => return self.closed(&params),
                Err(error) => Err(error),
            },
            "workspace/didChangeWatchedFiles" => parse(params).map(|params| self.files_changed(&params)),
            "workspace/didChangeConfiguration" | "workspace/didChangeWorkspaceFolders" => {
                self.reload();
                Ok(())
            }
            _ => Ok(()),
        };
        match done {
            Ok(()) => Ok(()),
            Err(error) => self.say(Loudness::Log, &format!("{method}: {}", error.message)),
        }
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        self.plan_due |= self.documents.open(item.uri, item.version, item.text);
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let encoding = self.client.as_ref().map(|client| client.encoding).unwrap_or_default();
        let id = params.text_document;
        if let Some(document) = self.documents.get_mut(&id.text_document_identifier.uri) {
            document.change(params.content_changes, id.version, encoding);
            self.projects.touch(document);
            self.check_due = true;
        }
    }

    /// What is saved is on disk, where others may include it.
    fn saved(&mut self, params: &DidSaveTextDocumentParams) {
        self.plan_due = true;
        if self.documents.get(&params.text_document.uri).is_some_and(|document| Settings::is_named(&document.path)) {
            self.reload();
        }
    }

    fn closed(&mut self, params: &DidCloseTextDocumentParams) -> io::Result<()> {
        let uri = params.text_document.uri.clone();
        if self.documents.close(&uri).is_none() {
            return Ok(());
        }
        self.plan_due = true;
        self.published.remove(&uri);
        self.notify(
            "textDocument/publishDiagnostics",
            PublishDiagnosticsParams { uri, version: None, diagnostics: Vec::new() },
        )
    }

    fn files_changed(&mut self, params: &DidChangeWatchedFilesParams) {
        self.plan_due = true;
        let name = |uri: &Uri| uri.0.rsplit('/').next().unwrap_or_default().to_owned();
        if params.changes.iter().any(|change| Settings::is_named(Path::new(&name(&change.uri)))) {
            self.reload();
        }
    }

    fn reload(&mut self) {
        self.projects.forget_settings();
        self.told.clear();
        self.plan_due = true;
    }

    fn watch_files(&mut self) -> io::Result<()> {
        if !self.client.as_ref().is_some_and(|client| client.watches_files) {
            return Ok(());
        }
        let id = RequestId::from("watch".to_owned());
        let params = capabilities::watched_files();
        self.output.send(&Request::new(id, "client/registerCapability".to_owned(), params).into())
    }

    fn notify(&mut self, method: &str, params: impl serde::Serialize) -> io::Result<()> {
        self.output.send(&Notification::new(method.to_owned(), params).into())
    }

    /// Says something to the user.
    pub(super) fn say(&mut self, loudness: Loudness, text: &str) -> io::Result<()> {
        let method = match loudness {
            Loudness::Error => "window/showMessage",
            Loudness::Log => "window/logMessage",
        };
        self.notify(method, json!({ "type": loudness as u32, "message": text }))
    }

    /// Sends the answer to a request.
    pub(super) fn answer(&mut self, id: RequestId, answer: Answer) -> io::Result<()> {
        self.output.send(&Message::Response(Response { id, response_result: answer }))
    }

    /// Sends what refuses something that was no message.
    pub(super) fn refuse(&mut self, answer: &Value) -> io::Result<()> {
        self.output.send_raw(answer)
    }
}

pub(super) fn error(code: ErrorCode, message: &str) -> ResponseError {
    ResponseError { code: code as i32, message: message.to_owned(), data: None }
}

fn parse<P: DeserializeOwned>(params: Value) -> Result<P, ResponseError> {
    serde_json::from_value(params).map_err(|wrong| error(ErrorCode::InvalidParams, &wrong.to_string()))
}
