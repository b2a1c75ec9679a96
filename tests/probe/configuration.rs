//! `--root`: the reason in the configuration beside what was seen.

use crate::run::{probe, raw};
use crate::servers::{Site, backend};
use crate::support::backend::Behaviour;
use crate::support::nginx::nginx;

#[test]
fn the_finding_that_explains_comes_first() {
    let Some(nginx) = nginx() else { return };
    let echo = backend(Behaviour::default());
    let port = echo.port;
    let dead = crate::support::sandbox::free_port();
    let http = format!(
        "map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
        server {{ listen 127.0.0.1:PORT0 default_server; server_name other.example.com;
            location / {{ return 404; }} }}
        server {{ listen 127.0.0.1:PORT0; server_name chat.example.com;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
            location /ws {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Host $http_host; }}
            location /live/ {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; }}
            location /hidden/ws {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_hide_header Upgrade; }}
            location /zero/ws {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_read_timeout 0; }}
            location /scheme/ws {{ set $b ws://127.0.0.1:{port}; proxy_pass $b; }}
            location /asked/ws {{ auth_request /auth; proxy_pass http://127.0.0.1:{port}; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_http_version 1.1; }}
            location = /auth {{ proxy_pass http://127.0.0.1:{dead}; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}
            location /files/ {{ root /nonexistent; }} }}"
    );
    let site = Site::start(&nginx, &http, &[]);
    let configuration = site.configuration();
    let root = configuration.to_str().unwrap();
    let ask = |path: &str, host: &str| probe(&[&site.url(path), "--host", host, "--root", root]);

    let lost = ask("/ws", "chat.example.com");
    assert_eq!(lost.id(), "handshake-refused");
    assert_eq!(lost.explaining().first(), Some(&"lost-websocket-headers"), "{}", lost.json["config"]);
    assert_eq!(lost.json["config"]["location"], "location /ws");
    assert!(lost.json["config"]["server"].as_str().unwrap().starts_with("chat.example.com"));

    let slash = ask("/live", "chat.example.com");
    assert_eq!(slash.id(), "redirect-to-slash");
    assert_eq!(slash.json["config"]["location"], "location /live/ (301 to its slash)");

    let hidden = ask("/hidden/ws", "chat.example.com");
    assert_eq!((hidden.id(), hidden.explaining()), ("switching-without-upgrade", vec!["hidden-handshake-response"]));

    let zero = ask("/zero/ws", "chat.example.com");
    assert_eq!((zero.id(), zero.explaining()), ("gateway-timeout", vec!["zero-timeout"]));

    let scheme = ask("/scheme/ws", "chat.example.com");
    assert_eq!((scheme.id(), scheme.explaining()), ("server-error", vec!["websocket-scheme"]));

    // What was given is not advised.
    let none = ask("/files/x", "chat.example.com");
    assert_eq!(none.id(), "not-found");
    assert!(!none.json["diagnosis"]["advice"].to_string().contains("--root"), "{}", none.json["diagnosis"]);

    // A folder stands for the nginx.conf in it, whatever lies beside that.
    let folder = configuration.parent().unwrap();
    std::fs::write(folder.join("a.conf"), "server { listen 80 }").unwrap();
    let lost = probe(&[&site.url("/ws"), "--host", "chat.example.com", "--root", folder.to_str().unwrap()]);
    assert_eq!(lost.explaining().first(), Some(&"lost-websocket-headers"), "{}", lost.json["config"]);

    // By another name another server answers.
    let other = ask("/ws", "nobody.example.com");
    assert_eq!(other.id(), "answered-by-nginx");
    assert!(other.json["config"]["server"].as_str().unwrap().contains("the default for other names"));

    let output = raw(&[&site.url("/ws"), "--host", "chat.example.com", "--root", root, "--color", "never"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let (problem, finding) = (text.find("problem[handshake-refused]"), text.find("error[lost-websocket-headers]"));
    assert!(problem.is_some() && problem < finding, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
