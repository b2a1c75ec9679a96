//! Redirects, which WebSocket clients do not follow: where to, and why.

use super::diagnosis::{Diagnosis, Kind};
use super::report::Answer;
use super::target::Target;

/// Judges a redirect of a request to `target`.
pub(super) fn redirect(answer: &Answer, target: &Target) -> Diagnosis {
    let status = answer.status;
    let Some(location) = answer.header("Location") else {
        return Diagnosis::new(Kind::Redirect, format!("{status} without a `Location`: a redirect to nowhere."));
    };
    // What a proxy in front of a port is told may be without scheme and host.
    let to = Target::parse(location).ok();
    let path = to.as_ref().map_or(location, |to| to.path.as_str());
    let path_alone = path.split(['?', '#']).next().unwrap_or_default();
    let asked = target.path_alone();
    let slashed = path_alone != asked && path_alone.trim_end_matches('/') == asked.trim_end_matches('/');
    let same = slashed || path_alone == asked || path_alone == "/";
    if let Some(to) = to.as_ref().filter(|to| to.tls && !target.tls && same) {
        return Diagnosis::new(
            Kind::RedirectToTls,
            format!("{status} to `{location}`: the server wants TLS, and WebSocket clients follow no redirect."),
        )
        .advise(format!("Use `{}` in the client.", Target { path: target.path.clone(), ..to.clone() }.url()))
        .points_to(&["plain-http-redirect"]);
    }
    if slashed {
        let end = if path_alone.ends_with('/') { "with a slash at its end" } else { "without the slash at its end" };
        return Diagnosis::new(
            Kind::RedirectSlash,
            format!("{status} to `{location}`: the same path {end}, and WebSocket clients follow no redirect."),
        )
        .advise(format!("Use the path `{path_alone}` in the client, or give nginx a location for `{asked}`."))
        .points_to(&["trailing-slash-redirect", "websocket-location-without-proxy-pass"]);
    }
    let login =
        ["login", "signin", "sign_in", "auth", "sso"].iter().any(|word| path.to_ascii_lowercase().contains(word));
    let what = if login { ": that is a login, so the handshake came without a session" } else { "" };
    let advice = match (login, to.is_some_and(|to| !to.tls && target.tls)) {
        (true, _) => "Send the session's cookie: `--header 'Cookie: …'`.",
        (_, true) => "The backend believes that it is spoken to without TLS: pass `X-Forwarded-Proto $scheme` on.",
        _ => {
            "WebSocket clients follow no redirect: use the address it names, or let the path itself reach the \
            backend."
        }
    };
    Diagnosis::new(Kind::Redirect, format!("{status} to `{location}`{what}.")).advise(advice).points_to(&[
        "missing-forwarded-proto",
        "path-mapping",
        "plain-http-redirect",
        "missing-host-header",
        "unreachable-route",
        "websocket-location-without-proxy-pass",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(location: Option<&str>) -> Kind {
        let headers = location.map(|location| ("Location".to_owned(), location.to_owned())).into_iter().collect();
        let answer = Answer { status: 301, headers, ..Answer::default() };
        redirect(&answer, &Target::parse("ws://chat.example.com/ws").unwrap()).kind
    }

    #[test]
    fn redirects_say_where_to() {
        for (location, kind) in [
            ("https://chat.example.com/ws", Kind::RedirectToTls),
            ("http://chat.example.com/ws/", Kind::RedirectSlash),
            ("/ws/", Kind::RedirectSlash),
            ("https://chat.example.com/", Kind::RedirectToTls),
            ("https://sso.example.com/start", Kind::Redirect),
            ("/login?next=/ws", Kind::Redirect),
            ("http://other.example.com/", Kind::Redirect),
        ] {
            assert_eq!(judged(Some(location)), kind, "{location}");
        }
        assert_eq!(judged(None), Kind::Redirect);
    }
}
