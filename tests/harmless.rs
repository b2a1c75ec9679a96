//! Configurations that work, or of which a part works: nothing may be said of that part, and no fix may touch it.
#![allow(clippy::panic, reason = "helpers of tests: what must not happen ends the test")]

use std::path::Path;
use std::process::{Command, Output};

const MAP: &str = "map $http_upgrade $connection_upgrade {\n    default upgrade;\n    '' close;\n}\n";
const HEADERS: &str = "proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;\nproxy_http_version 1.1;\n";

fn run(folder: &Path, args: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .current_dir(folder)
        .args(["--isolated", "--output-format", "concise", "--color", "never"])
        .args(args)
        .output();
    command.unwrap_or_else(|error| panic!("{error}"))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    for (name, text) in files {
        let path = folder.path().join(name);
        path.parent().map(std::fs::create_dir_all);
        std::fs::write(path, text).unwrap_or_else(|error| panic!("{error}"));
    }
    folder
}

fn main_file(http: &str) -> String {
    format!("events {{}}\nhttp {{\n{MAP}{http}\n}}\n")
}

/// What is said of a configuration at the default level.
fn said(text: &str) -> String {
    let folder = folder(&[("nginx.conf", text)]);
    String::from_utf8_lossy(&run(folder.path(), &["nginx.conf"]).stdout).into_owned()
}

/// The text of a file after `--fix` of the whole folder.
fn fixed(files: &[(&str, &str)], name: &str) -> String {
    let folder = folder(files);
    run(folder.path(), &["--fix", "."]);
    std::fs::read_to_string(folder.path().join(name)).unwrap_or_default()
}

#[test]
fn a_header_that_is_cleared_is_not_cleared_where_it_was_not() {
    let text = main_file(&format!(
        "server {{\nlisten 80;\nproxy_set_header Host $host;\nproxy_set_header Cookie \"\";\n\
         location / {{\nproxy_pass http://127.0.0.1:1;\n}}\n\
         location /ws {{\nproxy_pass http://127.0.0.1:1;\n{HEADERS}proxy_read_timeout 1d;\n}}\n}}"
    ));
    let after = fixed(&[("nginx.conf", &text)], "nginx.conf");
    assert_eq!(after.matches("Cookie").count(), 1, "{after}");
    assert_eq!(after.matches("proxy_set_header Host $host;").count(), 2, "{after}");
}

#[test]
fn a_route_to_another_backend_need_not_take_the_servers_headers() {
    let text = main_file(&format!(
        "server {{\nlisten 80;\n{HEADERS}proxy_read_timeout 1d;\n\
         location / {{\nproxy_pass http://127.0.0.1:1;\n}}\n\
         location /es/ {{\nproxy_pass http://127.0.0.1:9200/;\nproxy_set_header Authorization x;\n}}\n}}"
    ));
    assert_eq!(said(&text), "");
}

#[test]
fn a_public_host_is_not_told_the_clients_host() {
    let text = main_file(&format!(
        "server {{\nlisten 80;\nproxy_set_header Host $host;\nlocation / {{\nproxy_pass http://127.0.0.1:1;\n}}\n\
         location /ws {{\nproxy_pass https://stream.example.com;\n{HEADERS}proxy_read_timeout 1d;\n}}\n}}"
    ));
    assert_eq!(said(&text), "");
}

#[test]
fn a_map_of_something_else_may_yield_the_upgrade() {
    let text = main_file(
        "map $server_port $conn {\n8080 upgrade;\ndefault close;\n}\nserver {\nlisten 8080;\nlocation /ws {\n\
         proxy_pass http://127.0.0.1:1;\nproxy_http_version 1.1;\nproxy_read_timeout 1d;\n\
         proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $conn;\n}\n}",
    );
    assert_eq!(said(&text), "");
}

#[test]
fn what_a_template_will_say_is_not_judged() {
    for (version, connection) in
        [("${HTTP_VERSION}", "upgrade"), ("{{ version }}", "upgrade"), ("1.1", "%%CONNECTION%%"), ("1.1", "{{ c }}")]
    {
        let text = format!(
            "server {{\n    listen 80;\n    location /ws {{\n        proxy_pass http://127.0.0.1:1;\n        \
             proxy_http_version {version};\n        proxy_read_timeout 1d;\n        \
             proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection {connection};\n    }}\n}}\n"
        );
        assert_eq!(said(&text), "", "{text}");
    }
}

#[test]
fn one_map_serves_all_files() {
    let site = "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:1;\n        \
                proxy_set_header Upgrade $http_upgrade;\n    }\n}\n";
    let files = [
        ("nginx.conf", "events {}\nhttp {\n    include conf.d/*.conf;\n}\n"),
        ("conf.d/a.conf", site),
        ("conf.d/b.conf", site),
    ];
    let texts: String = ["nginx.conf", "conf.d/a.conf", "conf.d/b.conf"].map(|name| fixed(&files, name)).concat();
    assert_eq!(texts.matches("map $http_upgrade").count(), 1, "{texts}");
    assert_eq!(texts.matches("Connection $connection_upgrade;").count(), 2, "{texts}");
}

#[test]
fn a_line_keeps_its_own_line_end() {
    let text = "# one\nserver {\r\n    location /ws {\r\n        proxy_pass http://127.0.0.1:1;\r\n    }\r\n}\r\n";
    let after = fixed(&[("conf.d/a.conf", text)], "conf.d/a.conf");
    assert!(after.contains("proxy_pass http://127.0.0.1:1;\r\n        proxy_http_version 1.1;\r\n"), "{after:?}");
}

#[test]
fn a_line_that_cannot_be_read_is_not_missed_as_well() {
    let text = main_file(
        "server {\nlisten 80;\nlocation /ws {\nproxy_pass http://127.0.0.1:1;\nproxy_http_version 1.1;\n\
         proxy_read_timeout 1d;\nproxy_set_header Upgrade \"$http_upgrade;\nproxy_set_header Connection \"upgrade\";\n}\n}",
    );
    let said = said(&text);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("error[syntax-error]"), "{said}");
}

#[test]
fn a_pattern_of_endpoints_alone_carries_no_plain_requests() {
    let text = main_file(
        "server {\nlisten 80;\nlocation ~* /(api/kernels/[^/]+/(channels|iopub|shell|stdin)|terminals/websocket)/? {\n\
         proxy_pass http://127.0.0.1:8888;\nproxy_http_version 1.1;\nproxy_set_header Host $http_host;\n\
         proxy_set_header Upgrade websocket;\nproxy_set_header Connection Upgrade;\nproxy_read_timeout 1d;\n}\n}",
    );
    assert_eq!(said(&text), "");
}

/// Locations beside those of the WebSockets, which serve plain requests. `OPEN` stands for the headers of a handshake.
const BESIDE: &[(&str, &str)] = &[
    (
        "the request that comes before SignalR's handshake",
        "location /notifications/hub { proxy_pass http://127.0.0.1:1; OPEN }
         location /notifications/hub/negotiate { proxy_pass http://127.0.0.1:2; }",
    ),
    (
        "the same inside a location that upgrades, with header lines of its own",
        "location /signalr/ { proxy_pass http://127.0.0.1:1; OPEN
            location /signalr/negotiate { proxy_pass http://127.0.0.1:2; proxy_set_header Host $host; } }",
    ),
    (
        "the other transports of SockJS",
        "location = /sockjs/info { proxy_pass http://127.0.0.1:1; }
         location ~ ^/sockjs/\\d+/\\w+/(xhr|xhr_send|eventsource|jsonp)$ { proxy_pass http://127.0.0.1:1; }
         location /sockjs/ { proxy_pass http://127.0.0.1:1; OPEN }",
    ),
    (
        "checks and files below an endpoint",
        "location /cable { proxy_pass http://127.0.0.1:1; OPEN }
         location = /cable/health { proxy_pass http://127.0.0.1:1; }
         location /cable/metrics { proxy_pass http://127.0.0.1:1; }
         location /ws/static/ { proxy_pass http://127.0.0.1:1; }",
    ),
    (
        "what takes no GET request, or none of a client",
        "location /ws { proxy_pass http://127.0.0.1:1; OPEN }
         location = /ws/publish { limit_except POST { deny all; } proxy_pass http://127.0.0.1:2; }
         location = /ws/send { if ($request_method != POST) { return 405; } proxy_pass http://127.0.0.1:2; }
         location /ws/inner/ { internal; proxy_pass http://127.0.0.1:2; }",
    ),
    (
        "another location to an upstream that is called after WebSockets",
        "location /ws { proxy_pass http://websocket; OPEN }
         location /api/ { proxy_pass http://websocket; }
         location = /status { proxy_pass http://websocket; }",
    ),
    (
        "an interface for programs beside an application's endpoint",
        "location /connection/websocket { proxy_pass http://centrifugo; OPEN }
         location /api { proxy_pass http://centrifugo; }",
    ),
];

#[test]
fn what_serves_plain_requests_beside_websockets_is_left_alone() {
    for (what, locations) in BESIDE {
        let headers = format!("{HEADERS}proxy_set_header Host $host;\nproxy_read_timeout 1h;");
        let text = main_file(&format!(
            "upstream websocket {{ server 127.0.0.1:1; }}\nupstream centrifugo {{ server 127.0.0.1:1; }}\n\
             server {{\nlisten 80;\n{}\n}}",
            locations.replace("OPEN", &headers)
        ));
        assert_eq!(said(&text), "", "{what}");
        assert_eq!(fixed(&[("nginx.conf", &text)], "nginx.conf"), text, "{what}");
    }
}

#[test]
fn headers_that_every_websocket_route_repeats_need_not_reach_the_others() {
    let text = main_file(&format!(
        "{HEADERS}\nserver {{\nlisten 80;\n\
         location /ws {{\nproxy_pass http://127.0.0.1:1;\n{HEADERS}proxy_read_timeout 1h;\n}}\n\
         location /plain {{\nproxy_pass http://127.0.0.1:2;\nproxy_set_header X-Real-IP $remote_addr;\n}}\n}}"
    ));
    assert_eq!(said(&text), "");
}

#[test]
fn where_nothing_but_handshakes_gets_through_plain_requests_carry_nothing() {
    for guard in [
        "if ($http_upgrade = \"\") { return 426; }",
        "if ($http_upgrade != \"websocket\") { return 400; }",
        "if ($http_upgrade !~* \"^websocket$\") { return 426; }",
        "if ($plain) { rewrite ^ /page last; }",
    ] {
        for upgrade in ["$http_upgrade", "websocket"] {
            let text = main_file(&format!(
                "map $http_upgrade $plain {{ default 1; ~*^websocket$ 0; }}\n\
                 server {{\nlisten 80;\nlocation /stream {{\n{guard}\nproxy_pass http://127.0.0.1:1;\n\
                 proxy_http_version 1.1;\nproxy_set_header Upgrade {upgrade};\nproxy_set_header Connection upgrade;\n\
                 proxy_read_timeout 1h;\n}}\n}}"
            ));
            assert_eq!(said(&text), "", "{guard} {upgrade}");
        }
    }
}

#[test]
fn an_if_that_misses_what_the_next_one_finds_misses_nothing() {
    let both = "if ($http_upgrade = \"websocket\") { set $to ws; }\nif ($http_upgrade = \"WebSocket\") { set $to ws; }";
    let server = |tests: &str| {
        main_file(&format!(
            "server {{\nlisten 80;\nset $to web;\n{tests}\nlocation / {{ rewrite ^ /@$to$uri last; }}\n\
             location /@web/ {{ internal; proxy_pass http://127.0.0.1:2; }}\n\
             location /@ws/ {{ internal; proxy_pass http://127.0.0.1:1;\n{HEADERS}proxy_read_timeout 1h; }}\n}}"
        ))
    };
    assert_eq!(said(&server(both)), "");
    let one = "if ($http_upgrade = \"WebSocket\") { set $to ws; }";
    assert!(said(&server(one)).contains("case-sensitive-upgrade-test"));
}

/// Servers that work, of kinds of which one part looks like a mistake. `OPEN` stands for the headers of a handshake.
const WORKING: &[(&str, &str)] = &[
    (
        "a path that nginx is not to decode brings the arguments along",
        "location /api/ { rewrite ^ $request_uri; rewrite ^/api/(.*) $1 break; return 400;
            proxy_pass http://127.0.0.1:1/$uri; OPEN }",
    ),
    (
        "a header that is hidden and added again",
        "location /mqtt { proxy_pass http://127.0.0.1:1; OPEN proxy_hide_header Sec-WebSocket-Protocol;
            add_header Sec-WebSocket-Protocol $upstream_http_sec_websocket_protocol always; }",
    ),
    ("the path of one handshake", "location /ws/ { proxy_pass http://127.0.0.1:1/ws; OPEN }"),
    (
        "a rewrite that leads into the location",
        "rewrite ^/(.*)$ /en/$1 last; location /en/ws { proxy_pass http://127.0.0.1:1; OPEN }",
    ),
    (
        "a name with a variable in it",
        "location / { try_files $uri @$canary; } location @stable { proxy_pass http://127.0.0.1:1; OPEN }
         location @canary { proxy_pass http://127.0.0.1:2; OPEN }",
    ),
    (
        "two patterns of which one looks at case",
        "location ~ ^/chat/ws { proxy_pass http://127.0.0.1:2; OPEN }
         location ~* ^/chat/ws { proxy_pass http://127.0.0.1:1; OPEN }",
    ),
    (
        "a status that leads on before all others are refused",
        "error_page 418 = @ws; if ($http_upgrade) { return 418; } return 404;
         location @ws { proxy_pass http://127.0.0.1:1; OPEN }",
    ),
    (
        "an internal location that a test of Upgrade leads to",
        "location / { if ($http_upgrade ~* websocket) { rewrite ^(.*)$ /__ws$1 last; } proxy_pass http://127.0.0.1:2; }
         location /__ws/ { internal; rewrite ^/__ws(.*)$ $1 break; proxy_pass http://127.0.0.1:1;
            proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
            proxy_read_timeout 1h; }",
    ),
    ("the last method counts", "location /ws { proxy_pass http://balanced; OPEN }"),
];

/// Parts of a server as applications and their manuals publish them, which work. `OPEN` as above.
const PUBLISHED: &[(&str, &str)] = &[
    (
        "a server called `ws` whose socket is one location of several",
        "server_name ws.example.com; location /app/ { proxy_pass http://127.0.0.1:6001; OPEN }
         location /apps/ { proxy_pass http://127.0.0.1:6001; } location / { proxy_pass https://decoy.example/; }",
    ),
    (
        "pages by server-sent events, as a comment says",
        "location /ws { proxy_pass http://127.0.0.1:1; OPEN }
         # the pages of v2ray (EventSource)
         location /v2ray/ { proxy_pass http://127.0.0.1:2/; proxy_set_header Connection ''; proxy_http_version 1.1; }",
    ),
    (
        "media in a cache, below headers that the root takes",
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
         proxy_set_header Connection $connection_upgrade; proxy_set_header Host $host; proxy_read_timeout 1h;
         location / { proxy_pass http://127.0.0.1:4000; }
         location ~ ^/(media|proxy) { proxy_cache media; slice 1m; proxy_set_header Range $slice_range;
            proxy_pass http://127.0.0.1:4000; }",
    ),
    (
        "a map that sends handshakes to a location of their own",
        "location / { try_files /nonexistent @$kind; } location @web { proxy_pass http://127.0.0.1:1; }
         location @socket { proxy_pass http://127.0.0.1:6001; proxy_http_version 1.1; proxy_read_timeout 1h;
            proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }",
    ),
    (
        "what stands apart below a socket",
        "location /ws/ { proxy_pass http://127.0.0.1:6001; OPEN } location /ws/reload { proxy_pass http://127.0.0.1:6001; }
         location /websocket-health/ { proxy_pass http://127.0.0.1:6001; }
         # The REST API; WebSockets go to /ws above.
         location /api/ { proxy_pass http://127.0.0.1:6001; }",
    ),
    (
        "neither origin nor cookies",
        "location /socket { proxy_pass http://127.0.0.1:1; OPEN proxy_set_header Origin ''; proxy_set_header Cookie ''; }",
    ),
    (
        "development with SockJS",
        "location /sockjs-node/ { proxy_pass http://127.0.0.1:4200/sockjs-node/; OPEN }",
    ),
    (
        "a name that ends as sockets do",
        "location /janus { proxy_pass http://127.0.0.1:8088; }
         location /janus-ws { proxy_pass http://127.0.0.1:8188; proxy_http_version 1.1; proxy_read_timeout 1h;
            proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }",
    ),
    (
        "the socket of an application by its port, which pings",
        "location /api/websocket { proxy_pass http://192.0.2.7:8123; proxy_http_version 1.1; proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }",
    ),
    (
        "subrequests of nchan, which answers handshakes itself",
        "server_name ws.example.com; location = /ws { nchan_pubsub; nchan_publisher_upstream_request /heard; }
         location = /heard { proxy_pass http://127.0.0.1:8402; }",
    ),
];

#[test]
fn what_applications_publish_is_left_alone() {
    for (what, inside) in PUBLISHED {
        let headers = format!("{HEADERS}proxy_set_header Host $host;\nproxy_read_timeout 1h;").replace('\n', " ");
        let text = main_file(&format!(
            "proxy_cache_path /tmp/media keys_zone=media:1m;\n\
             map $http_upgrade $kind {{ default web; websocket socket; }}\n\
             server {{\nlisten 80;\n{}\n}}",
            inside.replace("OPEN", headers.trim())
        ));
        assert_eq!(said(&text), "", "{what}");
        assert_eq!(fixed(&[("nginx.conf", &text)], "nginx.conf"), text, "{what}");
    }
}

/// `stream` has a `proxy_buffer_size` of its own, of any size, and nothing that it would have to agree with.
#[test]
fn a_buffer_of_stream_stands_alone() {
    let text = "events {}\nstream {\nserver {\nlisten 1883;\nproxy_pass 127.0.0.1:1884;\nproxy_timeout 1h;\nproxy_buffer_size 10m;\n}\n}\n";
    assert_eq!(said(text), "");
}

#[test]
fn what_works_in_an_unusual_way_is_left_alone() {
    for (what, inside) in WORKING {
        let headers = format!("{HEADERS}proxy_set_header Host $host;\nproxy_read_timeout 1h;").replace('\n', " ");
        let text = main_file(&format!(
            "map $cookie_canary $canary {{ default stable; 1 canary; }}\n\
             upstream balanced {{ ip_hash; least_conn; server 127.0.0.1:1; server 127.0.0.1:2 backup; }}\n\
             server {{\nlisten 80;\n{}\n}}",
            inside.replace("OPEN", headers.trim())
        ));
        assert_eq!(said(&text), "", "{what}");
        assert_eq!(fixed(&[("nginx.conf", &text)], "nginx.conf"), text, "{what}");
    }
}

#[test]
fn what_is_included_twice_is_not_taken_out_of_the_file() {
    let headers = "proxy_set_header Host $host;\nproxy_set_header Upgrade $http_upgrade;\n\
                   proxy_set_header Connection $connection_upgrade;\n";
    let text = main_file(
        "server {\nlisten 80;\nlocation /ws {\ninclude w.inc;\ninclude w.inc;\nproxy_http_version 1.1;\n\
         proxy_read_timeout 1h;\nproxy_pass http://127.0.0.1:1;\n}\n}",
    );
    let files = [("nginx.conf", &*text), ("w.inc", headers)];
    assert_eq!(fixed(&files, "w.inc"), headers);
    assert_eq!(fixed(&files, "nginx.conf"), text);
}

#[test]
fn a_slip_in_an_address_is_no_missing_scheme() {
    for address in ["http:/127.0.0.1:1", "tcp://127.0.0.1:1", "ws//127.0.0.1:1", "26001"] {
        let text = main_file(&format!(
            "server {{\nlisten 80;\nlocation /ws {{\nproxy_pass {address};\n{HEADERS}proxy_read_timeout 1h;\n}}\n}}"
        ));
        assert!(said(&text).contains("invalid-address"), "{address}");
        assert_eq!(fixed(&[("nginx.conf", &text)], "nginx.conf"), text, "{address}");
    }
}
