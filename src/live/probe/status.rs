//! What an answer other than 101 means.

use std::time::Duration;

use super::answer::{Request, tls_port};
use super::diagnosis::{Diagnosis, Kind};
use super::redirect::redirect;
use super::report::Answer;
use super::target::Target;
use super::tls::client_certificate;

/// What to do where either side may be at fault.
pub(super) const DIRECTLY: &str =
    "Whether it is nginx or the backend, a handshake straight to the latter tells: `--backend URL`.";

/// Headers of the handshake that did not arrive, by what the linter says of it.
const LOST: [&str; 10] = [
    "missing-upgrade-header",
    "missing-connection-header",
    "lost-websocket-headers",
    "wrong-connection-value",
    "broken-upgrade-map",
    "undefined-upgrade-variable",
    "wrong-upgrade-value",
    "duplicate-websocket-header",
    "wrong-http-version",
    "misplaced-directive",
];

/// Further rules that explain a refusal with 400 or 426.
const LOST_TOO: [&str; 10] = [
    "response-header-instead",
    "escaped-variable",
    "sibling-not-upgraded",
    "missing-http-version",
    "dropped-handshake-request",
    "missing-sticky-session",
    "header-name-colon",
    "lost-query-string",
    "lost-request-path",
    "missing-host-header",
];

/// Judges an answer that came after `took`.
pub(super) fn status(answer: &Answer, request: &Request, target: &Target, took: Duration) -> Diagnosis {
    let Answer { status, .. } = *answer;
    let own = is_nginx_page(answer);
    let whose = if own { "nginx itself" } else { "The server" };
    match status {
        400 if says(answer, "plain HTTP request was sent to HTTPS port")
            || says(answer, "HTTP request to an HTTPS server") =>
        {
            tls_port("It answers 400.")
        }
        400 if says(answer, "SSL certificate") => client_certificate(),
        200..=299 => ordinary(answer, own),
        301 | 302 | 303 | 307 | 308 => redirect(answer, target),
        400 | 426 => refused(answer, own),
        401 | 407 => Diagnosis::new(
            Kind::Unauthorized,
            format!("{whose} asks for credentials ({status}{}).", quoted(answer.header("WWW-Authenticate"))),
        )
        .advise(
            "Send them: `--header 'Authorization: …'` or `--header 'Cookie: …'`. A browser's WebSocket \
            sends cookies, and no `Authorization` of its own.",
        )
        .points_to(&["lost-query-string"]),
        403 => forbidden(own, request),
        404 | 410 => Diagnosis::new(
            Kind::NotFound,
            match own {
                true => format!(
                    "nginx itself answers {status}: no location of its configuration hands `{}` to a backend.",
                    target.path_alone()
                ),
                false => format!(
                    "The server answers {status}: the backend knows no WebSocket at the path that \
                    reached it (asked for: `{}`).",
                    target.path_alone()
                ),
            },
        )
        .advise("See which location takes the path, and what `proxy_pass` makes of it: `nginx-wslint routes`.")
        .points_to(if own {
            &["websocket-location-without-proxy-pass", "unreachable-route", "shadowed-by-regex", "path-mapping"]
        } else {
            &[
                "path-mapping",
                "lost-request-path",
                "shadowed-by-regex",
                "lost-query-string",
                "missing-upgrade-header",
                "missing-forwarded-proto",
                "kept-error-status",
            ]
        }),
        405 => Diagnosis::new(
            Kind::MethodNotAllowed,
            format!("{whose} does not take GET there (405), and a handshake is a GET."),
        )
        .advise("Check `proxy_method` and `limit_except`, and whether the path is the WebSocket's.")
        .points_to(&["get-denied", "dropped-handshake-request", "unreachable-route"]),
        429 => Diagnosis::new(
            Kind::TooManyRequests,
            format!("{whose} has had too many requests (429): a limit was reached."),
        )
        .advise("Look at `limit_req` and `limit_conn`: an open WebSocket counts as a connection for all its life.")
        .points_to(&["connection-limit"]),
        499 => Diagnosis::new(
            Kind::ClientClosed,
            "A proxy answers 499: it believes that the client went away, \
            as one in front of another does whose timeout is shorter.",
        )
        .advise("Compare the timeouts of the proxies on the way: the outer one gives up first."),
        502 => gateway(answer),
        503 => Diagnosis::new(
            Kind::Unavailable,
            if own {
                "nginx itself answers 503: `limit_conn` or `limit_req` was reached, or `return 503` stands there."
            } else {
                "The server answers 503: the backend, or a load balancer in front of it, has no capacity."
            },
        )
        .advise("nginx's error log says `limiting connections` where a limit did it; each open WebSocket counts.")
        .points_to(&["connection-limit"]),
        504 => timed_out(own, took),
        505 => Diagnosis::new(
            Kind::HttpVersionRefused,
            "The backend got the handshake over HTTP/1.0 and refuses it (505).",
        )
        .advise("Add `proxy_http_version 1.1;`: before 1.29.7 nginx speaks HTTP/1.0 to backends.")
        .points_to(&["missing-http-version", "wrong-http-version"])
        .points_to(&LOST[..5]),
        500..=599 => {
            Diagnosis::new(Kind::ServerError, format!("{whose} answers {status}: it failed over the handshake."))
                .advise(if own {
                    "Read nginx's error log, which names the cause: `nginx-wslint log FILE` explains it."
                } else {
                    "Read the application's own log: its code failed over this request."
                })
                .points_to(&["websocket-scheme", "invalid-address", "upgrade-in-subrequest", "unreachable-route"])
        }
        _ => Diagnosis::new(Kind::OtherStatus, format!("{whose} answers {status} in place of 101."))
            .points_to(&["kept-error-status"]),
    }
}

/// Whether the page is one that nginx makes itself (`ngx_http_error_full_tail` and the others in
/// `ngx_http_special_response.c`); a backend may be an nginx as well.
pub(in crate::live) fn is_nginx_page(answer: &Answer) -> bool {
    ["<center>nginx", "<center>openresty", "<center>angie", "<center>Angie", "<center>freenginx"]
        .iter()
        .any(|mark| says(answer, mark))
}

fn says(answer: &Answer, text: &str) -> bool {
    memchr::memmem::find(&answer.body, text.as_bytes()).is_some()
}

fn is_html(answer: &Answer) -> bool {
    let typed =
        answer.header("Content-Type").is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("text/html"));
    let start = answer.body.trim_ascii_start().get(..14).unwrap_or_default().to_ascii_lowercase();
    typed || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

fn quoted(value: Option<&str>) -> String {
    value.map(|value| format!(", `{value}`")).unwrap_or_default()
}

fn ordinary(answer: &Answer, own: bool) -> Diagnosis {
    let status = answer.status;
    if is_html(answer) && !own {
        return Diagnosis::new(
            Kind::StaticFallback,
            format!(
                "{status} with a web page in place of 101: the request ended at a site's page, not at a WebSocket."
            ),
        )
        .advise(
            "Often `try_files … /index.html` or a single-page application takes every path: give the \
            WebSocket a location of its own with `proxy_pass`.",
        )
        .points_to(&[
            "missing-upgrade-header",
            "websocket-location-without-proxy-pass",
            "unreachable-route",
            "lost-websocket-headers",
            "cached-handshake",
            "shadowed-by-regex",
            "path-mapping",
        ]);
    }
    Diagnosis::new(Kind::NotUpgraded, format!("{status} in place of 101: the request was answered as an ordinary one."))
        .advise(
            "Either the path is not the WebSocket's, and nginx or the application answers it as it should, or the \
            backend did not see `Upgrade`.",
        )
        .advise(DIRECTLY)
        .points_to(&LOST)
        .points_to(&["cached-handshake", "kept-error-status", "path-mapping", "lost-request-path"])
        .points_to(&LOST_TOO)
}

fn refused(answer: &Answer, own: bool) -> Diagnosis {
    let status = answer.status;
    if own {
        return Diagnosis::new(
            Kind::UpgradeLost,
            format!(
                "nginx itself refuses the request ({status}): it finds \
                it malformed, or a backend that is an nginx does."
            ),
        )
        .advise("Its error log at level info says what: a header too large, or one it cannot read.")
        .points_to(&LOST);
    }
    let text = if status == 426 {
        "The backend answers 426 Upgrade Required: the handshake's headers did not reach it."
    } else {
        "The backend answers 400: it was reached, but what reached it is no valid handshake."
    };
    Diagnosis::new(Kind::UpgradeLost, text)
        .advise("nginx hands `Upgrade` and `Connection` on only where `proxy_set_header` says so, over HTTP/1.1.")
        .advise(DIRECTLY)
        .points_to(&LOST)
        .points_to(&LOST_TOO)
}

fn forbidden(own: bool, request: &Request) -> Diagnosis {
    if own {
        return Diagnosis::new(
            Kind::Forbidden,
            "nginx itself answers 403: `deny`, `limit_except`, a rule on `$http_origin`, or a folder without an \
            index.",
        )
        .advise("Its error log says `access forbidden by rule` where that is so.")
        .points_to(&["get-denied", "websocket-location-without-proxy-pass", "unreachable-route"]);
    }
    let sent =
        if request.origin.is_empty() { "no `Origin`".to_owned() } else { format!("`Origin: {}`", request.origin) };
    Diagnosis::new(
        Kind::Forbidden,
        format!(
            "The backend answers 403 to {sent} and `Host: {}`: most compare the two, or want a login.",
            request.host
        ),
    )
    .advise(
        "Let nginx pass the client's host on (`proxy_set_header Host $http_host;`), allow the origin in \
        the application, or send its cookie with `--header`.",
    )
    .points_to(&[
        "missing-host-header",
        "origin-cleared",
        "lost-inherited-headers",
        "missing-forwarded-proto",
        "lost-query-string",
        "header-name-colon",
    ])
}

fn gateway(answer: &Answer) -> Diagnosis {
    let own = is_nginx_page(answer);
    let text = if own {
        "nginx got no answer from its backend that it could use (502): nothing listens there, it closed the \
        connection, or it speaks another protocol."
    } else {
        "A gateway got no answer from its backend that it could use (502)."
    };
    Diagnosis::new(Kind::BadGateway, text)
        .advise(
            "nginx's error log tells which: `connect() failed`, `prematurely closed`, `no resolver`, `wrong \
            version number`, `too big header`.",
        )
        .points_to(&[
            "upstream-tls-mismatch",
            "missing-resolver",
            "websocket-scheme",
            "oversized-proxy-buffer",
            "missing-http-version",
            "wrong-http-version",
            "dropped-handshake-request",
            "unsupported-proxy-module",
        ])
}

fn timed_out(own: bool, took: Duration) -> Diagnosis {
    const AT_ONCE: Duration = Duration::from_millis(900);
    if own && took < AT_ONCE {
        return Diagnosis::new(
            Kind::GatewayTimeout,
            "nginx answers 504 at once: no backend is that slow. A timeout of 0 does this: it does not switch \
            the timeout off, it lets no time at all.",
        )
        .advise("Give `proxy_read_timeout` and `proxy_connect_timeout` a time, such as `1h` for the first.")
        .points_to(&["zero-timeout", "invalid-time-value"]);
    }
    let whose = if own { "nginx" } else { "A gateway" };
    Diagnosis::new(
        Kind::GatewayTimeout,
        format!("{whose} waited {:.1} s for the backend and gave up (504).", took.as_secs_f32()),
    )
    .advise("The backend took the connection, or its address never answered.")
    .advise(DIRECTLY)
    .points_to(&["zero-timeout"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::probe::Options;
    use crate::rules::RuleSet;

    fn judged(status_code: u16, headers: &[(&str, &str)], body: &str) -> Diagnosis {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let answer = Answer { status: status_code, reason: String::new(), headers, body: body.into() };
        let target = Target::parse("ws://chat.example.com/ws").unwrap();
        let request = Request::new(&target, &Options::default());
        status(&answer, &request, &target, Duration::from_millis(20))
    }

    #[test]
    fn pages_of_nginx_are_told_from_those_of_a_backend() {
        let page = "<html><head><title>404 Not Found</title></head><hr><center>nginx/1.22.1</center>";
        assert!(judged(404, &[], page).sentence.starts_with("nginx itself"));
        assert!(judged(404, &[], "no such page").sentence.contains("the backend"));
        assert_eq!(judged(200, &[("Content-Type", "text/html")], "x").kind, Kind::StaticFallback);
        assert_eq!(judged(200, &[("Content-Type", "application/json")], "{}").kind, Kind::NotUpgraded);
        assert!(judged(504, &[], page).rules.contains(&"zero-timeout"));
    }

    /// What a rule says of its symptom, a diagnosis of it has to know: else the finding stands there as one that explains
    /// nothing.
    #[test]
    fn a_status_points_to_every_rule_that_names_it() {
        // Other requests than the handshake, or other servers than the one that is probed.
        const ELSEWHERE: [(&str, u16); 5] = [
            ("hard-coded-connection", 400),
            // The answer to TLS: the client does not understand it.
            ("listen-without-ssl", 400),
            ("upgrade-in-subrequest", 400),
            ("h2c-smuggling", 200),
            ("h2c-smuggling", 403),
        ];
        // So many things take connections that it explains a 500 only where the log says so.
        const TOO_WIDE: [(&str, u16); 1] = [("connection-limit", 500)];
        const CODES: [u16; 13] = [200, 301, 400, 401, 403, 404, 405, 426, 500, 502, 503, 504, 505];
        let page = "<html><hr><center>nginx/1.22.1</center>";
        let plain = "<title>400 The plain HTTP request was sent to HTTPS port</title><hr><center>nginx</center>";
        let mut missing = Vec::new();
        for rule in RuleSet::builtin().iter() {
            let symptom = rule.symptom.split(|c: char| !c.is_ascii_digit());
            let named: Vec<u16> = symptom.filter_map(|word| word.parse().ok()).collect();
            for code in CODES.iter().copied().filter(|code| named.contains(code)) {
                let headers = |to: &'static str| [("Location", to)];
                let kinds = [
                    judged(code, &headers("/elsewhere"), page),
                    judged(code, &headers("/ws/"), ""),
                    judged(code, &headers("https://chat.example.com/ws"), "{}"),
                    judged(code, &[("Content-Type", "text/html")], "<html>"),
                    judged(code, &[], plain),
                ];
                let known = kinds.iter().any(|diagnosis| diagnosis.rules.contains(&&*rule.id));
                let elsewhere = ELSEWHERE.iter().chain(&TOO_WIDE).any(|one| *one == (rule.id.as_str(), code));
                if !known && !elsewhere {
                    missing.push(format!("{code}: {}", rule.id));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn every_status_has_a_kind_of_its_own_and_every_rule_exists() {
        let rules = RuleSet::builtin();
        for code in (200..600).filter(|code| *code != 204) {
            let diagnosis = judged(code, &[("Location", "/elsewhere")], "");
            assert!(diagnosis.kind.is_problem() && diagnosis.sentence.ends_with('.'), "{code}: {}", diagnosis.sentence);
            for rule in diagnosis.rules {
                assert!(rules.get(rule).is_some(), "{code} points to the rule {rule}, which does not exist");
            }
        }
    }
}
