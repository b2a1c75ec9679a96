//! Backends that fail in one way each, and a client that only sends bytes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// The answer to every handshake; nobody here looks at the key.
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
/// No connection of a backend lives longer.
const LIFE: Duration = Duration::from_secs(20);

/// What a backend does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// None: it answers handshakes 101 and everything else 400, then it is silent.
    None,
    /// Closes without an answer.
    Close,
    /// Resets without an answer.
    Reset,
    /// Never answers.
    Hang,
    /// Answers 101 with 9000 bytes of cookie.
    BigHeader,
    /// Answers something else than HTTP.
    NotHttp,
    /// Resets an open WebSocket when the first bytes come.
    ResetOpen,
    /// Sends some bytes over an open WebSocket.
    Chat,
    /// Sends without end over an open WebSocket.
    Flood,
}

/// Starts a backend and gives its port. It ends with the test's process.
pub(crate) fn faulty(fault: Fault) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream, fault));
        }
    });
    port
}

fn serve(mut stream: TcpStream, fault: Fault) {
    let _ = stream.set_read_timeout(Some(LIFE));
    let _ = stream.set_write_timeout(Some(LIFE));
    let mut buffer = [0; 8192];
    if fault == Fault::Reset {
        // To close a socket with bytes that nobody has read resets the connection.
        let _ = stream.peek(&mut buffer);
        return;
    }
    let read = stream.read(&mut buffer).unwrap_or(0);
    let upgrade = String::from_utf8_lossy(&buffer[..read]).to_lowercase().contains("\r\nupgrade: websocket");
    let written = match fault {
        Fault::None if !upgrade => stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        Fault::Close | Fault::Reset | Fault::Hang => Ok(()),
        Fault::NotHttp => stream.write_all(b"\x15\x03\x01\x00\x02\x02\x0a\r\n\r\n"),
        Fault::BigHeader => {
            let cookie = format!("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSet-Cookie: {}\r\n\r\n", "x".repeat(9000));
            stream.write_all(cookie.as_bytes())
        }
        Fault::None | Fault::ResetOpen | Fault::Chat | Fault::Flood => stream.write_all(SWITCHING),
    };
    if written.is_err() || fault == Fault::Close {
        return;
    }
    match fault {
        Fault::ResetOpen => _ = stream.peek(&mut buffer),
        Fault::Chat => {
            std::thread::sleep(Duration::from_millis(100));
            let _ = stream.write_all(b"some bytes");
            while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
        }
        Fault::Flood => while stream.write_all(&buffer).is_ok() {},
        _ => while stream.read(&mut buffer).is_ok_and(|read| read > 0) {},
    }
}

/// A DNS server that knows no name. Its UDP port.
pub(crate) fn ignorant_resolver() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            // A response, and NXDOMAIN.
            (packet[2], packet[3]) = (0x81, 0x83);
            let _ = socket.send_to(&packet[..length], from);
        }
    });
    port
}

/// Sends bytes to a port of this machine.
pub(crate) fn send(port: u16, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// Sends a handshake for a path, with more header lines if there are any.
pub(crate) fn handshake(port: u16, path: &str, more: &str) -> TcpStream {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: chat.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: cHJvb2Ygb2YgYSByb3V0ZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    );
    send(port, request.as_bytes())
}

/// The status of the answer; 0 if there is none. Reads the head and no byte more.
pub(crate) fn status(stream: &mut TcpStream) -> u16 {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
