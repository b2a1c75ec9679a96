//! What it means that a handshake fares one way through nginx and another way straight to the backend.

use super::diagnosis::{Diagnosis, Kind};
use super::report::Report;
use super::status::DIRECTLY;

/// Judges the two together; the advice and the rules are those of the one that is at fault.
pub fn compare(through: &Report, direct: &Report) -> Diagnosis {
    let (first, second) = (&through.diagnosis, &direct.diagnosis);
    match (through.is_healthy(), direct.is_healthy()) {
        (true, true) => {
            Diagnosis::new(Kind::Open, "The WebSocket works both through nginx and straight to the backend.")
        }
        (false, true) if is_before_http(first.kind) => carry(
            first,
            Kind::ProxyAtFault,
            format!("The backend works; what is in front of it is not reached. {}", first.sentence),
        ),
        (false, true) => carry(
            first,
            Kind::ProxyAtFault,
            format!(
                "It works straight to the backend and not through nginx: the configuration of nginx, or \
                something between, is at fault. {}",
                first.sentence
            ),
        ),
        (true, false) => carry(
            second,
            Kind::BackendFailsAlone,
            format!(
                "It works through nginx, and not straight to the backend from here: the site is well, the \
                second URL or what it is sent is not. {}",
                second.sentence
            ),
        ),
        (false, false)
            if is_before_http(second.kind) && !blames_upstream(first.kind) && !is_tls_stall(first, second) =>
        {
            let mut diagnosis = first.clone();
            diagnosis
                .sentence
                .push_str(" The backend could not be tried from here, so it remains open whose fault that is: ");
            diagnosis.sentence.push_str(&second.sentence);
            diagnosis
        }
        (false, false) => carry(
            &of_backend(second, direct),
            Kind::BackendAtFault,
            format!("It fails straight to the backend as well: the backend is at fault first. {}", second.sentence),
        ),
    }
}

/// nginx waits for a TLS handshake that nobody answers here either.
fn is_tls_stall(first: &Diagnosis, second: &Diagnosis) -> bool {
    first.kind == Kind::NoAnswer && second.kind == Kind::TlsFailed
}

/// What to do about a backend that fails by itself: nginx, of which the advice speaks else, has no part in that.
fn of_backend(diagnosis: &Diagnosis, direct: &Report) -> Diagnosis {
    let mut diagnosis = diagnosis.clone();
    let (advice, rules): (&str, &[&str]) = match diagnosis.kind {
        Kind::Refused if direct.address.is_none() && direct.url.contains("://unix:") => return diagnosis,
        Kind::Refused => (
            "Start the backend, or correct the address in `proxy_pass`; `ss -ltn` shows what listens. In a container \
            127.0.0.1 is the container itself.",
            &[],
        ),
        Kind::ClosedWithoutAnswer => (
            "Read the backend's own log. One that speaks TLS closes on plain HTTP: then say `https://` in \
            `proxy_pass`.",
            &["upstream-tls-mismatch"],
        ),
        Kind::TlsFailed | Kind::TlsOnPlainPort => {
            ("If the backend speaks no TLS, say `http://` in `proxy_pass`.", &["upstream-tls-mismatch"])
        }
        Kind::PlainOnTlsPort => ("The backend speaks TLS: say `https://` in `proxy_pass`.", &["upstream-tls-mismatch"]),
        Kind::NotFound => (
            "Compare the path that `proxy_pass` asks for with those that the application serves.",
            &["path-mapping", "lost-request-path", "lost-query-string"],
        ),
        _ => return diagnosis,
    };
    diagnosis.advice = vec![advice.to_owned()];
    diagnosis.rules = rules.to_vec();
    diagnosis
}

fn carry(from: &Diagnosis, kind: Kind, sentence: String) -> Diagnosis {
    let mut diagnosis = Diagnosis { kind, sentence, ..from.clone() };
    diagnosis.advice.retain(|advice| advice != DIRECTLY);
    diagnosis
}

/// Whether it failed before anything answered.
fn is_before_http(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::NameNotResolved
            | Kind::Refused
            | Kind::Unreachable
            | Kind::ConnectTimeout
            | Kind::TlsExpired
            | Kind::TlsNotYetValid
            | Kind::TlsWrongName
            | Kind::TlsUnknownIssuer
            | Kind::TlsBadCertificate
            | Kind::TlsVersion
            | Kind::TlsRefused
            | Kind::TlsClientCertificate
            | Kind::TlsFailed
    )
}

/// Whether nginx already said that it got no answer of its backend.
fn blames_upstream(kind: Kind) -> bool {
    matches!(kind, Kind::BadGateway | Kind::GatewayTimeout | Kind::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(kind: Kind) -> Report {
        let diagnosis = Diagnosis::new(kind, "A sentence.").points_to(&["missing-upgrade-header"]);
        Report { url: "ws://host/".into(), address: None, steps: Vec::new(), answer: None, silence: None, diagnosis }
    }

    #[test]
    fn who_is_at_fault_follows_from_both() {
        for (through, direct, verdict) in [
            (Kind::Open, Kind::Open, Kind::Open),
            (Kind::UpgradeLost, Kind::Open, Kind::ProxyAtFault),
            (Kind::Refused, Kind::Open, Kind::ProxyAtFault),
            (Kind::Open, Kind::Forbidden, Kind::BackendFailsAlone),
            (Kind::NotFound, Kind::NotFound, Kind::BackendAtFault),
            (Kind::BadGateway, Kind::Refused, Kind::BackendAtFault),
            (Kind::UpgradeLost, Kind::Refused, Kind::UpgradeLost),
            (Kind::UpgradeLost, Kind::TlsExpired, Kind::UpgradeLost),
            (Kind::NoAnswer, Kind::TlsFailed, Kind::BackendAtFault),
        ] {
            assert_eq!(compare(&report(through), &report(direct)).kind, verdict, "{through:?}, {direct:?}");
        }
        let rules = compare(&report(Kind::UpgradeLost), &report(Kind::Open)).rules;
        assert_eq!(rules, ["missing-upgrade-header"]);
    }
}
