//! What variables of nginx can carry when it sends a request, for headers that hold one token.

use crate::config::{Part, Tree, is_builtin_variable, parts};

/// What a value can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nobody can know.
    Any,
    /// Text of another kind than `websocket` or a list with `upgrade`: a path, a host, a number, a date, …
    NoToken,
}

/// Built-in variables that hold what the client or another module likes, `websocket` and `upgrade` included. A name that
/// ends with `_` stands for all that begin so.
const FREE: [&str; 20] = [
    "arg_",
    "args",
    "query_string",
    "cookie_",
    "http_",
    "request_body",
    "remote_user",
    "jwt_",
    "auth_jwt_",
    "oidc_",
    "memcached_key",
    "otel_",
    "perl_",
    "js_",
    "limit_req_status",
    "upstream_cookie_",
    "ssl_client_",
    "ssl_preread_",
    "proxy_protocol_",
    "secure_link",
];

/// Request headers that browsers fill in, and that never hold a token of the handshake (RFC 6455 section 4.1, RFC 9110).
const OTHER_HEADERS: [&str; 19] = [
    "host",
    "origin",
    "user_agent",
    "referer",
    "cookie",
    "authorization",
    "accept",
    "accept_encoding",
    "accept_language",
    "cache_control",
    "pragma",
    "content_type",
    "content_length",
    "sec_websocket_key",
    "sec_websocket_version",
    "sec_websocket_extensions",
    "x_forwarded_for",
    "x_forwarded_proto",
    "x_real_ip",
];

/// What a value that consists of one variable can be. Whatever the configuration itself defines is not looked into.
pub(super) fn shape(tree: &Tree, value: &str) -> Shape {
    let [Part::Variable(name)] = parts(value)[..] else { return Shape::Any };
    let name = name.to_ascii_lowercase();
    let fixed = tree.definitions(&name).is_empty() && is_builtin_variable(&name) && !is_free(&name);
    if fixed { Shape::NoToken } else { Shape::Any }
}

fn is_free(name: &str) -> bool {
    if matches!(name, "http_upgrade" | "http_connection") || matches!(name.as_bytes(), [b'1'..=b'9']) {
        return true;
    }
    if let Some(header) = name.strip_prefix("http_") {
        return !OTHER_HEADERS.contains(&header);
    }
    FREE.iter().any(|free| name == *free || (free.ends_with('_') && name.starts_with(free)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_chooses_is_free() {
        for name in ["http_x_upgrade", "arg_upgrade", "cookie_ws", "1", "http_upgrade", "http_connection"] {
            assert!(is_free(name), "{name}");
        }
        for name in ["host", "scheme", "uri", "http_host", "remote_addr", "connection", "time_iso8601", "proxy_host"] {
            assert!(!is_free(name) && is_builtin_variable(name), "{name}");
        }
    }
}
