//! Keeping a connection open through nginx.

use crate::run::{case, check, probe, raw};
use crate::servers::{Server, Site, backend, say, wait};
use crate::support::backend::Behaviour;
use crate::support::nginx::nginx;

#[test]
fn an_idle_cut_is_timed_and_its_rule_is_named() {
    let Some(nginx) = nginx() else { return };
    let echo = backend(Behaviour::default());
    let location = |path: &str, more: &str| {
        format!(
            "location {path} {{ proxy_pass http://127.0.0.1:{}; proxy_http_version 1.1; \
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;\n{more} }}\n",
            echo.port
        )
    };
    let http = format!(
        "server {{ listen 127.0.0.1:PORT0;\n{}{}{} }}",
        location("/ws", "proxy_read_timeout 3s;"),
        location("/long", "proxy_read_timeout 1h;"),
        location("/inherited", "")
    );
    let site = Site::start(&nginx, &http, &[]);
    let configuration = site.configuration();
    let root = configuration.to_str().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let said = probe(&[&site.url("/ws"), "--hold", "6s", "--root", root]);
            assert_eq!((said.id(), said.code), ("idle-cut", 1), "{}", said.text());
            let silence = said.json["probe"]["silence_ms"].as_f64().unwrap();
            // nginx does not move a timer for less than 300 ms (NGX_TIMER_LAZY_DELAY).
            assert!((2600.0..4500.0).contains(&silence), "{silence}");
            assert!(said.text().contains("no close frame"), "{}", said.text());
            assert_eq!(said.explaining(), ["short-read-timeout"]);
            assert_eq!(said.json["config"]["timeout"]["text"], "proxy_read_timeout 3s");
            assert_eq!(said.json["config"]["findings"][0]["rule"], "short-read-timeout");
        });
        scope.spawn(|| {
            let said = probe(&[&site.url("/ws"), "--hold", "5s", "--ping", "1s"]);
            let advice = said.json["diagnosis"]["advice"].to_string();
            assert_eq!(said.id(), "idle-cut", "{}", said.text());
            assert!(advice.contains("pings keep it"), "{advice}");
        });
        scope.spawn(|| {
            check(&[
                case(&site.url("/long"), "--hold 2s", "open", "stays open", ""),
                case(&site.url("/inherited"), "--hold 2s --ping 500ms", "open", "stays open", ""),
            ]);
        });
        scope.spawn(|| {
            let output = raw(&[&site.url("/ws"), "--hold", "6s", "--root", root, "--color", "never"]);
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(
                text.contains("problem[idle-cut]") && text.contains("[short-read-timeout] idle connections"),
                "{text}"
            );
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("cause: `proxy_read_timeout 3s;` at /"), "{text}");
            assert!(output.stderr.is_empty(), "no progress bar where there is no terminal");
        });
    });
}

#[test]
fn how_a_held_connection_ends_is_told() {
    let leaving = Server::answering(|stream, request| {
        say(stream, request.switching(""));
        std::thread::sleep(std::time::Duration::from_millis(700));
        say(stream, b"\x88\x06\x03\xe9bye!");
        wait(stream);
    });
    let cutting = Server::answering(|stream, request| {
        say(stream, request.switching(""));
        std::thread::sleep(std::time::Duration::from_millis(900));
    });
    check(&[
        case(&leaving.url("ws"), "--hold 3s", "closed-while-held", "code 1001, going away: `bye!`", ""),
        case(&cutting.url("ws"), "--hold 3s", "idle-cut", "silence", "short-read-timeout"),
        case(&cutting.url("ws"), "--hold 3s --ping 300ms", "idle-cut", "silence", ""),
    ]);
    let said = probe(&[&cutting.url("ws"), "--hold", "2s", "--ping", "300ms"]);
    let advice = said.json["diagnosis"]["advice"].to_string();
    assert!(advice.contains("Pings did not help"), "{advice}");
}
