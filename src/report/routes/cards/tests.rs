use super::{Style, cards};
use crate::Linter;
use crate::config::Memory;
use crate::report::routes::{RouteList, RouteView};

fn list(text: &str) -> RouteList {
    let mut files = Memory::new();
    files.insert("nginx.conf", text);
    let linter = Linter::default();
    let linted = linter.lint("nginx.conf".as_ref(), &files, &Default::default());
    let routes = linted.routes.all.iter().map(|route| RouteView::new(&linted.tree, route, None));
    RouteList { routes: routes.collect(), ..RouteList::default() }
}

fn drawn(text: &str, width: usize) -> String {
    cards(&list(text).routes, Style { width, ..Style::default() })
}

const CHAT: &str = "events {}
http {
    server {
        listen 80;
        server_name chat.example.com;
        proxy_set_header Upgrade $http_upgrade;
        location /chat/ws {
            proxy_set_header Host $host;
            proxy_pass http://127.0.0.1:3000;
        }
        location /about {
            proxy_pass http://127.0.0.1:3000;
            proxy_set_header Host $host;
        }
    }
}
";

#[test]
fn a_card_tells_what_was_lost_and_where() {
    let text = drawn(CHAT, 80);
    assert!(text.starts_with("/chat/ws -> http://127.0.0.1:3000"), "{text}");
    assert!(text.contains("  server                chat.example.com (listen 80)\n"), "{text}");
    assert!(text.contains("lost: set at nginx.conf:6, discarded at nginx.conf:8"), "{text}");
    assert!(text.contains("  proxy_read_timeout    60s       default\n"), "{text}");
    assert!(text.contains("\n\n/about -> "), "cards stand apart: {text}");
}

#[test]
fn no_line_is_longer_than_the_terminal() {
    for width in [80, 60] {
        for line in drawn(CHAT, width).lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
    }
}

#[test]
fn nothing_from_a_configuration_steers_the_terminal() {
    let text = "location /ws\x1b[2J\u{202e}\u{9b} { proxy_set_header Upgrade \"\x07\r\"; proxy_pass http://a; }";
    let shown = drawn(text, 80);
    assert!(shown.contains("/ws\\u{1b}[2J\\u{202e}\\u{9b}"), "{shown}");
    assert!(!shown.contains(['\x1b', '\x07', '\r', '\u{202e}', '\u{9b}']), "{shown}");
    let json = list(text).to_json().unwrap();
    assert!(!json.contains(['\x1b', '\x07', '\r', '\u{202e}', '\u{9b}']), "{json}");
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["routes"][0]["location"], "/ws\x1b[2J\u{202e}\u{9b}");
}

#[test]
fn the_json_form_has_what_its_documentation_says() {
    let json: serde_json::Value = serde_json::from_str(&list(CHAT).to_json().unwrap()).unwrap();
    assert_eq!(json["version"], 1);
    let route = &json["routes"][0];
    assert_eq!((&route["file"], &route["line"], &route["column"]), (&"nginx.conf".into(), &7.into(), &9.into()));
    assert_eq!(route["server"]["names"][0], "chat.example.com");
    assert_eq!(route["pass"]["place"]["line"], 9);
    assert_eq!(route["upstream"], serde_json::Value::Null);
    assert_eq!(route["websocket"]["confidence"], "likely");
    assert_eq!(route["websocket"]["only"], true);
    let upgrade = &route["settings"][0];
    assert_eq!((&upgrade["name"], &upgrade["origin"]), (&"Upgrade".into(), &"lost".into()));
    assert_eq!((&upgrade["place"]["line"], &upgrade["lost_at"]["line"]), (&6.into(), &8.into()));
}
