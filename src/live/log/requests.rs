//! Which requests of an access log may be handshakes: it tells nothing of their headers.

use super::line::path;

/// Other requests that clients of WebSocket libraries make beside the handshake: SockJS and SignalR.
const BESIDE: [&[u8]; 10] = [
    b"info",
    b"negotiate",
    b"xhr",
    b"xhr_send",
    b"xhr_streaming",
    b"eventsource",
    b"htmlfile",
    b"jsonp",
    b"jsonp_send",
    b"poll",
];

/// Whether a request line may be a handshake's: not one for a file, and not one of the other transports of a library.
pub(super) fn may_be_handshake(request: &[u8]) -> bool {
    let has = |text: &[u8], part: &[u8]| memchr::memmem::find(text, part).is_some();
    let path = path(request);
    if has(path, b"/socket.io") || has(path, b"/engine.io") {
        return has(request, b"transport=websocket");
    }
    let last = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    !BESIDE.contains(&last) && !last.contains(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_other_transports_are_no_handshakes() {
        for (target, may) in [
            ("/ws", true),
            ("/ws/", true),
            ("/sockjs/1/x/websocket", true),
            ("/sockjs/info", false),
            ("/sockjs/1/x/xhr_streaming?t=1", false),
            ("/chat/app.js", false),
            ("/socket.io/?EIO=4&transport=websocket", true),
            ("/socket.io/?EIO=4&transport=polling", false),
        ] {
            assert_eq!(may_be_handshake(format!("GET {target} HTTP/1.1").as_bytes()), may, "{target}");
        }
    }
}
