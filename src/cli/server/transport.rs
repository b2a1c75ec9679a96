//! Messages on standard input and output.
//!
//! A frame that is no message is answered with the protocol's error and left behind: the next one may be better.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// Text of more bytes than this in one message is not read: nginx configurations are smaller.
const LARGEST: usize = 1 << 30;

/// What came in.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something that is none; the answer to it.
    Refused(Value),
}

/// Reads standard input on a thread of its own, so that what is waiting can be looked at before it is worked on. The
/// channel ends with the input.
pub(super) fn read_stdin() -> io::Result<Receiver<Incoming>> {
    let (sender, receiver) = channel();
    std::thread::Builder::new().name("reader".into()).spawn(move || read_all(&mut io::stdin().lock(), &sender))?;
    Ok(receiver)
}

fn read_all(input: &mut dyn BufRead, sender: &Sender<Incoming>) {
    // An error of the stream itself is its end.
    while let Ok(Some(frame)) = frame(input) {
        let incoming = parse(&frame);
        let is_exit = matches!(&incoming, Incoming::Message(Message::Notification(one)) if one.method == "exit");
        if sender.send(incoming).is_err() || is_exit {
            return;
        }
    }
}

/// The body of the next frame; none at the end of the input. Lines that are no headers are skipped.
fn frame(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.take(8192).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_ascii();
        if let Some(length) = length.filter(|_| line.is_empty()) {
            return body(input, length).map(Some);
        }
        let header = String::from_utf8_lossy(line);
        if let Some((name, value)) = header.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<u64>().ok();
        }
    }
}

/// Reads a body; one that is too large is passed over.
fn body(input: &mut dyn BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if length > LARGEST as u64 {
        io::copy(&mut input.take(length), &mut io::sink())?;
        return Ok(bytes);
    }
    // Room grows with what really comes, not with what is announced.
    if input.take(length).read_to_end(&mut bytes)? as u64 == length {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn parse(frame: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(frame) {
        Ok(value) => value,
        Err(error) => return refusal(&Value::Null, ErrorCode::ParseError, &format!("this is not JSON: {error}")),
    };
    let id = value.get("id").filter(|id| id.is_string() || id.is_number()).cloned();
    match serde_json::from_value(value) {
        // With a number that is no number of a request.
        Ok(Message::Notification(_)) if id.is_some() => {}
        Ok(message) => return Incoming::Message(message),
        Err(_) => {}
    }
    let message = "this is no request, response or notification";
    refusal(&id.unwrap_or(Value::Null), ErrorCode::InvalidRequest, message)
}

fn refusal(id: &Value, code: ErrorCode, message: &str) -> Incoming {
    Incoming::Refused(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code as i32, "message": message } }))
}

/// Where messages go.
pub(super) struct Output<W: Write>(W);

impl Output<io::Stdout> {
    /// Standard output.
    pub(super) fn stdout() -> Self {
        Self(io::stdout())
    }
}

impl<W: Write> Output<W> {
    /// Writes a message.
    pub(super) fn send(&mut self, message: &Message) -> io::Result<()> {
        message.write(&mut self.0)
    }

    /// Writes what no [`Message`] can be: an answer to something without a number.
    pub(super) fn send_raw(&mut self, value: &Value) -> io::Result<()> {
        let text = value.to_string();
        write!(self.0, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str) -> Vec<Incoming> {
        let (sender, receiver) = channel();
        read_all(&mut input.as_bytes(), &sender);
        drop(sender);
        receiver.into_iter().collect()
    }

    fn framed(text: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    }

    fn code(incoming: &Incoming) -> Option<i64> {
        match incoming {
            Incoming::Refused(answer) => answer["error"]["code"].as_i64(),
            Incoming::Message(_) => None,
        }
    }

    #[test]
    fn what_is_no_message_is_refused_and_the_next_one_read() {
        let good = framed(r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#);
        let input = format!("{}{}not a header\r\n{good}", framed("{\"jsonrpc\":"), framed(r#"{"id":7,"method":[1]}"#));
        let all = read(&input);
        assert_eq!(all.len(), 3, "{all:?}");
        assert_eq!(code(&all[0]), Some(-32700));
        assert_eq!(code(&all[1]), Some(-32600));
        assert!(matches!(&all[1], Incoming::Refused(answer) if answer["id"] == 7));
        assert!(matches!(&all[2], Incoming::Message(Message::Notification(one)) if one.method == "initialized"));
    }

    #[test]
    fn a_length_that_lies_ends_the_input_without_harm() {
        assert_eq!(code(&read("Content-Length: 99999999999\r\n\r\n{}")[0]), Some(-32700));
        assert!(read("Content-Length: 50\r\n\r\n{}").is_empty());
        assert!(read("Content-Length: -1\r\n\r\n{}").is_empty());
        assert!(read("").is_empty());
    }

    #[test]
    fn nothing_is_read_behind_exit() {
        let exit = framed(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        assert_eq!(read(&format!("{exit}{exit}")).len(), 1);
    }
}
