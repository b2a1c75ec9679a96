//! Servers that do what no proper one does, and ones that are not there.

use std::io::Read;
use std::time::Duration;

use crate::run::{case, check, probe, raw};
use crate::servers::{Server, say, wait};

/// A close frame from the server: its code and words.
fn close(code: u16, words: &str) -> Vec<u8> {
    let mut frame = vec![0x88, u8::try_from(words.len() + 2).unwrap()];
    frame.extend(code.to_be_bytes());
    frame.extend(words.as_bytes());
    frame
}

#[test]
fn what_is_not_there_is_told_apart() {
    check(&[
        case("ws://no-such-host.invalid/ws", "", "name-not-resolved", "no-such-host.invalid", ""),
        case("ws://127.0.0.1:1/ws", "", "connection-refused", "127.0.0.1:1", ""),
        case("wss://127.0.0.1:1/ws", "", "connection-refused", "nothing listens", ""),
    ]);
}

#[test]
fn whatever_answers_is_named() {
    let silent = Server::start(wait);
    let closing = Server::answering(|_, _| {});
    let no_tls = Server::start(|stream| _ = stream.read(&mut [0; 4096]));
    let resetting = Server::resetting(false, Duration::ZERO);
    let ssh = Server::start(|stream| say(stream, "SSH-2.0-OpenSSH_9.9 \x1b[31m\r\n"));
    let alert = Server::answering(|stream, _| say(stream, b"\x15\x03\x01\x00\x02\x02\x46"));
    let http2 = Server::answering(|stream, _| {
        say(stream, b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80");
    });
    let endless = Server::answering(|stream, _| {
        say(stream, "HTTP/1.1 200 OK\r\n");
        (0..4000).for_each(|number| say(stream, format!("X-{number}: {}\r\n", "x".repeat(64))));
        wait(stream);
    });
    let dripping = Server::answering(|stream, _| {
        for byte in b"HTTP/1.1 200 OK\r\nServer: slow" {
            say(stream, [*byte]);
            std::thread::sleep(Duration::from_millis(20));
        }
        wait(stream);
    });
    let early = Server::answering(|stream, _| {
        say(
            stream,
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope",
        );
    });
    check(&[
        case(&silent.url("ws"), "--timeout 300ms", "no-answer", "0.3 s", "stalled-by-ssi"),
        case(&silent.url("wss"), "--timeout 300ms", "tls-failed", "does not answer the TLS handshake", ""),
        case(&closing.url("ws"), "", "closed-without-answer", "closes", "upgrade-in-subrequest"),
        case(&no_tls.url("wss"), "", "tls-failed", "in place of a TLS handshake", ""),
        case(&resetting.url("ws"), "", "closed-without-answer", "resets", ""),
        case(&ssh.url("ws"), "", "not-http", "SSH-2.0-OpenSSH_9.9 \\x1b[31m", ""),
        case(&alert.url("ws"), "", "plain-http-on-tls-port", "TLS record", ""),
        case(&http2.url("ws"), "", "http2-only", "HTTP/2", "plaintext-http2-listener"),
        case(&endless.url("ws"), "", "answer-too-large", "64 KiB", ""),
        case(&dripping.url("ws"), "--timeout 500ms", "no-answer", "breaks off", ""),
        case(&early.url("ws"), "", "not-found", "404", ""),
    ]);
}

#[test]
fn a_handshake_that_succeeds_may_still_come_to_nothing() {
    let policy = Server::answering(|stream, request| {
        say(stream, request.switching(""));
        say(stream, close(1008, "token missing"));
        wait(stream);
    });
    let cut = Server::answering(|stream, request| say(stream, request.switching("")));
    let torn = Server::resetting(true, Duration::from_millis(600));
    let garbage = Server::answering(|stream, request| {
        say(stream, request.switching(""));
        say(stream, [0xff; 64]);
        wait(stream);
    });
    let extension = Server::answering(|stream, request| {
        say(stream, request.switching("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        wait(stream);
    });
    let chosen = Server::answering(|stream, request| {
        say(stream, request.switching("Sec-WebSocket-Protocol: mqtt\r\n"));
        wait(stream);
    });
    let keepalive = Server::answering(|stream, request| {
        say(stream, request.switching("").replace("Connection: Upgrade", "Connection: keep-alive"));
        wait(stream);
    });
    let other = Server::answering(|stream, request| {
        say(stream, request.switching("").replace("Upgrade: websocket", "Upgrade: h2c"));
        wait(stream);
    });
    let deaf = Server::answering(|stream, request| {
        say(stream, request.switching(""));
        say(stream, b"\x81\x05hello");
        wait(stream);
    });
    let small = Server::answering(|stream, request| {
        say(stream, request.switching(""));
        let _ = stream.read(&mut [0; 16]);
        say(stream, close(1009, ""));
        wait(stream);
    });
    check(&[
        case(&policy.url("ws"), "", "closed-after-opening", "code 1008, policy violation: `token missing`", ""),
        case(&cut.url("ws"), "", "closed-after-opening", "without a close frame", "missing-http-version"),
        case(&torn.url("ws"), "--hold 2s", "reset-while-held", "reset after", ""),
        case(&garbage.url("ws"), "", "protocol-error", "not WebSocket", ""),
        case(&extension.url("ws"), "", "extension-not-offered", "permessage-deflate", ""),
        case(&chosen.url("ws"), "", "subprotocol", "`mqtt`", ""),
        case(&chosen.url("ws"), "--subprotocol stomp", "subprotocol", "not offered", ""),
        case(&chosen.url("ws"), "--subprotocol stomp,mqtt", "open", "", ""),
        case(&keepalive.url("ws"), "", "switching-without-connection", "keep-alive", ""),
        case(&other.url("ws"), "", "switching-without-upgrade", "h2c", ""),
        case(&deaf.url("ws"), "--message hi --timeout 600ms", "no-echo", "not echoed", ""),
        case(&small.url("ws"), "--size 70k", "message-too-big", "70 KiB", ""),
    ]);
}

#[test]
fn nothing_that_a_server_sends_reaches_the_terminal_raw() {
    let evil = Server::answering(|stream, _| {
        let header = "Server: \x1b]0;owned\x07\u{202e}\r\nLocation: https://x/\u{9b}31m\r\n";
        say(stream, format!("HTTP/1.1 302 \x1b[2J\r\n{header}Content-Length: 9\r\n\r\n\x1b[31mred!"));
    });
    for more in [&["--color", "never"][..], &["--output-format", "json"]] {
        let output = raw(&[&[evil.url("ws").as_str()], more].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(['\x1b', '\x07', '\u{202e}', '\u{9b}']), "{text:?}");
    }
    let said = probe(&[&evil.url("ws")]);
    assert!(
        said.json["probe"]["answer"]["body"].as_str().unwrap_or("").contains("x1b[31mred!") || said.id() == "not-http"
    );
}
