//! From a name to a connection.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::diagnosis::{Diagnosis, Kind};
use super::target::Target;
use super::wire::Stream;

/// More addresses than this are not tried.
const MOST_ADDRESSES: usize = 8;

/// The addresses of a target.
///
/// # Errors
/// When there are none, or none come in time.
pub(super) fn resolve(target: &Target, timeout: Duration) -> Result<Vec<SocketAddr>, Diagnosis> {
    if let Some(address) = target.address() {
        return Ok(vec![SocketAddr::new(address, target.port)]);
    }
    let (send, receive) = mpsc::sync_channel(1);
    let (host, port) = (target.host.clone(), target.port);
    // The system's resolver knows no time limit; where it overruns, its thread is left to end by itself.
    std::thread::spawn(move || {
        let _ = send.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect));
    });
    let why = match receive.recv_timeout(timeout) {
        Ok(Ok(addresses)) => {
            let mut known: Vec<SocketAddr> = Vec::new();
            let all: Vec<SocketAddr> = addresses;
            all.into_iter().for_each(|address| {
                if !known.contains(&address) {
                    known.push(address);
                }
            });
            known.truncate(MOST_ADDRESSES);
            if !known.is_empty() {
                return Ok(known);
            }
            "it has no address".to_owned()
        }
        Ok(Err(error)) => reason(&error),
        Err(_) => format!("no resolver answered in {} s", timeout.as_secs_f32()),
    };
    let sentence = format!("The name `{}` cannot be resolved on this machine ({why}).", target.host);
    Err(Diagnosis::new(Kind::NameNotResolved, sentence)
        .advise("Check its spelling and its DNS record, or give the address in the URL and the name with `--host`."))
}

/// What the resolver says, without Rust's own words around it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_owned()
}

/// An address that answered, and those before it that did not.
#[derive(Debug)]
pub(super) struct Connected {
    /// The connection.
    pub(super) stream: Stream,
    /// Its other end, where that has an address.
    pub(super) address: Option<SocketAddr>,
    /// What was tried before, and why it failed.
    pub(super) before: Vec<String>,
}

/// Connects to the first address that answers; the time is for all of them together.
///
/// # Errors
/// When none does.
pub(super) fn connect(target: &Target, addresses: &[SocketAddr], timeout: Duration) -> Result<Connected, Diagnosis> {
    let deadline = Instant::now() + timeout;
    let mut before = Vec::new();
    let mut last: Option<(SocketAddr, io::Error)> = None;
    for (index, &address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
        if share.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, share) {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(Connected { stream: Stream::Tcp(stream), address: Some(address), before });
            }
            Err(error) => {
                before.push(format!("{address}: {}", said(&error)));
                last = Some((address, error));
            }
        }
    }
    let (address, error) = match last {
        Some((address, error)) => (address.to_string(), error),
        None => (target.authority(&target.host), io::ErrorKind::TimedOut.into()),
    };
    Err(failed(&address, &error, timeout, &before))
}

/// Connects to a UNIX socket.
///
/// # Errors
/// When that is not there, nobody listens, or this user may not.
#[cfg(unix)]
pub(super) fn connect_socket(path: &std::path::Path, timeout: Duration) -> Result<Connected, Diagnosis> {
    let (send, receive) = mpsc::sync_channel(1);
    let to = path.to_owned();
    // It waits where too many others do, and knows no time limit.
    std::thread::spawn(move || {
        let _ = send.send(std::os::unix::net::UnixStream::connect(to));
    });
    let done = receive.recv_timeout(timeout).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let shown = path.display();
    match done.map_err(|error| (error.kind(), said(&error))) {
        Ok(stream) => Ok(Connected { stream: Stream::Unix(stream), address: None, before: Vec::new() }),
        Err((io::ErrorKind::NotFound, _)) => Err(Diagnosis::new(
            Kind::Refused,
            format!("There is no socket at {shown}: the backend does not run, or listens elsewhere."),
        )
        .advise("Start the backend, and compare its path with that in `proxy_pass`.")),
        Err((io::ErrorKind::ConnectionRefused, _)) => Err(Diagnosis::new(
            Kind::Refused,
            format!("Nobody listens on the socket {shown}: the backend that made it is gone."),
        )
        .advise("Start the backend anew; it has to remove the old socket first.")),
        Err((io::ErrorKind::PermissionDenied, _)) => {
            Err(Diagnosis::new(Kind::Unreachable, format!("This user may not write to the socket {shown}.")).advise(
                "Run it as the user of nginx's workers: the socket and its folders have to be open to that one.",
            ))
        }
        Err((io::ErrorKind::TimedOut, _)) => Err(Diagnosis::new(
            Kind::ConnectTimeout,
            format!(
                "The backend does not accept on {shown} within {} s: it hangs, or has too much to do.",
                timeout.as_secs_f32()
            ),
        )),
        Err((_, why)) => {
            Err(Diagnosis::new(Kind::Unreachable, format!("The socket {shown} cannot be reached: {why}.")))
        }
    }
}

/// There are none here, and [`Target::parse`] says so.
#[cfg(not(unix))]
pub(super) fn connect_socket(path: &std::path::Path, _: Duration) -> Result<Connected, Diagnosis> {
    Err(Diagnosis::new(Kind::Unreachable, format!("This system has no UNIX sockets such as {}.", path.display())))
}

/// An error of a connection in the words of its users.
fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused".into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer".into(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    }
}

fn failed(address: &str, error: &io::Error, timeout: Duration, tried: &[String]) -> Diagnosis {
    let all = if tried.len() > 1 { format!(" Tried: {}.", tried.join(", ")) } else { String::new() };
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Diagnosis::new(
            Kind::Refused,
            format!("{address} refuses the connection: nothing listens on this port there.{all}"),
        )
        .advise("See that the server runs and listens there: `ss -ltn`, and the `listen` lines of nginx."),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Diagnosis::new(
            Kind::ConnectTimeout,
            format!(
                "{address} does not answer within {} s: a firewall drops the packets, or nobody has the address.{all}",
                timeout.as_secs_f32()
            ),
        )
        .advise("Check firewalls and security groups for this port, and the address itself."),
        _ => Diagnosis::new(Kind::Unreachable, format!("{address} cannot be reached: {}.{all}", said(error)))
            .advise("Check the address, the route to it and, for IPv6, whether this machine has any."),
    }
}
