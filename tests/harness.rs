//! The handshake proofs prove something only if they can fail: here each outcome is reached, by a configuration that is
//! known to lead to it.

mod support;

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use support::address::{Target, listen, milliseconds};
use support::backend::{Behaviour, Http10, SESSION};
use support::conf;
use support::nginx::{Nginx, Process, StartError, nginx};
use support::outcome::Outcome;
use support::site::{Context, Site};

const MAP: &str = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }";
const WEBSOCKET: &str = "proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;";

/// A whole configuration with these directives in a location for `/ws`, before a server at 127.0.0.1:3000.
fn route(directives: &str) -> Site {
    let text = format!(
        "events {{}}\nhttp {{\n{MAP}\nserver {{\nlisten 80;\nserver_name rt.example.com;\nlocation /ws {{\nproxy_pass http://127.0.0.1:3000;\n{directives}\n}}\n}}\n}}\n"
    );
    Site::new(Context::Main, &text)
}

#[track_caller]
fn assert_status(outcome: &Outcome, status: u16) {
    assert!(matches!(outcome, Outcome::Status(_)) && outcome.status() == Some(status), "expected {status}: {outcome}");
}

#[test]
fn a_correct_route_is_open_and_carries_plain_requests() {
    let Some(nginx) = nginx() else { return };
    let running = route(WEBSOCKET).started(&nginx);
    assert_eq!(running.handshake("/ws?token=1"), Outcome::Open);
    running.carries_plain("/ws").unwrap();
    let received = running.received();
    let lines: Vec<_> = received.iter().map(|one| one.request.start.as_str()).collect();
    let handshake = "GET /ws?token=1 HTTP/1.1";
    assert_eq!(lines, [handshake, handshake, handshake, "GET /ws HTTP/1.1", "POST /ws HTTP/1.1"]);
    assert_eq!(received[0].backend, "127.0.0.1:3000");
    assert_eq!(received[0].request.all("Host"), ["127.0.0.1:3000"]);
    assert_eq!(received[0].request.all("Origin"), ["http://rt.example.com"]);
    assert_eq!(received[3].request.all("Connection"), ["close"]);
}

#[test]
fn header_lines_decide_the_answer() {
    let Some(nginx) = nginx() else { return };
    let (http11, upgrade) = ("proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;");
    let both = WEBSOCKET;
    let cases = [
        (String::new(), 505),
        (both.replace(http11, ""), 505),
        (http11.to_owned(), 426),
        (format!("{http11}{upgrade}"), 426),
        (both.replace("$http_upgrade", "$connection_upgrade"), 426),
        (format!("{both}{upgrade}"), 400),
        (format!("{both} proxy_set_header Sec-WebSocket-Version 8;"), 400),
        (format!("{both} proxy_set_header Sec-WebSocket-Key nonsense;"), 400),
        (format!("{both} proxy_set_header Host $host; proxy_set_header Host $host;"), 400),
        (format!("{both} proxy_set_body x;"), 400),
        (format!("{both} proxy_method POST;"), 405),
    ];
    for (directives, status) in cases {
        let outcome = route(&directives).handshake(&nginx, "/ws");
        // Versions from 1.29.7 speak HTTP/1.1 by themselves, those from 1.31.4 send the last Host alone.
        match status {
            505 if nginx.version >= (1, 29, 7) => assert_ne!(outcome.status(), Some(505), "{directives}"),
            400 if directives.contains("Host") && nginx.version >= (1, 31, 4) => assert_eq!(outcome, Outcome::Open),
            _ => assert_status(&outcome, status),
        }
    }
}

#[test]
fn an_answer_of_101_may_still_be_broken() {
    let Some(nginx) = nginx() else { return };
    for broken in [
        "proxy_hide_header Upgrade;",
        "proxy_hide_header Sec-WebSocket-Accept;",
        "add_header Upgrade websocket always;",
        "proxy_set_header Sec-WebSocket-Key YW5vdGhlciBrZXkgaGVyZQ==;",
        "add_header Sec-WebSocket-Extensions permessage-deflate always;",
    ] {
        let outcome = route(&format!("{WEBSOCKET}\n{broken}")).handshake(&nginx, "/ws");
        assert!(matches!(outcome, Outcome::Broken101(_)), "{broken}: {outcome}");
    }
}

#[test]
fn servers_differ_in_what_they_do_over_http_1_0() {
    let Some(nginx) = nginx() else { return };
    let over_1_0 = route(&WEBSOCKET.replace("1.1", "1.0"));
    let with =
        |http10| over_1_0.clone().backends(Behaviour { http10, ..Behaviour::default() }).handshake(&nginx, "/ws");
    assert_status(&with(Http10::Refuse), 505);
    assert_eq!(with(Http10::Accept), Outcome::Open);
    assert!(matches!(with(Http10::Drop), Outcome::Broken101(_)));
}

#[test]
fn strict_servers_refuse_what_lenient_ones_bear() {
    let Some(nginx) = nginx() else { return };
    let fixed_connection = route(&WEBSOCKET.replace("$connection_upgrade", "upgrade"));
    fixed_connection.started(&nginx).carries_plain("/ws").unwrap();
    let strict = Behaviour { strict_plain: true, ..Behaviour::default() };
    let running = fixed_connection.backends(strict.clone()).started(&nginx);
    assert_eq!(running.handshake("/ws"), Outcome::Open);
    assert!(running.carries_plain("/ws").unwrap_err().contains("400"));
    route(WEBSOCKET).backends(strict).started(&nginx).carries_plain("/ws").unwrap();

    let checking = Behaviour { check_origin: true, ..Behaviour::default() };
    assert_status(&route(WEBSOCKET).backends(checking.clone()).handshake(&nginx, "/ws"), 403);
    let with_host = route(&format!("{WEBSOCKET} proxy_set_header Host $http_host;"));
    assert_eq!(with_host.backends(checking).handshake(&nginx, "/ws"), Outcome::Open);
}

#[test]
fn an_idle_connection_is_cut_after_the_read_timeout() {
    let Some(nginx) = nginx() else { return };
    let second = Duration::from_millis(700)..Duration::from_millis(2500);
    let until = Duration::from_secs(4);
    let written = route(&format!("{WEBSOCKET} proxy_read_timeout 1s;")).started(&nginx);
    assert!(second.contains(&written.idle("/ws", until).unwrap().unwrap()));
    assert!(written.error_log().contains("timed out"), "{}", written.error_log());
    let default = route(WEBSOCKET).shrink_timeouts(60).started(&nginx);
    assert!(second.contains(&default.idle("/ws", until).unwrap().unwrap()));
    let hour = route(&format!("{WEBSOCKET} proxy_read_timeout 1h;")).shrink_timeouts(60).started(&nginx);
    assert_eq!(hour.idle("/ws", Duration::from_secs(2)).unwrap(), None);
}

#[test]
fn nginx_refuses_with_the_lines_and_paths_of_the_user() {
    let Some(nginx) = nginx() else { return };
    let refused = |site: Site| match site.start(&nginx) {
        Err(Outcome::Refused(message)) => message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nginx started"),
    };
    let message = refused(Site::new(Context::Http, "server {\nlisten 443\n  ssl;\nmap $a $b {}\n}\n"));
    assert!(message.contains("[emerg] \"map\" directive is not allowed here in nginx.conf:4"), "{message}");
    let message = refused(Site::new(Context::Server, "location /ws {\n  proxy_pass ws://127.0.0.1:3000;\n}\n"));
    assert!(message.contains("invalid URL prefix in nginx.conf:2"), "{message}");
    let elsewhere = Site::new(Context::Http, "\nwrong on;").named("/opt/app/site.conf");
    let message = refused(elsewhere);
    assert!(message.contains("unknown directive \"wrong\" in /opt/app/site.conf:2"), "{message}");
    let message = refused(Site::new(Context::Http, "server {\nlisten 80;\n").named("conf.d/a.conf"));
    assert!(message.contains("unexpected end of file"), "{message}");
    let message = refused(Site::new(Context::Http, "include /etc/nginx/snippets/none.conf;"));
    assert!(message.contains("snippets/none.conf"), "{message}");
}

#[test]
fn what_fails_before_the_server_is_told_apart() {
    let Some(nginx) = nginx() else { return };
    assert_status(&route(WEBSOCKET).down("127.0.0.1:3000").handshake(&nginx, "/ws"), 502);
    assert_status(&route(WEBSOCKET).handshake(&nginx, "/elsewhere"), 404);
    let silent = route(&format!("{WEBSOCKET} ssi on; ssi_types *;")).patience(Duration::from_millis(700));
    assert_eq!(silent.handshake(&nginx, "/ws"), Outcome::Silent);
    let closed = Site::new(Context::Location, "return 444;");
    assert_eq!(closed.handshake(&nginx, "/"), Outcome::Closed);
    assert_status(&Site::new(Context::Location, "fastcgi_pass 127.0.0.1:9000;").handshake(&nginx, "/"), 502);
    if nginx.version < (1, 25, 1) {
        let http2 = Site::new(Context::Server, "listen 80 http2; location / { proxy_pass http://app:80; }");
        assert_eq!(http2.handshake(&nginx, "/"), Outcome::NotHttp);
    }
}

#[test]
fn a_subrequest_reaches_a_server_of_its_own() {
    let Some(nginx) = nginx() else { return };
    let site = |auth: &str| {
        let text = format!(
            "{WEBSOCKET}
            location = /auth {{ internal; proxy_pass http://127.0.0.1:3000/check; proxy_pass_request_body off; {auth} }}
            location / {{ auth_request /auth; proxy_pass http://127.0.0.1:3000; }}"
        );
        Site::new(Context::Server, &text).in_http(MAP)
    };
    let clean = "proxy_set_header Content-Length ''; proxy_set_header Upgrade ''; proxy_set_header Connection '';";
    let running = site(clean).started(&nginx);
    assert_eq!(running.handshake("/ws"), Outcome::Open);
    running.carries_plain("/ws").unwrap();
    let received = running.received();
    assert_eq!(received[0].backend, "127.0.0.1:3000 (subrequest)");
    assert_eq!(received[0].request.start, "GET /check HTTP/1.1");
    assert_eq!(site("").handshake(&nginx, "/ws"), Outcome::Closed);
}

#[test]
fn the_path_that_arrives_decides() {
    let Some(nginx) = nginx() else { return };
    let site = |url: &str| {
        let text = format!("location /cable/ {{ proxy_pass {url}; {WEBSOCKET} }}");
        let endpoint = Some("/cable/live".to_owned());
        Site::new(Context::Server, &text).in_http(MAP).backends(Behaviour { endpoint, ..Behaviour::default() })
    };
    assert_eq!(site("http://app:3000").handshake(&nginx, "/cable/live"), Outcome::Open);
    assert_eq!(site("http://app:3000/cable/").handshake(&nginx, "/cable/live"), Outcome::Open);
    assert_status(&site("http://app:3000/").handshake(&nginx, "/cable/live"), 404);
    assert_status(&site("http://app:3000").handshake(&nginx, "/cable"), 301);
}

#[test]
fn fragments_and_included_files_find_their_place() {
    let Some(nginx) = nginx() else { return };
    let location = format!("proxy_pass http://app:3000; {WEBSOCKET}");
    let fragments = [
        (Context::Location, location.clone()),
        (Context::Server, format!("location / {{ {location} }}")),
        (
            Context::Http,
            format!(
                "upstream app {{ server app1:3000; }} server {{ location / {{ {WEBSOCKET} proxy_pass http://app; }} }}"
            ),
        ),
        (Context::Main, format!("http {{ {MAP} server {{ listen [::]:80; location / {{ {location} }} }} }}")),
    ];
    for (context, text) in fragments {
        let mut site = Site::new(context, &text);
        if context != Context::Main {
            site = site.in_http(MAP);
        }
        assert_eq!(site.handshake(&nginx, "/"), Outcome::Open, "{context:?}: {text}");
    }
    let main = "user www-data; pid /run/nginx.pid; error_log /var/log/nginx/error.log;
        events { worker_connections 512; }
        http {
            include /etc/nginx/mime.types;
            access_log /var/log/nginx/access.log;
            include conf.d/*.conf;
            server { listen 80 default_server; server_name app.example.org; root /var/www/html;
                location / { include /etc/nginx/snippets/ws.conf; include proxy_params; } }
        }";
    let site = Site::new(Context::Main, main).file("conf.d/map.conf", MAP).file("snippets/ws.conf", &location);
    let running = site.started(&nginx);
    assert_eq!(running.client.host, "app.example.org");
    assert_eq!(running.handshake("/"), Outcome::Open);
}

#[test]
fn addresses_of_every_form_lead_to_a_server() {
    let Some(nginx) = nginx() else { return };
    let resolver = "resolver 127.0.0.11 8.8.8.8 valid=30s;";
    let forms = [
        ("", "proxy_pass http://backend:8080;", 101),
        ("", "proxy_pass 'https://backend/';", 101),
        ("", "proxy_pass http://localhost;", 101),
        ("", "proxy_pass http://unix:/run/app.sock:/;", 101),
        ("", "proxy_pass http://127.0.0.1:3000$request_uri;", 101),
        ("", "set $port 3000; proxy_pass http://127.0.0.1:$port;", 101),
        ("", "set $app http://10.0.0.7:3000; proxy_pass $app;", 101),
        ("upstream app { server unix:/run/app.sock; }", "set $name app; proxy_pass http://$name;", 101),
        ("", "set $app backend; proxy_pass http://$app:3000;", 502),
        ("", "proxy_pass http://backend:3000$request_uri;", 502),
        (resolver, "set $app backend; proxy_pass http://$app:3000;", 101),
        (resolver, "set $app https://backend; proxy_pass $app;", 101),
        (resolver, "proxy_pass http://backend:3000$request_uri;", 101),
        (resolver, "set $app no.invalid; proxy_pass http://$app:3000;", 502),
        ("map $host $app { default backend:3000; }", "proxy_pass http://$app;", 502),
        (
            "server { location / { proxy_pass http://backend:3000; } }",
            "set $app backend:3000; proxy_pass http://$app;",
            101,
        ),
    ];
    for (http, pass, status) in forms {
        let text =
            format!("{MAP}\n{http}\nserver {{ listen 8000; server_name t; location / {{ {WEBSOCKET} {pass} }} }}");
        let running = Site::new(Context::Http, &text).server("t").started(&nginx);
        assert_eq!(running.client.host, "t:8000");
        let outcome = running.handshake("/");
        assert_eq!(outcome.status(), Some(status), "{http} {pass}: {outcome}\n{}", running.error_log());
        assert_eq!(outcome.is_open(), status == 101, "{http} {pass}: {outcome}");
    }
}

#[test]
fn a_second_hop_stays_in_nginx() {
    let Some(nginx) = nginx() else { return };
    let site = |second: &str| {
        let text = format!(
            "{MAP}
            server {{ listen 443 ssl http2; server_name a; ssl_certificate /etc/ssl/a.pem; ssl_certificate_key /etc/ssl/a.key;
                location / {{ proxy_pass http://127.0.0.1:8080; {WEBSOCKET} }} }}
            server {{ listen 8080; location / {{ proxy_pass http://app:3000; {second} }} }}"
        );
        Site::new(Context::Http, &text)
    };
    let running = site(WEBSOCKET).started(&nginx);
    assert_eq!(running.client.origin, "https://a");
    assert_eq!(running.handshake("/"), Outcome::Open);
    assert_eq!(running.received()[0].backend, "app:3000");
    assert!(!site("").handshake(&nginx, "/").is_open());
}

#[test]
fn a_session_lives_on_one_of_several_servers() {
    let Some(nginx) = nginx() else { return };
    let outcome = |sticky: &str| {
        let text = format!(
            "{MAP} upstream nodes {{ {sticky} server node1:3000; server node2:3000; }}
            server {{ location / {{ {WEBSOCKET} proxy_pass http://nodes; }} }}"
        );
        let sessions = Behaviour { sessions: true, ..Behaviour::default() };
        let running = Site::new(Context::Http, &text).backends(sessions).started(&nginx);
        let answer = running.get("/socket.io/").unwrap();
        running.handshake(&format!("/socket.io/?sid={}", answer.one(SESSION).unwrap()))
    };
    assert_status(&outcome(""), 400);
    assert_eq!(outcome("ip_hash;"), Outcome::Open);
}

#[test]
fn nginx_ends_with_its_test() {
    assert!(Nginx::at(Path::new("/nonexistent/nginx")).is_none());
    let Some(nginx) = nginx() else { return };
    let running = route(WEBSOCKET).started(&nginx);
    let addr = running.client.addr;
    assert!(TcpStream::connect(addr).is_ok());
    drop(running);
    assert!(TcpStream::connect(addr).is_err());
}

/// A port that another program took in the meantime is worth another try, whichever C library words the refusal.
#[test]
fn a_port_that_is_taken_is_told_from_a_refusal() {
    let Some(nginx) = nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let start = |text: &str| {
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, text).unwrap();
        std::fs::create_dir_all(folder.path().join("logs")).unwrap();
        Process::start(&nginx, folder.path(), &path).err()
    };
    let text = format!("events {{}} stream {{ server {{ listen {}; return ''; }} }}", taken.local_addr().unwrap());
    let text = match nginx.module("ngx_stream_module.so") {
        Some(module) => format!("load_module {}; {text}", module.display()),
        None => text,
    };
    assert!(matches!(start(&text), Some(StartError::PortTaken)));
    assert!(matches!(start("events {} nonsense;"), Some(StartError::Refused(_))));
}

#[test]
fn the_reader_keeps_every_word_in_its_place() {
    let text = "a 'b ;' c#d; # }\nserver { set $x \"{\"; location ~ ^/\\{(.*)$ { return ${x}; } }";
    let read = conf::read(text).unwrap();
    assert_eq!(read.iter().map(conf::Statement::name).collect::<Vec<_>>(), ["a", "server"]);
    assert_eq!(read[0].args().iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), ["b ;", "c#d"]);
    let location = &read[1].inner()[1];
    assert_eq!(location.args()[1].text, "^/\\{(.*)$");
    assert_eq!(location.inner()[0].args()[0].text, "${x}");
    assert_eq!(&text[location.inner()[0].args()[0].span.clone()], "${x}");
    for broken in ["a", "a {", "a; }", ";", "a 'b;"] {
        assert!(conf::read(broken).is_none(), "{broken}");
    }
}

#[test]
fn addresses_come_apart_and_together_again() {
    for text in [
        "http://a:80/x?y",
        "http://$a$request_uri",
        "https://[::1]:8/b",
        "http://unix:/s:/u",
        "$a",
        "a:$p/",
        "http://$h:80",
    ] {
        assert_eq!(Target::read(text).text(), text);
    }
    assert_eq!(Target::read("https://App/x").key(), "app:443");
    assert_eq!(Target::read("localhost:5000").key(), "127.0.0.1:5000");
    assert_eq!(listen("*:80"), listen("80"));
    assert_ne!(listen("[::]:80"), listen("80"));
    assert_eq!(milliseconds("1h 30m"), Some(5_400_000));
    assert_eq!(milliseconds("250ms"), Some(250));
    assert_eq!(milliseconds("60min"), None);
}
