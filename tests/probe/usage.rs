//! What cannot be tried at all.

use crate::run::raw;

#[test]
fn what_cannot_be_tried_says_why_and_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("nginx.conf");
    std::fs::write(&broken, "events {}\nhttp {\n  server { listen 80 }\n}\n").unwrap();
    let broken = broken.to_str().unwrap();
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    let url = "ws://127.0.0.1:1/";
    for (arguments, why) in [
        (&["chat.example.com/ws"][..], "no scheme"),
        (&["ftp://chat.example.com/"], "not ws, wss, http or https"),
        (&["ws://user:secret@host/"], "credentials"),
        (&["ws://"], "it has no host"),
        (&["ws:///ws"], "it has no host"),
        (&[url, "--timeout", "0"], "a time such as"),
        (&[url, "--timeout", "never"], "a time such as"),
        (&[url, "--size", "1G"], "a size such as"),
        (&[url, "--size", "0"], "a size such as"),
        (&[url, "--ping", "20s"], "--hold"),
        (&[url, "--header", "Upgrade: h2c"], "the handshake sends that header itself"),
        (&[url, "--header", "X\r\nY: z"], "its name has characters that no header's name has"),
        (&[url, "--header", "X"], "not written `Name: value`"),
        (&[url, "--header", "X: a\r\nY: z"], "control characters"),
        (&[url, "--host", "a b"], "no host name"),
        (&[url, "--origin", "a\nb"], "no origin"),
        (&[url, "--subprotocol", "a b"], "no subprotocol"),
        (&[url, "--ca", "/nonexistent.pem"], "/nonexistent.pem: cannot be read"),
        (&[url, "--ca", broken], "no certificate in it"),
        (&[url, "--ca", broken, "--insecure"], "cannot be used with"),
        (&[url, "--root", "/nonexistent.conf"], "/nonexistent.conf: cannot be read: no such file"),
        (&[url, "--root", broken], "nginx.conf:3:"),
        (&[url, "--root", empty], "is a folder without an nginx.conf; name the main file"),
        (&[url, "--backend", "nowhere"], "no scheme"),
    ] {
        let output = raw(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?} says nothing of {why:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?} tried all the same");
    }
}
