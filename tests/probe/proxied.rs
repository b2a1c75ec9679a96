//! Answers that a real nginx gives, or lets through from a real backend.

use crate::run::{case, check, probe, raw};
use crate::servers::{Server, Site, backend, say, wait};
use crate::support::backend::Behaviour;
use crate::support::nginx::nginx;

/// A location whose handshake works, but for what is added.
fn upgrading(path: &str, port: u16, more: &str) -> String {
    format!(
        "location {path} {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; \
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; \
         proxy_set_header Host $http_host; {more} }}\n"
    )
}

#[test]
fn answers_of_nginx_and_of_backends_are_told_apart() {
    let Some(nginx) = nginx() else { return };
    let echo = backend(Behaviour::default());
    let strict = backend(Behaviour { endpoint: Some("/ws".into()), check_origin: true, ..Behaviour::default() });
    let silent = Server::start(wait);
    let gone = Server::answering(|stream, _| {
        say(stream, "HTTP/1.1 499 Client Closed Request\r\nContent-Length: 0\r\n\r\n");
    });
    let to = |port: u16, more: &str| format!("proxy_pass http://127.0.0.1:{port}; {more}");
    let plain = |path: &str, body: &str| format!("location {path} {{ {body} }}\n");
    let mut http = String::from("server { listen 127.0.0.1:PORT0; server_name chat.example.com;\n");
    http += &plain("/plain", &to(echo.port, "proxy_http_version 1.1;"));
    http += &upgrading("/ok", echo.port, "");
    http += &upgrading("/old", echo.port, "").replace("version 1.1", "version 1.0");
    http += &upgrading("/nokey", echo.port, "proxy_set_header Sec-WebSocket-Key '';");
    http += &plain("/slash/", &to(echo.port, ""));
    http += &plain("/tls", "return 301 https://$host$request_uri;");
    http += &plain("/moved", "return 308 http://other.example.com/ws;");
    http += &plain("/login", "return 302 /accounts/login?next=/ws;");
    http += &plain("/temporary", "return 307 /elsewhere;");
    http += &plain("/auth", "auth_basic chat; auth_basic_user_file FOLDER/users; root FOLDER;");
    http += &plain("/deny", "deny all;");
    http += &upgrading("/ws", strict.port, "").replace("Host $http_host", "Host backend");
    http += &upgrading("/other", strict.port, "");
    http += &plain("/none", "root FOLDER/nothing;");
    http += &plain("/get", "limit_except POST { deny all; }");
    http += &plain("/method", "return 405;");
    http += &plain("/limit", "return 429;");
    http += &plain("/error", "return 500;");
    http += &plain("/busy", "return 503;");
    http += &plain("/teapot", "return 418;");
    http += &plain("/dead", &to(1, ""));
    http += &plain("/zero", &to(silent.port, "proxy_read_timeout 0;"));
    http += &plain("/slow", &to(silent.port, "proxy_read_timeout 1s;"));
    http += &plain("/gone", &to(gone.port, ""));
    http += &plain("/dropped", "return 444;");
    http += &plain("/page", "default_type text/html; return 200 '<!DOCTYPE html><title>App</title>';");
    http += &plain("/json", "default_type application/json; return 200 '{}';");
    http += &upgrading("/silent", echo.port, "proxy_hide_header Sec-WebSocket-Protocol;");
    http += &upgrading("/hidden", echo.port, "proxy_hide_header Upgrade;");
    http += &upgrading("/unaccepted", echo.port, "proxy_hide_header Sec-WebSocket-Accept;");
    http += &upgrading("/added", echo.port, "add_header Upgrade websocket always;");
    http += &upgrading("/key", echo.port, "proxy_set_header Sec-WebSocket-Key dGhlIHNhbXBsZSBub25jZQ==;");
    http += "}\nserver { listen 127.0.0.1:PORT1 ssl; ssl_certificate FOLDER/c.pem; ssl_certificate_key FOLDER/k.pem; }";
    let (certificate, key) = crate::tls::self_signed("localhost");
    let site =
        Site::start(&nginx, &http, &[("users", "chat:{PLAIN}secret\n"), ("c.pem", &certificate), ("k.pem", &key)]);

    let of = |path: &str, id, text, rule| case(&site.url(path), "", id, text, rule);
    check(&[
        of("/ok", "open", "works", ""),
        of("/plain", "handshake-refused", "426", "missing-upgrade-header"),
        of("/nokey", "handshake-refused", "400", "dropped-handshake-request"),
        of("/old", "http-version-refused", "HTTP/1.0", "wrong-http-version"),
        of("/slash", "redirect-to-slash", "/slash/", "trailing-slash-redirect"),
        of("/tls", "redirect-to-tls", "https://127.0.0.1/tls", "plain-http-redirect"),
        of("/moved", "redirect", "308 to `http://other.example.com/ws`", ""),
        of("/login", "redirect", "a login", ""),
        of("/temporary", "redirect", "307", ""),
        of("/auth", "unauthorized", "Basic realm", ""),
        of("/deny", "forbidden", "nginx itself answers 403", ""),
        of("/get", "forbidden", "`limit_except`", "get-denied"),
        of("/ws", "forbidden", "The backend answers 403 to `Origin: http://127.0.0.1", "missing-host-header"),
        of("/other", "not-found", "the backend knows no WebSocket", "path-mapping"),
        of("/none", "not-found", "nginx itself answers 404", "websocket-location-without-proxy-pass"),
        of("/nowhere", "not-found", "nginx itself answers 404", ""),
        of("/method", "method-not-allowed", "405", ""),
        of("/limit", "too-many-requests", "429", "connection-limit"),
        of("/gone", "client-closed-request", "499", ""),
        of("/error", "server-error", "500", ""),
        of("/teapot", "unexpected-status", "418", ""),
        of("/dead", "bad-gateway", "502", "upstream-tls-mismatch"),
        of("/busy", "service-unavailable", "503", "connection-limit"),
        of("/zero", "gateway-timeout", "504 at once", "zero-timeout"),
        of("/slow", "gateway-timeout", "waited 1.", ""),
        of("/dropped", "closed-without-answer", "closes", ""),
        of("/page", "static-fallback", "web page", "missing-upgrade-header"),
        of("/json", "not-upgraded", "200", "missing-upgrade-header"),
        of("/hidden", "switching-without-upgrade", "without", "hidden-handshake-response"),
        of("/unaccepted", "missing-accept", "without", "hidden-handshake-response"),
        of("/added", "switching-with-duplicate", "`Upgrade` 2 times", "response-header-instead"),
        of("/key", "wrong-accept", "does not belong to the key", "dropped-handshake-request"),
        case(&site.url("/ok"), "--subprotocol mqtt", "open", "", ""),
        case(&site.url("/silent"), "--subprotocol mqtt", "subprotocol", "none of the subprotocols", ""),
        case(&site.url("/ok"), "--message hello --size 1M", "open", "messages come back", ""),
        case(&site.url("/ws"), "--origin http://backend", "open", "", ""),
        case(&format!("ws://127.0.0.1:{}/", site.ports[1]), "", "plain-http-on-tls-port", "Plain HTTP", ""),
        case(&site.url("/ok").replace("ws:", "wss:"), "", "tls-on-plain-http-port", "without TLS", ""),
    ]);
}

#[test]
fn straight_to_the_backend_tells_whose_fault_it_is() {
    let Some(nginx) = nginx() else { return };
    let echo = backend(Behaviour::default());
    let elsewhere = backend(Behaviour { endpoint: Some("/chat".into()), ..Behaviour::default() });
    let http = format!(
        "server {{ listen 127.0.0.1:PORT0; location /broken {{ proxy_pass http://127.0.0.1:{0}; proxy_http_version 1.1; }}\n{1}{2} }}",
        echo.port,
        upgrading("/ok", echo.port, ""),
        upgrading("/ws", elsewhere.port, "")
    );
    let site = Site::start(&nginx, &http, &[]);
    let straight = |port: u16| format!("--backend ws://127.0.0.1:{port}/ws");
    check(&[
        case(&site.url("/ok"), &straight(echo.port), "open", "both", ""),
        case(
            &site.url("/broken"),
            &straight(echo.port),
            "proxy-at-fault",
            "straight to the backend",
            "missing-upgrade-header",
        ),
        case(&site.url("/ws"), &straight(elsewhere.port), "backend-at-fault", "as well", "path-mapping"),
        case(&site.url("/ok"), &straight(elsewhere.port), "backend-fails-alone", "works through nginx", ""),
        case(&site.url("/broken"), &straight(1), "handshake-refused", "could not be tried from here", ""),
        case("ws://127.0.0.1:1/", &straight(echo.port), "proxy-at-fault", "is not reached", ""),
    ]);
    let said = probe(&[&site.url("/broken"), "--backend", &format!("ws://127.0.0.1:{}/", echo.port)]);
    assert_eq!(said.json["probe"]["answer"]["status"], 426);
    assert_eq!(said.json["backend"]["answer"]["status"], 101);
    let text = raw(&[&site.url("/broken"), "--backend", &format!("ws://127.0.0.1:{}/", echo.port)]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("through nginx\n") && text.contains("straight to the backend\n"), "{text}");
    assert!(!text.contains("`--backend URL`"), "what was done is not advised: {text}");
}

#[test]
fn a_port_that_speaks_http2_alone_is_recognised() {
    let Some(nginx) = nginx() else { return };
    // Since 1.25.1 such a port takes HTTP/1.1 as well.
    if nginx.version >= (1, 25, 1) {
        return;
    }
    let site = Site::start(
        &nginx,
        "server { listen 127.0.0.1:PORT0 http2; location / { proxy_pass http://127.0.0.1:1; } }",
        &[],
    );
    let configuration = site.configuration();
    let said = probe(&[&site.url("/"), "--root", configuration.to_str().unwrap()]);
    assert_eq!((said.id(), said.code), ("http2-only", 1), "{}", said.text());
    assert!(said.rules().contains(&"plaintext-http2-listener"));
}
