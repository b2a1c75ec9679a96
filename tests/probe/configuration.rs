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

/// A location whose handshake works, but for what is added.
fn upgrading(path: &str, port: u16, more: &str) -> String {
    format!(
        "location {path} {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
            proxy_set_header Host $http_host; {more} }}\n"
    )
}

#[test]
fn what_the_configuration_explains_is_not_called_unexplained() {
    let Some(nginx) = nginx() else { return };
    let echo = backend(Behaviour::default());
    let silent = crate::servers::Server::start(crate::servers::wait);
    let (port, dead) = (echo.port, crate::support::sandbox::free_port());
    let mut http = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }
        limit_req_zone $binary_remote_addr zone=r:1m rate=1r/m;
        server { listen 127.0.0.1:PORT0; server_name chat.example.com;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;\n"
        .to_owned();
    http += &upgrading("= /ok/ws", port, "");
    http += &format!("location = /grpc/ws {{ grpc_pass grpc://127.0.0.1:{port}; }}\n");
    http += &upgrading("= /tls/ws", silent.port, "").replace("pass http:", "pass https:");
    // The subrequest inherits the two headers, and the backend opens a WebSocket for it.
    http += &upgrading("= /asked/ws", port, "auth_request /check;");
    http += &format!("location = /check {{ proxy_http_version 1.1; proxy_pass http://127.0.0.1:{port}; }}\n");
    // The headers are lost where the handshake jumps to.
    http += "location = /jump/ws { try_files /none @jump; }\n";
    http += &format!(
        "location @jump {{ proxy_set_header X-A b; proxy_http_version 1.1; proxy_pass http://127.0.0.1:{port}; }}\n"
    );
    http += &upgrading("= /deny/ws", port, "deny all;");
    http += &upgrading("= /if/ws", port, "if ($http_upgrade) { return 403; }");
    http += &upgrading("= /login/ws", port, "auth_basic chat; auth_basic_user_file FOLDER/users;");
    http += &upgrading("= /file/ws", port, "try_files $uri /none.html =404;");
    http += &upgrading("= /limit/ws", port, "limit_req zone=r;");
    http += &upgrading("= /dead/ws", dead, "");
    http += "}\n";
    let site = Site::start(&nginx, &http, &[("users", "chat:{PLAIN}secret\n")]);
    let configuration = site.configuration();
    let root = configuration.to_str().unwrap();
    let page = |path: &str| {
        let url = site.url(path);
        let arguments = [&url, "--host", "chat.example.com", "--root", root, "--timeout", "2s", "--color", "never"];
        let text = String::from_utf8(raw(&arguments).stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(page("/limit/ws").contains("healthy"));
    for (path, wanted) in [
        ("/grpc/ws", "error[unsupported-proxy-module]"),
        ("/tls/ws", "as one without TLS does to `https://`"),
        ("/asked/ws", "warning[upgrade-in-subrequest]"),
        ("/jump/ws", "error[lost-websocket-headers]"),
        ("/deny/ws", "warning[unreachable-route] `deny all` answers 403"),
        ("/if/ws", "see: `return 403` at "),
        ("/login/ws", "see: `auth_basic chat` at "),
        ("/file/ws", "see: `try_files $uri /none.html =404` at "),
        ("/file/ws", "nginx itself answers 404, though `location = /file/ws` hands requests on"),
        ("/limit/ws", "see: `limit_req zone=r` at "),
        // Rules that were looked for and found nothing are none to read about.
        ("/dead/ws", "nothing that the linter finds there explains it"),
        ("/nowhere", "this server has them at `/ok/ws`, "),
    ] {
        let text = page(path);
        assert!(text.contains(wanted), "{path}: {wanted} in {text}");
        let denied = text.contains("nothing that the linter finds");
        assert_eq!(denied, ["/tls/ws", "/dead/ws", "/nowhere"].contains(&path), "{path}: {text}");
        assert!(!text.contains("rules:"), "{text}");
        // What is said of the location of a subrequest holds there alone.
        assert!(path != "/asked/ws" || !text.contains("fails the handshake; the same holds"), "{text}");
    }
}
