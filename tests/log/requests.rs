//! What nginx writes of requests and of open WebSockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::support::faulty::{Fault, faulty, handshake, ignorant_resolver, send, status};
use super::support::master::Master;
use super::support::nginx::nginx;
use super::support::sandbox::free_port;
use super::{causes, summary};

/// The locations, and the message that a handshake there leaves in the log.
const LOCATIONS: &[(&str, &str, &str)] = &[
    ("/close", "proxy_pass http://127.0.0.1:{close};", "premature-close"),
    ("/hang", "proxy_read_timeout 300ms; proxy_pass http://127.0.0.1:{hang};", "answer-timeout"),
    ("/zero", "proxy_read_timeout 0; proxy_pass http://127.0.0.1:{hang};", "answer-timeout"),
    ("/reset", "proxy_pass http://127.0.0.1:{reset};", "answer-reset"),
    ("/big", "proxy_pass http://127.0.0.1:{big};", "too-big-header"),
    ("/not-http", "proxy_pass http://127.0.0.1:{nothttp};", "not-http"),
    ("/subrequest", "auth_request /auth-upgrades; proxy_pass http://127.0.0.1:{ws};", "upgrade-in-subrequest"),
    ("/auth", "auth_request /auth-refuses; proxy_pass http://127.0.0.1:{ws};", "auth-request-failed"),
    ("/refused", "proxy_pass http://127.0.0.1:{nobody};", "refused"),
    ("/slow", "proxy_connect_timeout 0; proxy_pass http://127.0.0.1:{ws};", "connect-timeout"),
    ("/unix", "proxy_pass http://unix:{folder}/none.sock;", "no-socket"),
    ("/dead", "proxy_pass http://dead;", "no-live-upstreams"),
    ("/dead", "", "server-disabled"),
    ("/no-resolver", "set $b localhost; proxy_pass http://$b:{ws};", "no-resolver"),
    ("/unknown-name", "resolver 127.0.0.1:{dns}; set $b nohost.invalid; proxy_pass http://$b:{ws};", "not-resolved"),
    ("/scheme", "set $b ws://127.0.0.1:{ws}; proxy_pass $b;", "websocket-scheme"),
    ("/no-host", "set $b ''; proxy_pass http://$b:{ws};", "no-host"),
    ("/tls-to-plain", "proxy_pass https://127.0.0.1:{ws};", "tls-to-plain"),
    ("/tls-name", "proxy_pass https://127.0.0.1:{reject};", "tls-name"),
    ("/tls-version", "proxy_ssl_protocols TLSv1.2; proxy_pass https://127.0.0.1:{tls13};", "tls-version"),
    (
        "/tls-certificate",
        "proxy_ssl_verify on; proxy_ssl_trusted_certificate {folder}/cert.pem; proxy_pass https://127.0.0.1:{tls};",
        "tls-certificate",
    ),
    ("/denied", "deny all;", "access-denied"),
    ("/cycle", "rewrite ^ /cycle last;", "redirect-cycle"),
    ("/websocket", "root {folder}/none;", "looked-for-a-file"),
    ("/idle", "proxy_read_timeout 300ms; proxy_pass http://127.0.0.1:{ws};", "idle-cut"),
    ("/reset-open", "proxy_pass http://127.0.0.1:{resetopen};", "backend-reset"),
    ("/chat", "proxy_pass http://127.0.0.1:{chat};", "client-reset"),
    ("/flood", "send_timeout 300ms; proxy_pass http://127.0.0.1:{flood};", "slow-client"),
    ("/gone", "proxy_pass http://127.0.0.1:{hang};", "client-gone"),
    ("/body", "client_max_body_size 10; proxy_pass http://127.0.0.1:{ws};", "too-large-body"),
    ("/limited", "limit_conn open 1; proxy_pass http://127.0.0.1:{ws};", "connection-limited"),
    ("/often", "limit_req zone=often; proxy_pass http://127.0.0.1:{ws};", "requests-limited"),
];

/// Of those without a route of their own.
const OTHERS: [&str; 5] =
    ["resolver-unreachable", "plain-to-tls-port", "tls-to-plain-port", "client-rejects-certificate", "proxy-protocol"];

#[test]
fn each_fault_is_recognised_in_what_nginx_writes() {
    let Some(nginx) = nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ports = write_configuration(folder.path());
    let master = Master::start(&nginx, folder.path());
    let port = |name: &str| ports.iter().find(|(key, _)| *key == name).unwrap().1;
    make_faults(&port);
    let log = folder.path().join("error.log");
    let wanted = || {
        let routes = LOCATIONS.iter().map(|(route, _, id)| ((*id).to_owned(), (*route).to_owned()));
        routes.chain(OTHERS.iter().map(|id| ((*id).to_owned(), String::new()))).collect::<Vec<_>>()
    };
    let missing = || {
        let found = causes(&summary(&log));
        let has = |(id, route): &(String, String)| {
            found.iter().any(|(known, routes)| known == id && (route.is_empty() || routes.contains(route)))
        };
        wanted().into_iter().filter(|one| !has(one)).collect::<Vec<_>>()
    };
    for _ in 0..50 {
        if missing().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let text = || std::fs::read_to_string(&log).unwrap();
    assert!(missing().is_empty(), "not recognised: {:?} in\n{}", missing(), text());
    drop(master);
    access_log(&folder.path().join("access.log"));
}

/// Nothing was asked of the access log but what such requests leave in it.
fn access_log(file: &Path) {
    let summary = summary(file);
    let access = &summary["access"];
    // Six of the routes answer 101; `/limited` is open when nginx ends, and counts all the same.
    assert!(access["upgraded"].as_u64().unwrap() >= 6, "{summary}");
    let of = |path: &str| {
        let routes = access["routes"].as_array().unwrap();
        let route = routes.iter().find(|route| route["path"] == path).unwrap_or_else(|| panic!("{path} in {access}"));
        route["statuses"].as_array().unwrap().iter().map(|one| one["status"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(of("/idle"), [101]);
    assert_eq!(of("/websocket"), [404]);
    assert_eq!(of("/limited"), [101, 503]);
}

fn make_faults(port: &dyn Fn(&str) -> u16) {
    let http = port("http");
    for (path, directives, _) in LOCATIONS {
        let special = ["/chat", "/flood", "/gone", "/body", "/limited"];
        if directives.is_empty() || special.contains(path) {
            continue;
        }
        let mut stream = handshake(http, path, "");
        let answer = status(&mut stream);
        assert_ne!(answer, 200, "{path}");
        if *path == "/reset-open" {
            stream.write_all(b"bytes that nobody reads").unwrap();
        }
        let _ = stream.read(&mut [0; 1024]);
        // Once more: the upstream has no live server, the limit is reached.
        if ["/dead", "/often"].contains(path) {
            let _ = status(&mut handshake(http, path, ""));
        }
    }
    // To leave with bytes that nobody has read resets the connection.
    let mut stream = handshake(http, "/chat", "");
    assert_eq!(status(&mut stream), 101);
    let _ = stream.peek(&mut [0; 8]);
    drop(stream);
    let mut flooded = handshake(http, "/flood", "");
    assert_eq!(status(&mut flooded), 101);
    let gone = handshake(http, "/gone", "");
    std::thread::sleep(Duration::from_millis(200));
    drop(gone);
    let _ = status(&mut send(http, b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"));
    let mut first = handshake(http, "/limited", "");
    assert_eq!(status(&mut first), 101);
    assert_eq!(status(&mut handshake(http, "/limited", "")), 503);
    let _ = status(&mut handshake(http, "/no-dns", ""));
    let _ = status(&mut handshake(port("tls"), "/", ""));
    let _ = status(&mut send(http, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"));
    reject_certificate(port("tls"));
    let _ = status(&mut send(port("proxied"), b"GET / HTTP/1.1\r\n\r\n"));
    // Until nginx has given the flooded client up.
    std::thread::sleep(Duration::from_millis(800));
}

/// A TLS handshake of a client that trusts nobody.
fn reject_certificate(port: u16) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from("chat.example.com").unwrap();
    let mut tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let error = rustls::Stream::new(&mut tls, &mut stream).write_all(b"x").unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

fn write_configuration(folder: &Path) -> Vec<(&'static str, u16)> {
    let certified = rcgen::generate_simple_self_signed(["chat.example.com".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), certified.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), certified.signing_key.serialize_pem()).unwrap();
    let ports = vec![
        ("close", faulty(Fault::Close)),
        ("hang", faulty(Fault::Hang)),
        ("reset", faulty(Fault::Reset)),
        ("big", faulty(Fault::BigHeader)),
        ("nothttp", faulty(Fault::NotHttp)),
        ("ws", faulty(Fault::None)),
        ("resetopen", faulty(Fault::ResetOpen)),
        ("chat", faulty(Fault::Chat)),
        ("flood", faulty(Fault::Flood)),
        ("dns", ignorant_resolver()),
        ("nobody", free_port()),
        ("nobody2", free_port()),
        ("reject", free_port()),
        ("tls13", free_port()),
        ("tls", free_port()),
        ("proxied", free_port()),
        ("http", free_port()),
    ];
    let locations = LOCATIONS
        .iter()
        .filter(|(_, directives, _)| !directives.is_empty())
        .map(|(path, directives, _)| format!("location = {path} {{ {directives} }}"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut text = format!(
        r#"user root; worker_processes 1; pid {{folder}}/nginx.pid; error_log {{folder}}/error.log info;
        events {{ worker_connections 256; }}
        http {{
            access_log {{folder}}/access.log combined;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            limit_conn_zone $server_name zone=open:1m;
            limit_req_zone $server_name zone=often:1m rate=1r/m;
            upstream dead {{ server 127.0.0.1:{{nobody}}; server 127.0.0.1:{{nobody2}}; }}
            server {{
                listen 127.0.0.1:{{http}}; server_name chat.example.com;
                {locations}
                location = /auth-upgrades {{ proxy_pass http://127.0.0.1:{{ws}}; }}
                location = /auth-refuses {{ proxy_set_header Upgrade ""; proxy_pass http://127.0.0.1:{{ws}}; }}
                location = /no-dns {{ resolver 127.0.0.1:{{nobody}}; resolver_timeout 300ms; set $b nohost.invalid; proxy_pass http://$b; }}
            }}
            server {{ listen 127.0.0.1:{{proxied}} proxy_protocol; }}
            server {{ listen 127.0.0.1:{{reject}} ssl; ssl_reject_handshake on; }}
            ssl_certificate {{folder}}/cert.pem; ssl_certificate_key {{folder}}/key.pem;
            server {{ listen 127.0.0.1:{{tls}} ssl; server_name tls.example.com; }}
            server {{ listen 127.0.0.1:{{tls13}} ssl; ssl_protocols TLSv1.3; }}
        }}"#
    );
    for (name, port) in &ports {
        text = text.replace(&format!("{{{name}}}"), &port.to_string());
    }
    std::fs::write(folder.join("nginx.conf"), text.replace("{folder}", folder.to_str().unwrap())).unwrap();
    ports
}
