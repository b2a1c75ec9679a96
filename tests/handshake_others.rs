//! What the examples of rules cannot show in one handshake: answers that depend on requests before, on several backends, or
//! on a protocol other than HTTP.

mod support;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use support::nginx::nginx;
use support::outcome::Outcome;
use support::site::{Context, Site};

const WEBSOCKET: &str = "proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;";

fn http(text: &str) -> Site {
    Site::new(Context::Http, text)
}

/// Rule `missing-sticky-session`: without a method that goes by the client, or by what changes within a session, its
/// requests reach several servers.
#[test]
fn requests_of_one_client_go_to_the_servers_in_turns_unless_hashed() {
    let Some(nginx) = nginx() else { return };
    let methods = [("", 2), ("least_conn;", 2), ("hash $request_uri;", 2)];
    for (method, servers) in methods.into_iter().chain([("ip_hash;", 1), ("hash $remote_addr consistent;", 1)]) {
        let running = http(&format!(
            "upstream nodes {{ {method} server 127.0.0.1:5000; server 127.0.0.1:5001; }}
             server {{ listen 80; location / {{ proxy_pass http://nodes; {WEBSOCKET} }} }}"
        ))
        .started(&nginx);
        for number in 0..10 {
            running.get(&format!("/socket.io/?t={number}")).unwrap();
        }
        let reached: BTreeSet<String> = running.received().into_iter().map(|one| one.backend).collect();
        assert_eq!(reached.len(), servers, "`{method}`: {reached:?}");
    }
}

/// Rule `listen-without-ssl`: without the word `ssl` a port answers TLS in plain text, whatever its number and certificate.
#[test]
fn a_port_without_ssl_answers_tls_in_plain_text() {
    let Some(nginx) = nginx() else { return };
    let running = http("server { listen 443; location / { proxy_pass http://127.0.0.1:3000; } }").started(&nginx);
    let mut stream = TcpStream::connect(running.client.addr).unwrap();
    stream.set_read_timeout(Some(running.client.patience)).unwrap();
    // The record of a ClientHello: handshake, TLS 1.0, its length, its kind.
    stream.write_all(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.contains("400 Bad Request"), "{answer}");
}

/// Rule `cached-handshake`: a stored answer is the answer to a handshake, too, unless handshakes bypass the cache.
#[test]
fn a_stored_page_answers_a_handshake_unless_it_bypasses_the_cache() {
    let Some(nginx) = nginx() else { return };
    for (bypass, open) in [("", false), ("proxy_cache_bypass $http_upgrade;", true)] {
        let running = http(&format!(
            "proxy_cache_path /tmp/pages keys_zone=pages:1m;
             server {{ listen 80; location / {{
                proxy_pass http://127.0.0.1:3000; {WEBSOCKET} proxy_cache pages; proxy_cache_valid any 1h; {bypass}
             }} }}"
        ))
        .started(&nginx);
        assert_eq!(running.handshake("/chat"), Outcome::Open, "before anything is stored");
        running.get("/chat").unwrap();
        let outcome = running.handshake("/chat");
        assert_eq!(outcome.is_open(), open, "`{bypass}`: {outcome}");
    }
}

/// Rule `upgrade-in-subrequest`: the fix leaves the route open, and the backend of the subrequest sees neither header.
#[test]
fn a_subrequest_carries_the_headers_of_the_handshake_unless_they_are_cleared() {
    let Some(nginx) = nginx() else { return };
    for (cleared, open) in [("", false), ("proxy_set_header Upgrade \"\"; proxy_set_header Connection \"\";", true)] {
        for subrequest in ["auth_request", "mirror"] {
            let running = http(&format!(
                "server {{ listen 80; {WEBSOCKET}
                    location = /sub {{ internal; proxy_pass http://127.0.0.1:3001; {cleared} }}
                    location / {{ {subrequest} /sub; proxy_pass http://127.0.0.1:3000; }} }}"
            ))
            .started(&nginx);
            let lives = running.handshake("/ws").is_open()
                && running.idle("/ws", Duration::from_millis(500)).is_ok_and(|closed| closed.is_none());
            assert_eq!(lives, open, "{subrequest}, `{cleared}`");
        }
    }
}

/// Rule `plaintext-http2-listener`: before 1.25.1 such a port speaks nothing but HTTP/2.
#[test]
fn a_plaintext_http2_port_answers_a_handshake_in_http2_before_1_25_1() {
    let Some(nginx) = nginx() else { return };
    let site = http(&format!(
        "server {{ listen 8080 http2; location / {{ proxy_pass http://127.0.0.1:3000; {WEBSOCKET} }} }}"
    ));
    let outcome = site.handshake(&nginx, "/ws");
    if nginx.version < (1, 25, 1) {
        assert_eq!(outcome, Outcome::NotHttp);
    } else {
        assert_eq!(outcome, Outcome::Open);
    }
}

/// Rule `missing-forwarded-proto`: nothing but a line of its own tells the backend that the client used TLS.
#[test]
fn the_backend_learns_of_tls_by_a_header_alone() {
    let Some(nginx) = nginx() else { return };
    // The harness takes TLS off, so that a variable stands for `$scheme`.
    for (line, told) in [("", vec![]), ("proxy_set_header X-Forwarded-Proto $scheme_of_client;", vec!["https"])] {
        let running = http(&format!(
            "server {{ listen 443 ssl; server_name a; ssl_certificate /etc/ssl/a.pem; ssl_certificate_key /etc/ssl/a.key;
                set $scheme_of_client https;
                location / {{ proxy_pass http://127.0.0.1:3000; {WEBSOCKET} {line} }} }}"
        ))
        .started(&nginx);
        assert_eq!(running.handshake("/cable"), Outcome::Open);
        let received = running.received();
        assert_eq!(received[0].request.all("X-Forwarded-Proto"), told);
        // The scheme that the backend compares with what it was told.
        assert_eq!(received[0].request.all("Origin"), ["https://a"]);
    }
}

/// Rule `upstream-tls-mismatch`: https to a port of http ends before the handshake does.
#[test]
fn tls_to_a_plain_port_is_answered_with_502() {
    let Some(nginx) = nginx() else { return };
    for (scheme, status) in [("https", 502), ("http", 101)] {
        let site = http(&format!(
            "server {{ listen 80; location / {{ proxy_pass {scheme}://127.0.0.1:3000; {WEBSOCKET} }} }}"
        ));
        assert_eq!(site.keep_upstream_tls().handshake(&nginx, "/ws").status(), Some(status), "{scheme}");
    }
}
