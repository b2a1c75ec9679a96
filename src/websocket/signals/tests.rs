//! What the built-in signals say of paths, names and comments as they occur in real configurations.

use super::super::segments::segments;
use super::*;

fn signals() -> &'static Signals {
    Signals::builtin()
}

fn endpoint(argument: &str) -> Option<Found<'static>> {
    signals().endpoint(&segments(argument, false))
}

fn regex_endpoint(argument: &str) -> Option<Found<'static>> {
    signals().endpoint(&segments(argument, true))
}

fn likely(found: Option<Found<'_>>) -> bool {
    found.is_some_and(|found| found.endpoint.confidence == Confidence::Likely)
}

#[test]
fn the_built_in_file_is_read() {
    let signals = Signals::parse(include_str!("../../../rules/signals.toml")).unwrap();
    assert!(signals.endpoints().len() > 100 && signals.applications().len() > 100);
}

/// Every entry is reached: none is hidden by another of the same name.
#[test]
fn no_built_in_entry_is_dead() {
    for entry in signals().endpoints() {
        // An example of the path: whatever stands for `*` is a segment.
        let path = segments(&entry.path.replace('*', "x"), false);
        let found = signals().endpoint(&path).map(|found| found.endpoint.path.as_str());
        assert_eq!(found, Some(entry.path.as_str()));
    }
    for entry in signals().applications() {
        for word in &entry.words {
            assert_eq!(signals().application(word), Some(entry), "{word}");
        }
        for path in &entry.paths {
            assert!(path.starts_with('/'), "{path}");
        }
    }
}

#[test]
fn whole_segments_are_endpoints() {
    for path in [
        "/ws",
        "/WS/",
        "/api/ws",
        "/movie/ws",
        "/ws/chat/",
        "/wss/",
        "/websocket",
        "/socket.io/",
        "/pad/socket.io",
        "/cable",
        "/signalr/",
        "/chatHub",
        "/_blazor",
        "/mqtt",
        "/websockify",
        "/notifications/hub",
        "/vault/notifications/hub",
        "/_stcore/stream/",
        "/api/kernels/",
        "/push/ws",
        "/api/live/ws",
        "/socket",
        "/sockjs-node",
        "/_next/webpack-hmr",
        "/:/websockets/notifications",
        "/ws/status",
        "/public/ws",
    ] {
        assert!(likely(endpoint(path)), "{path}");
    }
}

#[test]
fn look_alikes_are_no_endpoints() {
    for path in [
        "/",
        "/news/",
        "/aws/",
        "/awstats",
        "/workspaces",
        "/browser/",
        "/video/stream",
        "/hls/live/",
        "/notifications",
        "/github/hub",
        "/apps/",
        "/events",
        "/sockets.js",
        "/socket.io/socket.io.js",
        "/socket.io-client/",
        "/docs/websocket",
        "/static/websocket/",
        "/ws/rest/v1",
        "/ws/2/",
        "/ws/orders.wsdl",
        "/_next/static",
    ] {
        assert_eq!(endpoint(path), None, "{path}");
    }
    for path in ["/hub", "/live", "/chat/", "/stream", "/graphql", "/app"] {
        let found = endpoint(path).unwrap();
        assert_eq!(found.endpoint.confidence, Confidence::Possible, "{path}");
    }
}

#[test]
fn regular_expressions_name_endpoints() {
    for pattern in [
        "/api/v[0-9]+/(users/)?websocket$",
        "^/(ws|wss)/(.*)$",
        "^/(api|ws)/",
        "/plugins/focalboard/ws/*",
        r"^/socket\.io/",
        "/socket.io/",
        "socket.io",
        "websocket$",
        "^/stores/.+/_blazor",
        "/websockify$",
        "^/(c|l)ool/(.*)/ws$",
        "/(api/kernels/[^/]+/(channels|iopub|shell|stdin)|terminals/websocket)/?",
    ] {
        assert!(likely(regex_endpoint(pattern)), "{pattern}");
    }
    let others = [r"\.(js|io)$", "ws$", "ws", "^/ws.+", "^/(?!ws)", r"^/ws/.*\.wsdl$", "^/(.*)$", "^/news?/"];
    for pattern in others {
        assert_eq!(regex_endpoint(pattern), None, "{pattern}");
    }
}

#[test]
fn only_what_ends_with_the_endpoint_is_all_websockets() {
    let only = |path| endpoint(path).is_some_and(|found| found.only);
    assert!(only("/ws") && only("/api/ws/") && only("/mqtt") && only("/_stcore/stream") && only("/api/live/ws"));
    assert!(!only("/ws/chat") && !only("/socket.io/") && !only("/sockjs") && !only("/api/live/"));
    let regex_only = |pattern| regex_endpoint(pattern).is_some_and(|found| found.only);
    assert!(regex_only("^/(ws|wss)$") && regex_only("/api/v[0-9]+/(users/)?websocket$"));
    assert!(!regex_only("^/(api|ws)$"));
}

#[test]
fn the_more_exact_endpoint_wins() {
    let protocol = |path| endpoint(path).map(|found| found.endpoint.protocol.as_str());
    assert_eq!(protocol("/ws/socket.io/"), Some("Socket.IO"));
    assert_eq!(protocol("/api/v4/websocket"), Some("Mattermost"));
    assert_eq!(protocol("/cool/x/ws"), Some("Collabora Online"));
    assert_eq!(protocol("/live/websocket"), Some("Phoenix LiveView"));
}

#[test]
fn names_speak_of_applications() {
    let name = |name| signals().application(name).map(|application| application.name.as_str());
    for word in ["code-server", "codeserver", "code_server", "Code-Server", "my-code-server-1", "code-server.lan"] {
        assert_eq!(name(word), Some("code-server"), "{word}");
    }
    assert_eq!(name("home-assistant.home.svc.cluster.local"), Some("Home Assistant"));
    assert_eq!(name("jupyter01"), Some("Jupyter"));
    assert_eq!(name("n8n"), Some("n8n"));
    for word in ["hassle", "chassis", "code", "server", "backend", "127.0.0.1", "", "encoder", "app", "jupyter-docs"] {
        assert_eq!(name(word), None, "{word}");
    }
}

#[test]
fn the_registered_domain_says_nothing() {
    let label = |name| signals().server_name(name).map(|name| name.label.as_str());
    for name in ["ws.example.com", "ws.*", "ws.localhost", "ws", "api.ws.example.com", r"~^ws\.example\.com$"] {
        assert_eq!(label(name), Some("ws"), "{name}");
    }
    for name in ["example.ws", "www.example.ws", "news.example.com", "aws.example.com", "_", "", "*.example.com"] {
        assert_eq!(label(name), None, "{name}");
    }
    let application = |name| signals().application_of_server(name).map(|found| found.name.as_str());
    assert_eq!(application("jupyter.example.com"), Some("Jupyter"));
    for name in ["jupyter.org", "www.jupyter.org", "jupyter.co.uk", "www.jupyter.co.uk"] {
        assert_eq!(application(name), None, "{name}");
    }
}

#[test]
fn words_name_websockets() {
    let sure = |name| signals().word(name).map(|(_, confidence)| confidence);
    assert_eq!(sure("websocket_geth"), Some(Confidence::Likely));
    assert_eq!(sure("socketio_nodes"), Some(Confidence::Likely));
    assert_eq!(sure("mqtt_ws"), Some(Confidence::Possible));
    assert_eq!(sure("webservices"), None);
    let path = |path| signals().word_in_path(&segments(path, false)).map(|(_, confidence)| confidence);
    assert_eq!(path("/websocket-server/"), Some(Confidence::Likely));
    assert_eq!(path("/ws-terminal"), Some(Confidence::Possible));
    assert_eq!(path("/docs/websocket-guide"), None);
    assert_eq!(path("/js/websocket-client.js"), None);
}

#[test]
fn other_routes_are_denied() {
    let reason = |path| signals().denied_path(&segments(path, false)).map(|deny| deny.reason.as_str());
    assert_eq!(reason("/events"), Some("server-sent events"));
    assert_eq!(reason("/static/"), Some("static files"));
    assert_eq!(reason("/index.php"), Some("FastCGI"));
    assert_eq!(reason("/healthz"), Some("health checks"));
    assert_eq!(reason("/"), None);
    assert_eq!(reason("/events/ws"), None);
    let regex = |pattern| signals().denied_path(&segments(pattern, true)).is_some();
    assert!(regex(r"\.(js|css)$") && !regex(r"^/(static|ws)/"));

    assert!(signals().denied_header("soapaction").is_some() && signals().denied_header("Host").is_none());
    assert!(signals().denied_comment("# SOAP endpoints (Spring-WS)").is_some());
    assert!(signals().denied_comment("# SSE, and websockets").is_none());
    assert!(signals().denied_by_sibling(&segments(r"\.wsdl$", true)).is_some());
    assert!(signals().denied_by_sibling(&segments("/index.html", false)).is_none());
}

#[test]
fn comments_state_websockets() {
    for comment in [
        "# WebSocket support",
        "# websocket",
        "## Web Sockets",
        "# Needed for WebSocket connections",
        "# no timeout for websockets",
        "# Disable buffering for websockets",
        "# proxy buffering disabled for websockets",
        "# don't close websocket connections",
        "# Without this, websockets fail",
        "# websockets do not work without this",
        "# WebSocket, not cached",
        "# wss://example.com/feed goes here",
        "# Socket.IO",
        "# no caching. WebSocket endpoint",
        "# backend sends websocket pings every 20s, keep nginx default timeout",
    ] {
        assert!(signals().says_websocket(comment), "{comment}");
    }
}

#[test]
fn comments_that_state_nothing() {
    for comment in [
        "# no websockets here",
        "# No need for websockets",
        "# not a websocket",
        "# non-websocket traffic",
        "# this app doesn't use websockets",
        "# websockets are not used",
        "# WebSocket support is disabled",
        "# websockets: off",
        "# websocket: no",
        "# SSE, not WebSocket",
        "# SSE instead of websockets",
        "# everything but websockets",
        "# uncomment for websockets",
        "# TODO: websockets",
        "# location /websocket {",
        "#location /ws {",
        "#proxy_pass http://websocket;",
        "# proxy_pass http://app; # websocket",
        "# proxy_set_header Upgrade $http_upgrade; # WebSocket",
        "# see https://nginx.org/en/docs/http/websocket.html",
        "# nginx-wslint: not-websocket",
        "# web service",
        "# awstats",
        "#",
        "",
    ] {
        assert!(!signals().says_websocket(comment), "{comment}");
    }
}

#[test]
fn comments_state_pings() {
    for comment in [
        "# backend sends websocket pings every 20s, keep nginx default timeout",
        "# the server sends a heartbeat each 25 seconds",
        "# ping interval: 30s",
        "# client pings",
        "# pings every 20 s, so 60 s are enough",
        "# heartbeat every 500 ms",
    ] {
        assert!(signals().says_pings(comment), "{comment}");
    }
    for comment in [
        "# ping endpoint for the health check",
        "# ping",
        "# no pings are sent",
        "# pings every 2 minutes",
        "# heartbeat every minute",
        "# pings every 90s",
        "# url mapping is sent",
        "# proxy_set_header X-Ping sent;",
        "# keepalive connections to the upstream",
    ] {
        assert!(!signals().says_pings(comment), "{comment}");
    }
}

#[test]
fn users_add_their_own() {
    let own = r#"
        [[endpoint]]
        path = "/ws"
        protocol = "ours"
        confidence = "possible"
        [[endpoint]]
        path = "/feed/v1"
        protocol = "feed"
        confidence = "likely"
        [comments]
        websocket = ["push channel"]
    "#;
    let signals = signals().with(own).unwrap();
    let protocol = |path| signals.endpoint(&segments(path, false)).map(|found| found.endpoint.protocol.as_str());
    assert_eq!(protocol("/api/feed/v1"), Some("feed"));
    assert_eq!(protocol("/ws"), Some("ours"));
    assert_eq!(protocol("/socket.io"), Some("Socket.IO"));
    assert!(signals.says_websocket("# our push channel") && signals.says_websocket("# websocket"));
}

#[test]
fn mistakes_are_told() {
    let entry = |path: &str| format!("[[endpoint]]\npath = '{path}'\nprotocol = 'x'\nconfidence = 'likely'\n");
    assert!(matches!(Signals::parse(&entry("ws")), Err(Error::Path(_))));
    assert!(matches!(Signals::parse(&entry("/*/ws")), Err(Error::Path(_))));
    assert!(matches!(Signals::parse(&entry("/")), Err(Error::Path(_))));
    assert!(matches!(Signals::parse(&(entry("/ws") + "pingz = true")), Err(Error::Toml(_))));
    let word = "[[application]]\nname = 'x'\nwords = ['a.b']\nconfidence = 'likely'\n";
    assert!(matches!(Signals::parse(word), Err(Error::Word { .. })));
}
