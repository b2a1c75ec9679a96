//! What applications and their manuals publish.

use super::{HEADERS, fixed, main_file, said};

/// Parts of a server as applications and their manuals publish them, which work. `OPEN` stands for the headers of a handshake.
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
        "what stands apart beside the pattern of a socket",
        "location ~ \"^/ws/([a-z0-9_-]{8,64})$\" { proxy_pass http://127.0.0.1:8180; OPEN }
         location /ws/reload { proxy_pass http://127.0.0.1:8180/ws/reload; }
         location /api/live/nowplaying/sse { proxy_pass http://127.0.0.1:8180; }",
    ),
    (
        "a capture that ends the port, and one that a map leaves empty",
        "location ~ ^/ws/30([0-9][0-9])/ { proxy_pass http://127.0.0.1:30$1; OPEN }
         location /feed/ws { proxy_pass http://127.0.0.1:3000$suffix; OPEN }",
    ),
    (
        "an address that code sets",
        "location /ws { set $up none; access_by_lua_file up.lua; proxy_pass $up; OPEN }",
    ),
    (
        "a host for one endpoint, and a question with a colon",
        "server_name ws.example.com; location / { proxy_pass http://127.0.0.1:3000/chat; OPEN }
         location /other/ws { proxy_pass http://127.0.0.1:3000?from=https://example.com; OPEN }",
    ),
    (
        "dollar signs that nginx takes as they are",
        "set $$unused 1; location /ws { proxy_pass http://127.0.0.1:1; OPEN } location = /m { mirror /a$$host; return 204; }",
    ),
    (
        "a path that refuses handshakes",
        "location /ws { if ($http_upgrade) { return 403; } proxy_pass http://127.0.0.1:3000; }",
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
        "parts of applications that have their sockets elsewhere",
        "location /webhook/ { proxy_pass http://n8n:5678/webhook/; } location /hooks/ { proxy_pass http://n8n:5678/webhook/; }
         location /twirp/ { proxy_pass http://livekit:7880; } location /panel { proxy_pass http://homeassistant:8123; }
         location /admin/ { proxy_pass http://headscale-ui:80; } location /api/v1/ { proxy_pass http://headscale:8080; }
         location / { proxy_pass http://headscale:8080; OPEN }",
    ),
    (
        "the pages beside the one socket of an application",
        "location /api/websocket { proxy_pass http://homeassistant:8123; OPEN }
         location / { proxy_pass http://homeassistant:8123; }",
    ),
    (
        "a server called after an application, whose sockets go elsewhere",
        "server_name frigate.example.com; location /ws { proxy_pass http://127.0.0.1:5002/; OPEN }
         location /api/ { proxy_pass http://127.0.0.1:5001/; }",
    ),
    (
        "other applications on the server of one that has WebSockets",
        "server_name hass.example.com; location /cameras/ { proxy_pass http://127.0.0.1:5000; }
         location /pihole/ { proxy_pass http://127.0.0.1:8080/admin/; } location / { proxy_pass http://10.0.0.2:8123; OPEN }",
    ),
    (
        "a heading above lines that are commented out",
        "location / { proxy_pass http://127.0.0.1:3000;
            # WebSockets
            #proxy_set_header Upgrade $http_upgrade;
            #proxy_set_header Connection \"upgrade\";
         }",
    ),
    (
        "a path that whoever sets the clients up chooses",
        "location /mqtt/ { proxy_pass http://127.0.0.1:8083/mqtt/; OPEN }",
    ),
    (
        "sockets over which something is sent more often than every minute",
        "location /websocket { proxy_pass http://moonraker; proxy_http_version 1.1; proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }
         location /cockpit/socket { proxy_pass http://127.0.0.1:9090; proxy_http_version 1.1; proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }",
    ),
    (
        "a redirect for those who come without TLS, where some do",
        "listen 443 ssl; if ($scheme = http) { return 301 https://$host$request_uri; }
         location /ws { proxy_pass http://127.0.0.1:1; OPEN }",
    ),
    (
        "a page for maintenance, and a test of files at the root",
        "if (-f $document_root/maintenance.html) { return 503; } if (!-e $request_filename) { return 404; }
         location / { proxy_pass http://ws; OPEN }",
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
             map $uri $suffix {{ default ''; /v2/ws /v2; }}\n\
             server {{\nlisten 80;\n{}\n}}",
            inside.replace("OPEN", headers.trim())
        ));
        assert_eq!(said(&text), "", "{what}");
        assert_eq!(fixed(&[("nginx.conf", &text)], "nginx.conf"), text, "{what}");
    }
}
