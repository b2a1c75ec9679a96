//! The command itself: forms, times, packed and followed files.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::support::faulty::{Fault, faulty, handshake, status};
use super::{causes, run, summary};

const REFUSED: &str = "connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: chat.example.com, request: \"GET /ws/room/8123 HTTP/1.1\", upstream: \"http://127.0.0.1:3000/ws/room/8123\", host: \"chat.example.com\"";
const OTHER: &str = "open() \"/usr/share/nginx/html/favicon.ico\" failed (2: No such file or directory), client: 10.0.0.1, server: chat.example.com, request: \"GET /favicon.ico HTTP/1.1\", host: \"chat.example.com\"";

fn line(time: &str, text: &str) -> String {
    format!("2026/11/21 {time} [error] 12#12: *5 {text}\n")
}

fn log(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("error.log");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

#[test]
fn lines_are_grouped_by_cause_route_and_upstream() {
    let text = [line("02:58:00", OTHER), line("03:01:00", REFUSED), line("03:02:00", &REFUSED.replace("8123", "77"))];
    let (_folder, file) = log(&text.concat());
    let json = summary(&file);
    assert_eq!(causes(&json), [("refused".to_owned(), vec!["/ws/room/*".to_owned()])]);
    let cause = &json["causes"][0];
    assert_eq!((cause["count"].as_u64(), json["lines"].as_u64()), (Some(2), Some(3)));
    assert_eq!(cause["groups"][0]["upstream"], "http://127.0.0.1:3000");
    assert_eq!((&cause["from"], &cause["to"]), (&"2026-11-21 03:01:00".into(), &"2026-11-21 03:02:00".into()));
    assert_eq!(cause["timeline"].as_array().unwrap().iter().map(|one| one.as_u64().unwrap()).sum::<u64>(), 2);

    let shown = run(&["log", file.to_str().unwrap()]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(1));
    assert!(text.starts_with("error[refused] "), "{text}");
    assert!(text.contains("chat.example.com /ws/room/* -> http://127.0.0.1:3000"), "{text}");
    assert!(!text.contains("favicon"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn what_has_nothing_to_do_with_websockets_is_no_problem() {
    let (_folder, file) = log(&line("03:00:00", OTHER));
    let shown = run(&["log", file.to_str().unwrap()]);
    assert_eq!(shown.status.code(), Some(0));
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("nothing about WebSockets in 1 line"), "{text}");
    assert!(text.contains("level info only"), "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let shown = run(&["log", "no-such.log"]);
    assert_eq!(shown.status.code(), Some(2));
    assert_eq!(String::from_utf8(shown.stderr).unwrap(), "error: no-such.log: cannot be read: no such file\n");
}

#[test]
fn lines_before_a_time_are_left_out() {
    let (_folder, file) = log(&[line("02:00:00", REFUSED), line("03:00:00", REFUSED)].concat());
    let shown = run(&["log", "--since", "2026-11-21 02:30", "--output-format", "json", file.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((json["recognised"].as_u64(), json["before_since"].as_u64()), (Some(1), Some(1)));
    assert_eq!(run(&["log", "--since", "soon", file.to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn packed_files_and_standard_input_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("error.log.2.gz");
    let mut packed = GzEncoder::new(File::create(&file).unwrap(), Compression::fast());
    packed.write_all(line("03:00:00", REFUSED).repeat(1000).as_bytes()).unwrap();
    packed.finish().unwrap();
    assert_eq!(summary(&file)["recognised"], 1000);

    let mut child = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(["log", "--output-format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(line("03:00:00", REFUSED).as_bytes()).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(json["recognised"], 1);
}

#[test]
fn lines_in_json_are_those_within() {
    let access = r#"10.0.0.1 - - [21/Nov/2026:03:00:00 +0000] "GET /ws HTTP/1.1" 101 5 "-" "x""#;
    let wrap = |line: &str| {
        let wrapped = serde_json::json!({"log": line, "stream": "stderr", "time": "2026-11-21T03:00:00.1Z"});
        format!("{wrapped}\n")
    };
    let (_folder, file) = log(&[wrap(&line("03:00:00", REFUSED)), wrap(access)].concat());
    let json = summary(&file);
    assert_eq!(causes(&json), [("refused".to_owned(), vec!["/ws/room/*".to_owned()])]);
    assert_eq!(json["causes"][0]["groups"][0]["upstream"], "http://127.0.0.1:3000");
    assert_eq!(json["access"]["upgraded"], 1);
}

#[test]
fn handshakes_that_fail_in_the_access_log_are_a_problem() {
    let access = |path: &str, status: u16| {
        format!("10.0.0.1 - - [21/Nov/2026:03:00:00 +0000] \"GET {path} HTTP/1.1\" {status} 5 \"-\" \"x\"\n")
    };
    for (lines, code) in [
        ([access("/ws", 400), access("/ws", 400)], 1),
        ([access("/ws", 200), access("/", 200)], 1),
        ([access("/ws", 101), access("/ws", 502)], 1),
        ([access("/ws", 101), access("/", 404)], 0),
        ([access("/", 502), access("/news", 200)], 0),
    ] {
        let (_folder, file) = log(&lines.concat());
        let shown = run(&["log", file.to_str().unwrap()]);
        let text = String::from_utf8(shown.stdout).unwrap();
        assert_eq!(shown.status.code(), Some(code), "{text}");
        assert_eq!(text.contains("error[failed-handshakes]"), code == 1, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn what_is_packed_in_another_way_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("error.log.xz");
    std::fs::write(&file, b"\xfd7zXZ\0\0").unwrap();
    let shown = run(&["log", file.to_str().unwrap()]);
    assert_eq!(shown.status.code(), Some(2));
    assert!(String::from_utf8(shown.stderr).unwrap().contains("xzcat"));
}

#[test]
fn what_a_client_wrote_never_reaches_the_terminal_as_it_is() {
    let evil = REFUSED.replace("/ws/room/8123", "/ws/\x1b[2J\u{202e}");
    let (_folder, file) = log(&line("03:00:00", &evil));
    for form in ["full", "json"] {
        let shown = run(&["log", "--output-format", form, file.to_str().unwrap()]).stdout;
        let text = String::from_utf8(shown).unwrap();
        assert!(text.contains("refused") && !text.contains(['\x1b', '\u{202e}']), "{text}");
    }
}

#[test]
fn however_many_routes_there_are_the_groups_are_bounded() {
    let lines = (0..5000).map(|at| {
        // Letters alone, so that they are no numbers of anybody's.
        let name: String = format!("{at:05}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
        line("03:00:00", &REFUSED.replace("/ws/room/8123", &format!("/{name}")))
    });
    let (_folder, file) = log(&lines.collect::<String>());
    let shown = run(&["log", "--output-format", "json", "--top", "2", file.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let cause = &json["causes"][0];
    assert_eq!(cause["groups"].as_array().unwrap().len(), 2);
    assert_eq!((cause["count"].as_u64(), cause["in_more_groups"].as_u64()), (Some(5000), Some(4998)));
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line of an access log.
fn access(path: &str, status: u16) -> String {
    format!("10.0.0.1 - - [21/Nov/2026:03:00:00 +0000] \"GET {path} HTTP/1.1\" {status} 5 \"-\" \"x\"\n")
}

/// The text of `log` on one line, and its status.
fn told(args: &[&str]) -> (String, i32) {
    let shown = run(&[&["log"], args].concat());
    let text = String::from_utf8([shown.stdout, shown.stderr].concat()).unwrap();
    (text.split_whitespace().collect::<Vec<_>>().join(" "), shown.status.code().unwrap())
}

#[test]
fn a_log_that_was_quiet_since_then_is_a_log() {
    for lines in [line("02:00:00", REFUSED), access("/ws", 502)] {
        let (_folder, file) = log(&lines);
        for form in ["full", "json"] {
            let (text, status) =
                told(&["--since", "2026-11-21 03:30", "--output-format", form, file.to_str().unwrap()]);
            assert_eq!(status, 0, "{text}");
        }
    }
    let (_folder, file) = log("not a log\n");
    assert_eq!(told(&["--since", "1s", file.to_str().unwrap()]).1, 2);
}

#[test]
fn a_log_that_cannot_be_read_does_not_hide_the_others() {
    let (folder, file) = log(&line("03:00:00", REFUSED));
    let missing = folder.path().join("gone.log");
    for files in [[&missing, &file], [&file, &missing]] {
        let (text, status) = told(&files.map(|file| file.to_str().unwrap()));
        assert!(text.contains("error[refused]") && text.contains("gone.log: cannot be read: no such file"), "{text}");
        assert_eq!(status, 2, "{text}");
    }
    let (text, status) = told(&[folder.path().to_str().unwrap(), file.to_str().unwrap()]);
    assert!(text.contains("error[refused]") && text.contains("is a folder"), "{text}");
    assert_eq!(status, 2);
}

#[test]
fn the_headline_of_an_access_log_says_what_was_counted() {
    for (statuses, wanted) in [
        (&[502][..], "A handshake failed with 502: "),
        (&[502, 502], "2 handshakes failed with 502: "),
        (&[502, 404, 502, 502], "4 handshakes failed, 3 of them with 502: "),
        (&[404, 404, 502, 502], "4 handshakes failed: 2 with 404, 2 with 502. "),
        (
            &[404, 426, 400, 502, 503, 502, 404, 426, 500],
            "9 handshakes failed: 2 with 404, 2 with 426, 2 with 502, 3 with others. ",
        ),
    ] {
        let lines: Vec<String> = statuses.iter().map(|&status| access("/ws", status)).collect();
        let (_folder, file) = log(&lines.concat());
        let (text, _) = told(&[file.to_str().unwrap()]);
        assert!(text.contains(wanted), "{wanted} in {text}");
        // Each is explained, be it in the headline or below it.
        for status in statuses {
            assert!(text.contains(&format!("{status}: ")), "{status} in {text}");
        }
    }
}

#[test]
fn so_many_routes_of_an_access_log_are_shown_as_were_asked_for() {
    let lines: String = ["a", "b", "c", "d", "e", "f", "g"].map(|name| access(&format!("/ws/{name}"), 502)).concat();
    let (_folder, file) = log(&lines);
    for (top, shown) in [("2", 2), ("7", 7), ("100", 7)] {
        let (text, _) = told(&["--top", top, file.to_str().unwrap()]);
        assert_eq!(text.matches("/ws/").count(), shown, "{text}");
        assert_eq!(text.contains("and 5 more"), shown == 2, "{text}");
        let (json, _) = told(&["--top", top, "--output-format", "json", file.to_str().unwrap()]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["access"]["routes"].as_array().unwrap().len(), shown);
        let left_out = json["access"]["more_routes"].as_u64().unwrap();
        assert_eq!((left_out, json["access"]["failed"].as_u64()), (7 - shown as u64, Some(7)));
    }
    let (text, status) = told(&["--top", "x", file.to_str().unwrap()]);
    assert!(status == 2 && text.contains("a whole number, such as 10"), "{text}");
}

#[test]
fn a_log_is_followed_through_rotation() {
    let (folder, file) = log(&line("03:00:00", REFUSED));
    let mut child = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(["log", "--follow", file.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let _running = Running(child);
    let (send, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    let wait_for = |wanted: &str| {
        let patience = std::time::Duration::from_secs(20);
        loop {
            let line = lines.recv_timeout(patience).unwrap_or_else(|_| panic!("nothing like {wanted}"));
            if line.contains(wanted) {
                return;
            }
        }
    };
    wait_for("1 error in 1 line");
    let mut appended = File::options().append(true).open(&file).unwrap();
    appended.write_all(line("03:00:01", REFUSED).repeat(3).as_bytes()).unwrap();
    wait_for("03:00:01 refused");
    std::fs::rename(&file, folder.path().join("error.log.1")).unwrap();
    std::fs::write(&file, line("03:00:02", "no live upstreams while connecting to upstream, client: 10.0.0.1"))
        .unwrap();
    wait_for("03:00:02 no-live-upstreams");
    // Explained when it is seen for the first time.
    wait_for("Every server of the upstream");
}

#[test]
fn the_faulty_backends_are_what_they_say() {
    assert_eq!(status(&mut handshake(faulty(Fault::None), "/", "")), 101);
    assert_eq!(status(&mut handshake(faulty(Fault::Close), "/", "")), 0);
    assert_eq!(status(&mut handshake(faulty(Fault::Reset), "/", "")), 0);
}
