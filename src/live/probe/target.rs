//! Where a handshake goes.

use std::net::IpAddr;
use std::path::PathBuf;

use tungstenite::http::Uri;

use crate::report::escape::visible;

/// A URL that can be probed, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether it is spoken to over TLS: `wss` and `https`.
    pub tls: bool,
    /// A name, or an address without brackets.
    pub host: String,
    /// The port, or the usual one of the scheme.
    pub port: u16,
    /// Path and query as they are sent; `/` at least.
    pub path: String,
    /// The UNIX socket on which it listens, in place of host and port.
    pub socket: Option<PathBuf>,
}

/// Why a text is no URL that can be probed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be probed: {why}", visible(.url))]
pub struct TargetError {
    /// The text.
    pub url: String,
    /// What is wrong with it.
    pub why: String,
}

impl Target {
    /// Reads `ws://`, `wss://`, `http://` and `https://` URLs, and what `proxy_pass` takes for a UNIX socket:
    /// `http://unix:/run/app.sock:/path`.
    ///
    /// # Errors
    /// Where the text is none of these, has no host, or holds credentials (they belong in a header).
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let wrong = |why: &str| TargetError { url: url.to_owned(), why: why.to_owned() };
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(wrong("it has no scheme; write `ws://` or `wss://` in front of the host"));
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            other => return Err(wrong(&format!("its scheme is `{other}`, not ws, wss, http or https"))),
        };
        if !rest.is_ascii() {
            return Err(wrong("it has characters beyond ASCII: write the host as `xn--…` and the path in `%` codes"));
        }
        if let Some(rest) = rest.strip_prefix("unix:") {
            let (socket, path) = rest.split_once(':').unwrap_or((rest, "/"));
            if !cfg!(unix) {
                return Err(wrong("this system has no UNIX sockets"));
            }
            if !socket.starts_with('/') {
                return Err(wrong("the path of a UNIX socket starts with `/`"));
            }
            // nginx names no host to what listens there (`ngx_http_proxy_set_vars`).
            let inner = Self::parse(&format!("{scheme}://localhost{path}")).map_err(|error| wrong(&error.why))?;
            return Ok(Self { socket: Some(socket.into()), ..inner });
        }
        if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
            return Err(wrong("it has no host"));
        }
        // The fragment is the client's own affair and never sent.
        let rest = rest.split('#').next().unwrap_or_default();
        // `http::Uri` wants a path in front of a query.
        let rest = match rest.find(['/', '?']) {
            Some(at) if rest.as_bytes().get(at) == Some(&b'?') => format!("{}/{}", &rest[..at], &rest[at..]),
            _ => rest.to_owned(),
        };
        let uri: Uri = format!("http://{rest}").parse().map_err(|error| wrong(&format!("{error}")))?;
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it holds credentials; send them with `--header 'Authorization: …'`"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong("it has no host"));
        }
        let digits = authority.as_str().rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        let port = match (authority.port_u16(), digits) {
            (Some(0), _) => return Err(wrong("there is no port 0")),
            (Some(port), _) => port,
            (None, Some(digits)) if !digits.is_empty() => return Err(wrong(&format!("`{digits}` is no port"))),
            (None, _) => usual_port(tls),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self { tls, host, port, path: if path.is_empty() { "/".into() } else { path.to_owned() }, socket: None })
    }

    /// The URL with its usual parts left out.
    pub fn url(&self) -> String {
        let scheme = if self.tls { "wss" } else { "ws" };
        match &self.socket {
            Some(socket) => format!("{scheme}://unix:{}:{}", socket.display(), self.path),
            None => format!("{scheme}://{}{}", self.authority(&self.host), self.path),
        }
    }

    /// A `Host` header for a name: with the port where that is not the usual one, as browsers send it.
    pub fn authority(&self, name: &str) -> String {
        let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
        if self.port == usual_port(self.tls) { name } else { format!("{name}:{}", self.port) }
    }

    /// The path without its query.
    pub fn path_alone(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// The address that is written in place of a name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// The port that the scheme stands for.
fn usual_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (url, shown, port, path) in [
            ("ws://chat.example.com", "ws://chat.example.com/", 80, "/"),
            ("https://Chat.example.com:8443/ws?a=b#c", "wss://Chat.example.com:8443/ws?a=b", 8443, "/ws?a=b"),
            ("WSS://[::1]:443/ws/", "wss://[::1]/ws/", 443, "/ws/"),
            ("http://127.0.0.1:3000?x", "ws://127.0.0.1:3000/?x", 3000, "/?x"),
            ("ws://host:/ws", "ws://host/ws", 80, "/ws"),
            ("http://unix:/run/a.sock:/ws?x", "ws://unix:/run/a.sock:/ws?x", 80, "/ws?x"),
            ("http://unix:/run/a.sock", "ws://unix:/run/a.sock:/", 80, "/"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((target.url().as_str(), target.port, target.path.as_str()), (shown, port, path), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_probed_says_why() {
        for (url, why) in [
            ("chat.example.com/ws", "no scheme"),
            ("ftp://host/", "`ftp`"),
            ("ws:///ws", ""),
            ("ws://host:99999/", ""),
            ("ws://host:0/", "port 0"),
            ("ws://user:pw@host/", "credentials"),
            ("ws://häuser.example/", "xn--"),
            ("ws://host/a b", ""),
            ("ws://unix:a.sock:/", "starts with `/`"),
            ("ws://host/\r\nX: y", ""),
        ] {
            let error = Target::parse(url).unwrap_err();
            assert!(error.why.contains(why), "{url}: {error}");
        }
    }
}
