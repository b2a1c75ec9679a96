//! A DNS server on loopback for which every name is 127.0.0.1, so that names in variables resolve as they do in the
//! user's network; names under `.invalid` do not exist.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A running server; it ends when dropped.
pub(crate) struct Resolver {
    /// UDP port on 127.0.0.1.
    pub(crate) port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Resolver {
    pub(crate) fn start() -> Resolver {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut query = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                if let Some(reply) = reply(&query[..length]) {
                    let _ = socket.send_to(&reply, from);
                }
            }
        });
        Resolver { port, stop, thread: Some(thread) }
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let waker = UdpSocket::bind("127.0.0.1:0").unwrap();
        let _ = waker.send_to(&[0], ("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

const TYPE_A: u16 = 1;
const NO_SUCH_NAME: u8 = 3;

/// The answer to a query with one question (RFC 1035, section 4).
fn reply(query: &[u8]) -> Option<Vec<u8>> {
    let (header, mut labels) = query.split_at_checked(12)?;
    let mut name = Vec::new();
    loop {
        let (&length, rest) = labels.split_first()?;
        if length == 0 {
            labels = rest;
            break;
        }
        let (label, rest) = rest.split_at_checked(usize::from(length))?;
        name.push(label.to_ascii_lowercase());
        labels = rest;
    }
    let kind = u16::from_be_bytes([*labels.first()?, *labels.get(1)?]);
    let question = &query[12..query.len() - labels.len() + 4];
    let exists = name.last().is_none_or(|top| top != b"invalid");
    let answers = u8::from(exists && kind == TYPE_A);
    // Identifier; response with recursion; one question, the answers.
    let mut reply = vec![header[0], header[1], 0x81, 0x80 | if exists { 0 } else { NO_SUCH_NAME }];
    reply.extend([0, 1, 0, answers, 0, 0, 0, 0]);
    reply.extend(question);
    if answers == 1 {
        // Pointer to the name in the question, type A, class IN, 30 seconds, four bytes.
        reply.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 127, 0, 0, 1]);
    }
    Some(reply)
}
