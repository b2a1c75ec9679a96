//! Paths of requests, made few enough to be counted.

use crate::websocket::segments::segments;
use crate::websocket::{Confidence, Signals};

/// How many segments of a path tell where it leads.
const MOST: usize = 3;
/// A segment longer than this is somebody's name or number.
const LONG: usize = 32;

/// Appends the shape of a path: at most three segments, with `*` for each that is a number or a name of one's own.
pub(super) fn push_shape(out: &mut Vec<u8>, path: &[u8]) {
    let Some(rest) = path.strip_prefix(b"/") else {
        out.extend_from_slice(&path[..path.len().min(LONG)]);
        return;
    };
    for (at, segment) in rest.split(|&byte| byte == b'/').enumerate() {
        out.push(b'/');
        if at == MOST {
            out.push(b'*');
            break;
        }
        if is_own(segment) { out.push(b'*') } else { out.extend_from_slice(segment) }
    }
}

/// Whether a segment is somebody's own: a number, an identifier of hex digits, or a long one.
fn is_own(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|byte| byte.is_ascii_digit()).count();
    let hex = segment.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    segment.len() > LONG || (digits > 0 && (digits == segment.len() || (hex && segment.len() >= 8) || digits >= 4))
}

/// Whether the path is a usual one for WebSockets.
pub(super) fn is_websocket(path: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(path) else { return false };
    let signals = Signals::builtin();
    let segments = segments(path, false);
    let likely = |confidence: Confidence| confidence >= Confidence::Likely;
    signals.endpoint(&segments).is_some_and(|found| likely(found.endpoint.confidence))
        || signals.word_in_path(&segments).is_some_and(|(_, confidence)| likely(confidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(path: &str) -> String {
        let mut out = Vec::new();
        push_shape(&mut out, path.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_and_names_of_ones_own_are_one_route() {
        assert_eq!(shape("/ws"), "/ws");
        assert_eq!(shape("/ws/room/8123"), "/ws/room/*");
        assert_eq!(shape("/ws/6f1c2a90-0d5e-4b1e-9c1f-000000000000/x"), "/ws/*/x");
        assert_eq!(shape("/socket.io/"), "/socket.io/");
        assert_eq!(shape("/api/v1/live/feed/more"), "/api/v1/live/*");
        assert_eq!(shape("/"), "/");
        assert_eq!(shape("*"), "*");
    }

    #[test]
    fn paths_for_websockets_are_known() {
        assert!(is_websocket(b"/ws") && is_websocket(b"/socket.io/") && is_websocket(b"/api/websocket"));
        assert!(!is_websocket(b"/favicon.ico") && !is_websocket(b"/news"));
    }
}
