use super::*;

/// The ways of an argument, written as paths: `*` is any segment, `~x` one that ends with `x`.
fn ways(argument: &str, regex: bool) -> Vec<String> {
    let show = |segment: &Segment| match segment {
        Segment::Whole(text) => text.clone(),
        Segment::Tail(text) => format!("~{text}"),
        Segment::Any => "*".to_owned(),
    };
    let path = |way: &Way| {
        let path: Vec<_> = way.segments.iter().map(show).collect();
        format!("{}{}", if way.from_root { "/" } else { "" }, path.join("/"))
    };
    segments(argument, regex).ways.iter().map(path).collect()
}

#[test]
fn a_plain_path_is_cut_at_slashes() {
    assert_eq!(ways("/WS/", false), ["/ws"]);
    assert_eq!(ways("/api//v4/websocket?x=/y", false), ["/api/v4/websocket"]);
    assert_eq!(ways("/", false), ["/"]);
}

#[test]
fn anchors_groups_and_escapes_fall_away() {
    assert_eq!(ways(r"^/(ws|wss)/(.*)$", true), ["/ws", "/wss"]);
    assert_eq!(ways(r"^\/socket\.io\/", true), ["/socket.io"]);
    assert_eq!(ways("/socket.io/", true), ["socket.io"]);
    assert_eq!(ways("^/(?<name>ws)(?:/|$)", true), ["/ws"]);
    assert_eq!(ways("(?i)^/[Ww]s$", true), ["/ws"]);
    assert_eq!(ways("/plugins/focalboard/ws/*", true), ["plugins/focalboard/ws"]);
}

#[test]
fn optional_parts_give_both_ways() {
    let both = ["api/*/users/websocket", "api/*/websocket"];
    assert_eq!(ways("/api/v[0-9]+/(users/)?websocket$", true), both);
    assert_eq!(ways("/api/v[0-9]{1,2}/(users/){0,1}websocket$", true), both);
    assert_eq!(ways("^/(c|l)ool/(.*)/ws$", true), ["/cool/*/ws", "/lool/*/ws"]);
    let kernels = ["api/kernels/*/channels", "api/kernels/*/stdin", "terminals/websocket"];
    assert_eq!(ways("/(api/kernels/[^/]+/(channels|stdin)|terminals/websocket)/?", true), kernels);
}

#[test]
fn an_open_end_is_a_prefix() {
    for pattern in ["^/ws", "^/ws.*", "^/ws(.*)$", "^/ws(/.*)?$", "^/ws/?", r"^/ws\d*"] {
        let found = ways(pattern, true);
        assert!(found.contains(&"/ws".to_owned()), "{pattern}: {found:?}");
    }
}

#[test]
fn an_open_start_is_only_a_tail() {
    assert_eq!(ways("websocket$", true), ["~websocket"]);
    assert_eq!(ways("/(.*)socket.io", true), ["~socket.io"]);
    assert_eq!(ways("^/(.*)/ws$", true), ["/*/ws"]);
    assert_eq!(ways(r"\.(js|io)$", true), ["~.js", "~.io"]);
}

#[test]
fn what_can_be_anything_is_no_text() {
    assert_eq!(ways(r"^/ws\d+$", true), ["/*"]);
    assert_eq!(ways("^/ws.+", true), ["/*"]);
    assert_eq!(ways("^/(?!ws)", true), ["/"]);
    assert_eq!(ways("^/ws.*foo/x", true), ["/*/x"]);
    assert_eq!(ways("^/[^ws]/", true), ["/*"]);
}

#[test]
fn hostile_expressions_stay_small() {
    assert!(segments(&"(a|b)".repeat(1000), true).ways.len() <= MAX_WAYS);
    assert!(segments(&"(".repeat(100_000), true).ways.is_empty());
    assert!(segments(&"a|".repeat(100_000), true).ways.len() <= MAX_WAYS);
    for broken in ["[", "(", "\\", "(?<", "{", "a{", "a{2", "[\\", "(?P<", "[[:al", "*", ")", "|", "$", "a)b"] {
        segments(broken, true);
    }
}
