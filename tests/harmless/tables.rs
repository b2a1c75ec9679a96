//! Tables of servers of which nothing is to be said, and no byte to be changed.

use super::{HEADERS, fixed, main_file, said};

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
    (
        "a pattern of one segment, beside a location below which clients ask",
        "location /ws { proxy_pass http://127.0.0.1:1; OPEN }
         location ~ ^/[A-Za-z0-9_-]+$ { proxy_pass http://127.0.0.1:2; }",
    ),
    (
        "a pattern of files, beside Socket.IO, whose path ends in a slash",
        "location /socket.io { proxy_pass http://127.0.0.1:1; OPEN }
         location ~ \\.(js|io)$ { proxy_pass http://127.0.0.1:2; }",
    ),
    (
        "Socket.IO without its polling",
        "location /socket.io/ { if ($arg_transport = polling) { return 400; } proxy_pass http://turns; OPEN }",
    ),
    (
        "Socket.IO with its WebSocket alone",
        "location /socket.io/ { if ($args !~ transport=websocket) { return 403; } proxy_pass http://turns; OPEN }",
    ),
    (
        "Socket.IO for handshakes alone",
        "location /socket.io/ { if ($http_upgrade = \"\") { return 426; } proxy_pass http://turns; OPEN }",
    ),
    ("a server of Action Cable alone", "location /cable { proxy_pass http://cable/; OPEN }"),
    ("the last method counts", "location /ws { proxy_pass http://balanced; OPEN }"),
];

#[test]
fn what_works_in_an_unusual_way_is_left_alone() {
    for (what, inside) in WORKING {
        let headers = format!("{HEADERS}proxy_set_header Host $host;\nproxy_read_timeout 1h;").replace('\n', " ");
        let text = main_file(&format!(
            "map $cookie_canary $canary {{ default stable; 1 canary; }}\n\
             upstream turns {{ server 127.0.0.1:1; server 127.0.0.1:2; }}\nupstream cable {{ server 127.0.0.1:1; }}\n\
             upstream balanced {{ ip_hash; least_conn; server 127.0.0.1:1; server 127.0.0.1:2 backup; }}\n\
             server {{\nlisten 80;\n{}\n}}",
            inside.replace("OPEN", headers.trim())
        ));
        assert_eq!(said(&text), "", "{what}");
        assert_eq!(fixed(&[("nginx.conf", &text)], "nginx.conf"), text, "{what}");
    }
}

/// What stands twice, or looks wrong, and nginx accepts (1.22.1).
const ACCEPTED: &[&str] = &[
    "server { listen 80; listen [::]:80; listen 127.0.0.1:80; location /ws { proxy_pass http://127.0.0.1:1; OPEN } }",
    "server { listen 8000-8003; location /ws { proxy_pass http://127.0.0.1:1; OPEN } }",
    "server { listen 80; location /ws { proxy_pass http://127.0.0.1:1; proxy_redirect / /a; proxy_redirect /b /c; OPEN } }",
    "server { listen 80; set $backend http://127.0.0.1; location /ws { proxy_pass $backend:1; OPEN } }",
    "server { listen 80; location /ws { proxy_pass http://127.0.0.1:0081; OPEN } }",
    "server { listen 80; location = /ws { proxy_pass http://127.0.0.1:1?a=b; OPEN } }",
    "map $host $to { default http://127.0.0.1:1; b https://127.0.0.1:2; }
     server { listen 80; location /ws { proxy_pass $to$request_uri; OPEN } }",
    "server { listen 80; location ~ ^/app { location ~ /ws { proxy_pass http://127.0.0.1:1; OPEN } } }",
    "server { listen 80; server_name a.example; location / { proxy_pass http://127.0.0.1:1; OPEN } }
     server { listen 443 ssl; server_name a.example; ssl_certificate a; ssl_certificate_key b;
        location /ws { proxy_pass http://127.0.0.1:1; OPEN proxy_set_header X-Forwarded-Proto https; }
        location / { proxy_pass http://127.0.0.1:1; } }",
    "server { listen 80; server_name a.example; location / { proxy_pass http://127.0.0.1:1; OPEN } }
     server { listen 443 ssl; server_name b.example; ssl_certificate a; ssl_certificate_key b;
        location / { proxy_pass http://127.0.0.1:1; } }",
];

#[test]
fn what_nginx_accepts_is_no_mistake() {
    for http in ACCEPTED {
        let headers = format!("{HEADERS}proxy_set_header Host $http_host;\nproxy_read_timeout 1h;").replace('\n', " ");
        let text = main_file(&http.replace("OPEN", headers.trim()));
        assert_eq!(said(&text), "", "{http}");
    }
}
