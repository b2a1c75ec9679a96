//! Configurations that look like the mistakes of the routing rules and work: on a real nginx a WebSocket opens through
//! each of them, and no rule of the group says a word.

mod support;

use std::path::Path;

use nginx_wslint::Linter;
use nginx_wslint::config::Memory;
use support::backend::Behaviour;
use support::nginx::nginx;
use support::site::{Context, Site};

/// A configuration that works.
struct Working {
    name: &'static str,
    /// What stands in `http`; `HEADERS` stands for the lines of a WebSocket.
    http: &'static str,
    /// The path that is asked for.
    path: &'static str,
    /// The path, with its query, that the backend serves.
    served: &'static str,
}

const HEADERS: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; \
     proxy_set_header Host $http_host; proxy_read_timeout 1h;";

const WORKING: &[Working] = &[
    Working {
        name: "the path without the slash has a location of its own",
        http: "server { listen 80; location /ws/ { proxy_pass http://127.0.0.1:3000; HEADERS }
               location = /ws { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "the server adds the slash itself",
        http: "server { listen 80; rewrite ^/ws$ /ws/ last; location /ws/ { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws/",
    },
    Working {
        name: "socket.io is called with its slash",
        http: "server { listen 80; location /socket.io/ { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/socket.io/?EIO=4",
        served: "/socket.io/?EIO=4",
    },
    Working {
        name: "a proxying `if` asks for no redirect",
        http: "server { listen 80; location / { proxy_pass http://127.0.0.1:3000; HEADERS }
               location /ws/ { if ($http_upgrade) { proxy_pass http://127.0.0.1:3000; } HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "an endpoint that is mapped to the root",
        http: "server { listen 80; location /ws { proxy_pass http://127.0.0.1:3000/; HEADERS } }",
        path: "/ws?a=1",
        served: "/?a=1",
    },
    Working {
        name: "a slash that is taken away from an endpoint",
        http: "server { listen 80; location /ws/ { proxy_pass http://127.0.0.1:3000/live; HEADERS } location = /ws { return 404; } }",
        path: "/ws/",
        served: "/live",
    },
    Working {
        name: "a whole path that stands for an endpoint",
        http: "server { listen 80; location /chat/ { proxy_pass http://127.0.0.1:3000/ws; HEADERS } }",
        path: "/chat/",
        served: "/ws",
    },
    Working {
        name: "a rewrite before the path is replaced",
        http: "server { listen 80; location /app { rewrite ^/app/(.*)$ /$1 break; proxy_pass http://127.0.0.1:3000/; HEADERS } }",
        path: "/app/room",
        served: "/room",
    },
    Working {
        name: "a prefix that is stripped before the endpoint",
        http: "server { listen 80; location /app/cable { proxy_pass http://127.0.0.1:3000/cable; HEADERS proxy_set_header X-Forwarded-Proto $scheme; } }",
        path: "/app/cable",
        served: "/cable",
    },
    Working {
        name: "arguments brought along by name",
        http: "server { listen 80; location ~ ^/ws/(.*)$ { proxy_pass http://127.0.0.1:3000/$1?$args; HEADERS } }",
        path: "/ws/a?t=1",
        served: "/a?t=1",
    },
    Working {
        name: "arguments in a variable of `set`",
        http: "server { listen 80; location ~ ^/ws/(.*)$ { set $rest $1$is_args$args; proxy_pass http://127.0.0.1:3000/$rest; HEADERS } }",
        path: "/ws/a?t=1",
        served: "/a?t=1",
    },
    Working {
        name: "arguments caught with the whole request",
        http: "server { listen 80; location /ws/ { if ($request_uri ~ ^/ws/(.*)$) { set $rest $1; } proxy_pass http://127.0.0.1:3000/$rest; HEADERS } location = /ws { return 404; } }",
        path: "/ws/a?t=1",
        served: "/a?t=1",
    },
    Working {
        name: "arguments by a map of the whole request",
        http: "map $request_uri $rest { ~^/ws/(?<tail>.*)$ $tail; }
               server { listen 80; location /ws/ { proxy_pass http://127.0.0.1:3000/$rest; HEADERS } location = /ws { return 404; } }",
        path: "/ws/a?t=1",
        served: "/a?t=1",
    },
    Working {
        name: "an exact location with a fixed path",
        http: "server { listen 80; set $backend 127.0.0.1; location = /ws { proxy_pass http://$backend:3000/$is_args$args; HEADERS } }",
        path: "/ws?t=1",
        served: "/?t=1",
    },
    Working {
        name: "a few paths that all mean one",
        http: "server { listen 80; set $backend 127.0.0.1; location ~ ^/(chat|talk)$ { proxy_pass http://$backend:3000/ws$is_args$args; HEADERS } }",
        path: "/talk?t=1",
        served: "/ws?t=1",
    },
    Working {
        name: "a variable that names an upstream",
        http: "upstream chat { server 127.0.0.1:3000; }
               server { listen 80; set $backend chat; location /ws { proxy_pass http://$backend; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "files first, and the WebSocket behind the name",
        http: "server { listen 80; location /ws { try_files $uri @app; } location @app { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a status that leads on",
        http: "server { listen 80; location /ws { error_page 418 = @socket; if ($http_upgrade) { return 418; } return 404; }
               location @socket { proxy_pass http://127.0.0.1:3000; HEADERS } location /page { proxy_pass http://127.0.0.1:3000; } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "no file, and a page that is the backend's",
        http: "server { listen 80; error_page 404 = @socket; location /ws { try_files $uri =404; proxy_pass http://127.0.0.1:3000; HEADERS }
               location @socket { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a `return` that `break` keeps the handshake from",
        http: "server { listen 80; location /ws { if ($http_upgrade) { break; } return 404; proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a `return` for other hosts",
        http: "server { listen 80; if ($host = other.example) { return 301 https://rt.example$request_uri; }
               location /ws { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "an internal location that a rewrite leads to",
        http: "server { listen 80; location /chat { rewrite ^ /ws last; } location /ws { internal; proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/chat",
        served: "/ws",
    },
    Working {
        name: "a pattern that takes the handshake and carries it to the same upstream",
        http: "server { listen 80; location /ws { proxy_pass http://127.0.0.1:3000; HEADERS }
               location ~ ^/ws { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a pattern that `^~` keeps out",
        http: "server { listen 80; location ^~ /ws { proxy_pass http://127.0.0.1:3000; HEADERS } location ~ ^/w { return 403; } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a status of the server that leads on",
        http: "server { listen 80; error_page 404 = @app; location /ws { HEADERS } location @app { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "headers for what is nested",
        http: "server { listen 80; location /chat { HEADERS location /chat/ws { proxy_pass http://127.0.0.1:3000; } } }",
        path: "/chat/ws",
        served: "/chat/ws",
    },
    Working {
        name: "headers for the `if` that hands on",
        http: "server { listen 80; location /ws { HEADERS if ($http_upgrade) { proxy_pass http://127.0.0.1:3000; } } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a pattern behind one that matches a part of it",
        http: "server { listen 80; location ~ ^/ws/[a-z]+$ { return 403; } location ~ ^/ws/(.*)$ { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws/7",
        served: "/ws/7",
    },
    Working {
        name: "a pattern behind one that spares its paths",
        http: "server { listen 80; location ~ ^/api/(?!.*/ws$) { return 403; } location ~ ^/api/.*/ws$ { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/api/v1/ws",
        served: "/api/v1/ws",
    },
    Working {
        name: "tests that a handshake passes",
        http: "server { listen 80; server_name rt.example; if ($request_method !~ ^(GET|POST)$) { return 405; }
               location /ws { valid_referers none server_names; if ($invalid_referer) { return 403; }
               if ($http_referer ~ spam) { return 403; } proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a test whose status leads on",
        http: "server { listen 80; error_page 418 = @socket; location /ws { if ($http_referer = '') { return 418; } proxy_pass http://127.0.0.1:4000; HEADERS }
               location @socket { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a webhook beside the handshake, with headers of the server",
        http: "server { listen 80; HEADERS location /hook { if ($request_method != POST) { return 405; } proxy_pass http://127.0.0.1:3000; }
               location /admin { deny all; proxy_pass http://127.0.0.1:3000; } location /ws { proxy_pass http://127.0.0.1:3000; } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "closed but for some",
        http: "server { listen 80; location /ws { allow 127.0.0.1; deny all; proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a rewrite of all but handshakes",
        http: "server { listen 80; if ($http_upgrade) { break; } rewrite ^ /index.php last; location /ws { proxy_pass http://127.0.0.1:3000; HEADERS }
               location = /index.php { return 403; } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a rewrite to a location that carries handshakes",
        http: "server { listen 80; rewrite ^/ws(.*)$ /live$1 last; location /ws { proxy_pass http://127.0.0.1:3000; HEADERS }
               location /live { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws/1",
        served: "/live/1",
    },
    Working {
        name: "a rewrite of another path",
        http: "server { listen 80; rewrite ^/(?!ws) /index.php last; location /ws { proxy_pass http://127.0.0.1:3000; HEADERS }
               location = /index.php { return 403; } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "two servers of one name, of which the first carries handshakes as well",
        http: "server { listen 80; server_name rt.example; location /ws { proxy_pass http://127.0.0.1:3000; HEADERS } }
               server { listen 80; server_name rt.example; location /ws { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "a glob beside the path itself",
        http: "server { listen 80; location /ws { proxy_pass http://127.0.0.1:3000; HEADERS } location /ws/* { proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/ws/1",
        served: "/ws/1",
    },
    Working {
        name: "arguments that are cut and brought back",
        http: "server { listen 80; location /socket.io/ { rewrite ^/socket.io/(.*)$ /socket.io/$1?$args? break; proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/socket.io/?EIO=4",
        served: "/socket.io/?EIO=4",
    },
    Working {
        name: "a named location that a backend's answer leads to",
        http: "server { listen 80; location / { proxy_pass http://127.0.0.1:8081; } location @socket { proxy_pass http://127.0.0.1:3000; HEADERS } }
               server { listen 8081; server_name gate; add_header X-Accel-Redirect @socket always; return 200; }",
        path: "/ws",
        served: "/ws",
    },
    Working {
        name: "an internal location that a backend's answer leads to",
        http: "server { listen 80; location / { proxy_pass http://127.0.0.1:8081; } location /ws { internal; proxy_pass http://127.0.0.1:3000; HEADERS } }
               server { listen 8081; server_name gate; add_header X-Accel-Redirect /ws/1 always; return 200; }",
        path: "/page",
        served: "/ws/1",
    },
    Working {
        name: "a location that a rewrite leads to by its bare name",
        http: "server { listen 80; location /chat { rewrite ^ ws last; } location ws { rewrite ^ /live break; proxy_pass http://127.0.0.1:3000; HEADERS } }",
        path: "/chat",
        served: "/live",
    },
    Working {
        name: "a path with a variable in a pattern",
        http: "server { listen 80; location ~ ^/ws { proxy_pass http://127.0.0.1:3000$request_uri; HEADERS } }",
        path: "/ws?t=1",
        served: "/ws?t=1",
    },
];

fn text(working: &Working) -> String {
    format!("events {{}}\nhttp {{\n{}\n}}\n", working.http.replace("HEADERS", HEADERS))
}

#[test]
fn what_works_is_not_found_fault_with() {
    let linter = Linter::default();
    let mut faults = Vec::new();
    for working in WORKING {
        let mut files = Memory::new();
        files.insert("nginx.conf", text(working));
        let linted = linter.lint(Path::new("nginx.conf"), &files, &Default::default());
        let routing = linted.findings.iter().filter(|finding| finding.rule.group == "routing");
        faults.extend(routing.map(|finding| format!("{}: {}: {}", working.name, finding.rule.id, finding.message)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_said_to_work_does() {
    let Some(nginx) = nginx() else { return };
    let mut faults = Vec::new();
    for working in WORKING {
        let serving = Behaviour { endpoint: Some(working.served.to_owned()), ..Behaviour::default() };
        let outcome = Site::new(Context::Main, &text(working)).backends(serving).handshake(&nginx, working.path);
        if !outcome.is_open() {
            faults.push(format!("{}: {outcome}", working.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What `unreachable-route` says of a server that is its own backend; with an address of another server it opens. Whether
/// connections run out when nginx connects or when it accepts depends on how many there are.
#[test]
fn a_server_that_is_its_own_backend_runs_out_of_connections() {
    let Some(nginx) = nginx() else { return };
    let site = |connections: u16, port: u16| {
        let text = format!(
            "events {{ worker_connections {connections}; }} http {{ server {{ listen 8080; location /ws {{ proxy_pass http://127.0.0.1:{port}; {HEADERS} }} }} }}"
        );
        Site::new(Context::Main, &text).keep_loops().handshake(&nginx, "/ws")
    };
    for connections in [32, 33] {
        let status = site(connections, 8080).status();
        assert!(status == Some(500) || status == Some(502), "{connections}: {status:?}");
    }
    assert!(site(32, 3000).is_open());
}

/// What `$scheme` becomes in a server with TLS: `https`, to a backend that speaks plain HTTP.
#[test]
fn the_scheme_of_the_client_is_not_that_of_the_backend() {
    let Some(nginx) = nginx() else { return };
    let site = |scheme: &str| {
        let text = format!(
            "events {{}} http {{ server {{ listen 80; location /ws {{ proxy_pass {scheme}://127.0.0.1:3000; {HEADERS} }} }} }}"
        );
        Site::new(Context::Main, &text).keep_upstream_tls().handshake(&nginx, "/ws")
    };
    assert_eq!(site("https").status(), Some(502));
    assert!(site("$scheme").is_open());
}
