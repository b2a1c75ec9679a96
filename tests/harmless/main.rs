//! Configurations that work, or of which a part works: nothing may be said of that part, and no fix may touch it.
#![allow(clippy::panic, reason = "helpers of tests: what must not happen ends the test")]

use std::path::Path;
use std::process::{Command, Output};

mod published;
mod tables;

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

#[test]
fn a_location_beside_one_that_upgrades_is_no_error_for_those_who_want_to_know_all() {
    let text = main_file(&format!(
        "server {{\nlisten 80;\nlocation /standalone-signaling/ {{\nproxy_pass http://127.0.0.1:8080/;\n\
         proxy_http_version 1.1;\nproxy_set_header Host $http_host;\n}}\n\
         location /standalone-signaling/spreed {{\nproxy_pass http://127.0.0.1:8080/spreed;\n{HEADERS}\
         proxy_set_header Host $http_host;\nproxy_read_timeout 1h;\n}}\n}}"
    ));
    let folder = folder(&[("nginx.conf", &text)]);
    let all = String::from_utf8_lossy(&run(folder.path(), &["--pedantic", "nginx.conf"]).stdout).into_owned();
    assert!(all.contains("info[missing-upgrade-header]"), "{all}");
    assert!(!all.contains("error[") && !all.contains("warning["), "{all}");
}

#[test]
fn files_come_before_all_but_the_root() {
    let said = |path: &str, files: &str| {
        said(&main_file(&format!(
            "server {{\nlisten 80;\nroot /srv;\nlocation {path} {{\ntry_files {files} =404;\n\
             proxy_pass http://127.0.0.1:1;\n{HEADERS}proxy_set_header Host $http_host;\nproxy_read_timeout 1h;\n}}\n}}"
        )))
    };
    assert!(said("/", "$uri $uri/").contains("only one to `/` itself"));
    for (path, files) in [("/", "$uri"), ("/ws/", "$uri $uri/")] {
        assert!(said(path, files).contains("no handshake of"), "{path} {files}");
    }
}

#[test]
fn a_location_written_like_an_address_is_not_made_a_path() {
    let text = main_file(&format!(
        "server {{\nlisten 80;\nlocation chat.example.com/ws {{\nproxy_pass http://127.0.0.1:1;\n{HEADERS}\
         proxy_set_header Host $http_host;\nproxy_read_timeout 1h;\n}}\n}}"
    ));
    let folder = folder(&[("nginx.conf", &text)]);
    let told = run(folder.path(), &["--fix", "--unsafe-fixes", "nginx.conf"]);
    assert!([told.stdout, told.stderr].iter().any(|out| String::from_utf8_lossy(out).contains("unreachable-route")));
    assert_eq!(std::fs::read_to_string(folder.path().join("nginx.conf")).unwrap_or_default(), text);
}

#[test]
fn nothing_follows_from_a_line_whose_end_is_lost_beside_a_brace() {
    let text = format!(
        "events {{}}\nhttp {{\n    {}    server {{\n        listen 80;\n        location /ws {{\n            \
         proxy_pass http://127.0.0.1:1;\n            proxy_http_version 1.1\n            \
         proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection $connection_upgrade;\n            \
         proxy_read_timeout 1h;\n        }}\n    }}\n",
        MAP.replace('\n', " ")
    );
    let said = said(&text);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("error[syntax-error]"), "{said}");
}

#[test]
fn a_comment_is_not_left_alone() {
    let text = main_file(&format!(
        "server {{\nlisten 80;\nlocation /ws {{\nproxy_pass http://127.0.0.1:1;\n{HEADERS}\
         proxy_set_header Host $http_host;\nproxy_read_timeout 1h;\nproxy_http_version 1.1; # for the sockets\n}}\n}}"
    ));
    assert!(said(&text).contains("duplicate-directive"));
    assert_eq!(fixed(&[("nginx.conf", &text)], "nginx.conf"), text);
    let bare = text.replace(" # for the sockets", "");
    assert_eq!(fixed(&[("nginx.conf", &bare)], "nginx.conf").matches("proxy_http_version").count(), 1);
}

/// `stream` has a `proxy_buffer_size` of its own, of any size, and nothing that it would have to agree with.
#[test]
fn a_buffer_of_stream_stands_alone() {
    let text = "events {}\nstream {\nserver {\nlisten 1883;\nproxy_pass 127.0.0.1:1884;\nproxy_timeout 1h;\nproxy_buffer_size 10m;\n}\n}\n";
    assert_eq!(said(text), "");
}
