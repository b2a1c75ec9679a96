//! Addresses as configurations write them: `listen` arguments, upstream servers, URLs of `proxy_pass`.

/// The pieces of a `proxy_pass` URL or an upstream server's address; joined they are the text again, but for `://` and
/// the `:` before the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// `http`, `https`, or a variable.
    pub(crate) scheme: Option<String>,
    /// Name, address or variables; `unix:/path` for a socket.
    pub(crate) host: String,
    /// Digits or a variable.
    pub(crate) port: Option<String>,
    /// Everything after: path, query, variables that begin it.
    pub(crate) uri: String,
}

/// Variables that hold a path or query: where one follows a host, the URI begins.
const URI_VARIABLES: [&str; 7] =
    ["$request_uri", "$uri", "$document_uri", "$is_args", "$args", "$query_string", "$fastcgi_path_info"];

impl Target {
    /// Takes an address apart; nothing is rejected.
    pub(crate) fn read(text: &str) -> Target {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_owned()), rest),
            None => (None, text),
        };
        if let Some(path) = rest.strip_prefix("unix:") {
            let (path, uri) = path.split_once(':').unwrap_or((path, ""));
            return Target { scheme, host: format!("unix:{path}"), port: None, uri: uri.to_owned() };
        }
        let uri_at = rest
            .char_indices()
            .find(|&(at, c)| {
                matches!(c, '/' | '?') || URI_VARIABLES.iter().any(|name| starts_variable(&rest[at..], name))
            })
            .map_or(rest.len(), |(at, _)| at);
        let (authority, uri) = rest.split_at(uri_at);
        let after_bracket = authority.find(']').map_or(0, |at| at + 1);
        let (host, port) = match authority[after_bracket..].find(':') {
            Some(at) => {
                let (host, port) = authority.split_at(after_bracket + at);
                (host, Some(port[1..].to_owned()))
            }
            None => (authority, None),
        };
        Target { scheme, host: host.to_owned(), port, uri: uri.to_owned() }
    }

    /// The text that these pieces were read from.
    pub(crate) fn text(&self) -> String {
        let scheme = self.scheme.as_ref().map_or(String::new(), |scheme| format!("{scheme}://"));
        let port = self.port.as_ref().map_or(String::new(), |port| format!(":{port}"));
        let separator = if self.host.starts_with("unix:") && !self.uri.is_empty() { ":" } else { "" };
        format!("{scheme}{}{port}{separator}{}", self.host, self.uri)
    }

    /// The port as a number, the scheme's own if none is written; `None` if it is a variable or no number.
    pub(crate) fn number(&self) -> Option<u16> {
        match &self.port {
            Some(port) => port.parse().ok(),
            None => Some(if self.scheme.as_deref() == Some("https") { 443 } else { 80 }),
        }
    }

    /// Host and port in one spelling; this machine's names are all `127.0.0.1`.
    pub(crate) fn key(&self) -> String {
        if self.host.starts_with("unix:") {
            return self.host.clone();
        }
        let host = if self.is_local() { "127.0.0.1".to_owned() } else { self.host.to_ascii_lowercase() };
        self.number().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
    }

    /// Whether the host is this machine.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.host.to_ascii_lowercase().as_str(), "127.0.0.1" | "localhost" | "[::1]" | "0.0.0.0")
    }

    /// Whether the host is an address that needs no resolving.
    pub(crate) fn is_ip(&self) -> bool {
        self.host.starts_with('[') || self.host.parse::<std::net::Ipv4Addr>().is_ok()
    }
}

fn starts_variable(text: &str, name: &str) -> bool {
    text.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// The variables in a text, without `$` and braces; captures (`$1`) included.
pub(crate) fn variables(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in text.split('$').skip(1) {
        let piece = piece.strip_prefix('{').unwrap_or(piece);
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
        if end > 0 {
            found.push(piece[..end].to_owned());
        }
    }
    found
}

/// A `listen` argument: the address in one spelling (`80` for every spelling of all IPv4 addresses) and the port.
/// `None` for a Unix socket, a range or something nginx will reject.
pub(crate) fn listen(argument: &str) -> Option<(String, u16)> {
    if argument.starts_with("unix:") {
        return None;
    }
    if argument.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((argument.to_owned(), argument.parse().ok()?));
    }
    let target = Target::read(argument);
    if !target.uri.is_empty() || target.scheme.is_some() || target.host.contains('$') {
        return None;
    }
    let port = target.number()?;
    let all = matches!(target.host.as_str(), "*" | "0.0.0.0");
    Some((if all { port.to_string() } else { format!("{}:{port}", target.host) }, port))
}

/// Milliseconds of a time as nginx writes it (`90`, `60s`, `1h 30m`); `None` if nginx would reject it or it is a
/// variable.
pub(crate) fn milliseconds(text: &str) -> Option<u64> {
    let mut total = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| digits + at);
        let unit = match &rest[digits..unit_end] {
            "" | "s" => 1_000,
            "ms" => 1,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        total += number.checked_mul(unit)?;
        rest = rest[unit_end..].trim_start();
    }
    (!text.trim().is_empty()).then_some(total)
}
