//! The language server, from the first word to the last. What editors do with it is tested in `tests/editors`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

struct Client {
    server: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"));
        command.args(["server", "--isolated"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let (input, output) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        let mut client = Self { server, input, output };
        let answer = client.ask("initialize", json!({ "capabilities": {} }));
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        client.tell("initialized", json!({}));
        client
    }

    fn send(&mut self, message: &Message) {
        message.write(self.input.as_mut().unwrap()).unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&Notification::new(method.into(), params).into());
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = RequestId::from(method.to_owned());
        self.send(&Request::new(id.clone(), method.into(), params).into());
        loop {
            if let Message::Response(answer) = self.next() {
                assert_eq!(answer.id, id);
                return answer.response_result.unwrap();
            }
        }
    }

    fn next(&mut self) -> Message {
        Message::read(&mut self.output).unwrap().expect("the server goes on")
    }

    /// The diagnostics that are sent next.
    fn diagnostics(&mut self) -> Vec<Value> {
        loop {
            if let Message::Notification(one) = self.next()
                && one.method == "textDocument/publishDiagnostics"
            {
                return one.params["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    fn end(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        self.server.wait().unwrap().code()
    }
}

/// A server must not outlive a test that fails.
impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn example(name: &str) -> String {
    std::fs::read_to_string(format!("{}/examples/chat-app/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn a_broken_text_is_told_of_and_mended() {
    let mut client = Client::start();
    let uri = "untitled:nginx.conf";
    let text = example("broken.conf");
    let document = json!({ "uri": uri, "languageId": "nginx", "version": 1, "text": text });
    client.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let found = client.diagnostics();
    let codes: Vec<&str> = found.iter().filter_map(|one| one["code"].as_str()).collect();
    assert_eq!(codes, ["missing-upgrade-header", "missing-http-version"]);

    let only = json!(["source.fixAll"]);
    let params = json!({
        "textDocument": { "uri": uri },
        "range": found[0]["range"],
        "context": { "diagnostics": [], "only": only },
    });
    let actions = client.ask("textDocument/codeAction", params);
    assert_eq!(actions[0]["kind"], "source.fixAll.nginxWslint");
    let edits = actions[0]["edit"]["changes"][uri].as_array().unwrap();
    // Insertions of whole lines, the last one first.
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for edit in edits.iter().rev() {
        let (start, end) = (&edit["range"]["start"], &edit["range"]["end"]);
        assert_eq!((&start["character"], start), (&json!(0), end));
        let line = usize::try_from(start["line"].as_u64().unwrap()).unwrap();
        lines.insert(line, edit["newText"].as_str().unwrap().to_owned());
    }
    assert_eq!(lines.concat(), example("fixed.conf"));

    let change =
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": lines.concat() }] });
    client.tell("textDocument/didChange", change);
    assert_eq!(client.diagnostics(), Vec::<Value>::new());
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_client_that_goes_away_ends_the_server() {
    let mut client = Client::start();
    client.input.as_mut().unwrap().flush().unwrap();
    drop(client.input.take());
    assert_eq!(client.server.wait().unwrap().code(), Some(1));
}
