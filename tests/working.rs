//! Configurations as the documentation of well-known applications has them: they work, and nothing is said of them at the
//! default level.

use std::path::Path;

use nginx_wslint::Linter;
use nginx_wslint::config::Memory;
use nginx_wslint::rules::Severity;
use nginx_wslint::websocket::Confidence;

const MAP: &str = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }";
const HEADERS: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
    proxy_set_header Connection $connection_upgrade; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;";

const WORKING: &[(&str, &str)] = &[
    (
        "files that inherit the headers of their server, and are cached",
        "proxy_cache_path /tmp/c keys_zone=public:1m;
         server { listen 80; HEADERS location / { proxy_pass http://127.0.0.1:8123; }
            location ~* ^.*\\.(css|js|jpe?g|png|woff2?|eot|ttf|css\\.map)$ { proxy_cache public; proxy_cache_valid any 30m;
                proxy_set_header Host $host; proxy_pass http://127.0.0.1:8123; }
            location /assets { proxy_cache public; proxy_cache_valid any 30m; proxy_pass http://127.0.0.1:8123; } }",
    ),
    (
        "an interface of plain requests around the WebSocket",
        "upstream signaling { server 127.0.0.1:8080; }
         server { listen 80; location /standalone-signaling/ { proxy_pass http://signaling/; proxy_http_version 1.1; proxy_set_header Host $host; }
            location /standalone-signaling/spreed { proxy_pass http://signaling/spreed; HEADERS } }",
    ),
    (
        "half of the header lines, where another location carries the WebSockets",
        "upstream apiserver { ip_hash; server 127.0.0.1:7125; }
         server { listen 80; location /websocket { proxy_pass http://apiserver/websocket; HEADERS proxy_read_timeout 1d; }
            location ~ ^/(printer|api|access|machine|server)/ { proxy_pass http://apiserver$request_uri;
                proxy_set_header Upgrade $http_upgrade; proxy_set_header Host $http_host; } }",
    ),
    (
        "applications that ping by themselves",
        "server { listen 80; location = /xmpp-websocket { proxy_pass http://127.0.0.1:5280/xmpp-websocket?prefix=a&$args; HEADERS }
            location ~ ^/colibri-ws/default-id/(.*) { proxy_pass http://127.0.0.1:9090/colibri-ws/default-id/$1$is_args$args; HEADERS }
            location /bbb-webrtc-sfu { proxy_pass http://127.0.0.1:3008; HEADERS proxy_read_timeout 60s; }
            location /_next/webpack-hmr { proxy_pass http://127.0.0.1:3000; HEADERS } }",
    ),
    (
        "a Unix socket with three slashes",
        "upstream puma { server unix:///srv/app/puma.sock fail_timeout=0; }
         server { listen 80; location /cable { proxy_pass http://puma; HEADERS } }",
    ),
    (
        "a cache for the pages, and a location of its own for the WebSockets",
        "proxy_cache_path /tmp/c keys_zone=CACHE:1m;
         server { listen 80; location / { try_files $uri @proxy; }
            location ^~ /api/v1/streaming { proxy_pass http://127.0.0.1:4000; HEADERS }
            location @proxy { proxy_pass http://127.0.0.1:3000; HEADERS proxy_cache CACHE; proxy_cache_valid 200 7d; } }",
    ),
    (
        "a policy that lets the pages open WebSockets of their own host",
        "server { listen 80; server_name chat.example.com;
            add_header Content-Security-Policy \"default-src https: data:; connect-src 'self' https://api.example.com\";
            location / { root /srv; } location /ws { proxy_pass http://127.0.0.1:3000; HEADERS proxy_read_timeout 1h; } }",
    ),
    (
        "a front server that sends the headers of a handshake with whatever it hands on",
        "server { listen 80; location / { proxy_pass http://127.0.0.1:8080; HEADERS } }
         server { listen 8080; location / { proxy_pass http://10.0.0.1:3000; proxy_set_header Host $host; } }",
    ),
];

#[test]
fn what_applications_recommend_is_not_found_fault_with() {
    let linter = Linter::default();
    let mut faults = Vec::new();
    for (name, text) in WORKING {
        let mut files = Memory::new();
        files.insert("nginx.conf", format!("events {{}}\nhttp {{\n{MAP}\n{}\n}}\n", text.replace("HEADERS", HEADERS)));
        let linted = linter.lint(Path::new("nginx.conf"), &files, &Default::default());
        let said = linted
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info && finding.confidence > Confidence::Possible);
        faults.extend(said.map(|finding| format!("{name}: {}: {}", finding.rule.id, finding.message)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
