//! Which protocol the first bytes of a server are.

/// What a server's first bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.0 or 1.1.
    Http1,
    /// HTTP/2: its first frame is SETTINGS (RFC 9113, section 3.4), or GOAWAY where it refuses.
    Http2,
    /// A TLS record: an alert or a handshake.
    Tls,
    /// Something else.
    Other,
}

impl Protocol {
    /// Judges the first bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        const SETTINGS: u8 = 4;
        const GOAWAY: u8 = 7;
        match bytes {
            [b'H', b'T', b'T', b'P', b'/', ..] => Self::Http1,
            [0x15 | 0x16, 3, 0..=4, ..] => Self::Tls,
            [0, 0, length, SETTINGS, 0 | 1, 0, 0, 0, 0, ..] if length % 6 == 0 => Self::Http2,
            [0, 0, length, GOAWAY, _, 0, 0, 0, 0, ..] if *length >= 8 => Self::Http2,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_told_by_their_first_bytes() {
        for (bytes, protocol) in [
            (&b"HTTP/1.1 400 Bad Request"[..], Protocol::Http1),
            (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03", Protocol::Http2),
            (b"\x00\x00\x08\x07\x00\x00\x00\x00\x00", Protocol::Http2),
            (b"\x15\x03\x01\x00\x02\x02\x46", Protocol::Tls),
            (b"SSH-2.0-x", Protocol::Other),
            (b"", Protocol::Other),
        ] {
            assert_eq!(Protocol::of(bytes), protocol);
        }
    }
}
