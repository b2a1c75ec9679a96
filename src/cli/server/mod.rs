//! `server`: the language server, on standard input and output.
//!
//! One thread reads, one works. What has come in while the worker was busy is looked at together: changes are applied one
//! after the other and linted once, a request that was taken back meanwhile is not worked on.

mod actions;
mod answers;
mod capabilities;
mod client;
mod cursor;
mod definition;
mod diagnostics;
mod disk;
mod documents;
mod edits;
mod hover;
mod ignore;
mod places;
mod positions;
mod projects;
mod state;
mod symbols;
mod transport;

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use lsp_server::{ErrorCode, Message, RequestId};

use super::args::{LintArgs, ServerArgs};
use super::{CLEAN, FINDINGS, Failure, output};
use state::{Loudness, Server, error};
use transport::{Incoming, Output, read_stdin};

/// Serves until the client leaves; 1 if it leaves without a word, as the protocol says.
pub(super) fn run(args: &ServerArgs) -> Result<u8, Failure> {
    let args = LintArgs::from(args);
    if io::stdin().is_terminal() {
        output::note("this is for editors, which speak the language server protocol; Ctrl-D ends it");
    }
    let receiver = read_stdin()?;
    let mut server = Server::new(&args, Output::stdout());
    match serve(&receiver, &mut server) {
        // A client that is gone can be told nothing.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        done => done?,
    }
    Ok(if server.shut_down { CLEAN } else { FINDINGS })
}

fn serve(receiver: &Receiver<Incoming>, server: &mut Server<'_>) -> io::Result<()> {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let next = match server.patience() {
                None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(patience) => receiver.recv_timeout(patience),
            };
            match next {
                Ok(incoming) => waiting.push_back(incoming),
                Err(RecvTimeoutError::Timeout) => guarded(server, Server::update)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
        waiting.extend(receiver.try_iter());
        let Some(next) = waiting.pop_front() else { continue };
        match next {
            Incoming::Message(Message::Notification(one)) if one.method == "exit" => return Ok(()),
            Incoming::Message(Message::Notification(one)) => guarded(server, |server| server.notification(one))?,
            Incoming::Message(Message::Request(request)) => {
                let id = request.id.clone();
                let answer = if waiting.iter().any(|later| cancels(later, &id)) {
                    Err(error(ErrorCode::RequestCanceled, "the client took it back"))
                } else {
                    let answer = catch_unwind(AssertUnwindSafe(|| server.request(request)));
                    answer.unwrap_or_else(|_| Ok(Err(error(ErrorCode::InternalError, FAULT))))?
                };
                server.answer(id, answer)?;
            }
            // The only request that is sent asks for news of files; without them the server is told of less.
            Incoming::Message(Message::Response(_)) => {}
            Incoming::Refused(answer) => server.refuse(&answer)?,
        }
    }
}

/// What is said when the program itself is at fault.
const FAULT: &str = "nginx-wslint is at fault here; standard error says where";

/// Does something that may fail in a way nobody has thought of: that ends this, not the server.
fn guarded<'a>(server: &mut Server<'a>, work: impl FnOnce(&mut Server<'a>) -> io::Result<()>) -> io::Result<()> {
    match catch_unwind(AssertUnwindSafe(|| work(server))) {
        Ok(done) => done,
        Err(_) => server.say(Loudness::Log, FAULT),
    }
}

/// Whether a message takes the request of this number back.
fn cancels(message: &Incoming, id: &RequestId) -> bool {
    let Incoming::Message(Message::Notification(one)) = message else { return false };
    one.method == "$/cancelRequest"
        && one.params.get("id").is_some_and(|other| serde_json::to_value(id).is_ok_and(|id| id == *other))
}
