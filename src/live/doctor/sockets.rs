//! The kernel's table of TCP sockets: `/proc/PID/net/tcp` and `tcp6` (proc_pid_net(5)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `TCP_ESTABLISHED` in the kernel's numbers.
const ESTABLISHED: u8 = 1;

/// An established connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// This machine's end.
    pub(super) local: SocketAddr,
    /// The other end.
    pub(super) remote: SocketAddr,
    /// By which `/proc/PID/fd` names it.
    pub(super) inode: u64,
}

/// The established connections in a table.
pub(super) fn established(table: &str) -> Vec<Connection> {
    table.lines().skip(1).filter_map(connection).collect()
}

/// `sl local remote st tx:rx tr:when retrnsmt uid timeout inode …`
fn connection(line: &str) -> Option<Connection> {
    let mut words = line.split_whitespace().skip(1);
    let (local, remote, state) = (words.next()?, words.next()?, words.next()?);
    let inode = words.nth(5)?.parse().ok()?;
    let is_open = u8::from_str_radix(state, 16).ok()? == ESTABLISHED;
    is_open.then_some(Connection { local: address(local)?, remote: address(remote)?, inode })
}

/// `0100007F:1F90`: 32-bit words in the byte order of this machine, the port in that of the network.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words = address.as_bytes().chunks(8).map(|word| {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        Some(word.to_ne_bytes())
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    let ip = match <[u8; 4]>::try_from(&bytes[..]) {
        Ok(four) => IpAddr::from(Ipv4Addr::from(four)),
        // ::ffff:127.0.0.1 is 127.0.0.1.
        Err(_) => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..]).ok()?)).to_canonical(),
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    #[test]
    fn open_connections_are_read_and_listening_sockets_are_not() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1\n   1: 0100007F:1F90 0200007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n   2: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000001000000:0050 01 0:0 0:0 0 0 0 4712 1\nnonsense\n";
        let all = established(table);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(all[0].remote, "127.0.0.2:54321".parse().unwrap());
        assert_eq!((all[0].inode, all[1].inode), (4711, 4712));
        assert_eq!(all[1].local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(all[1].remote, "[::1]:80".parse().unwrap());
    }
}
