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
        (false, false) if is_before_http(second.kind) && !blames_upstream(first.kind) => {
            let mut diagnosis = first.clone();
            diagnosis
                .sentence
                .push_str(" The backend could not be tried from here, so it remains open whose fault that is: ");
            diagnosis.sentence.push_str(&second.sentence);
            diagnosis
        }
        (false, false) => carry(
            second,
            Kind::BackendAtFault,
            format!("It fails straight to the backend as well: the backend is at fault first. {}", second.sentence),
        ),
    }
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
        ] {
            assert_eq!(compare(&report(through), &report(direct)).kind, verdict, "{through:?}, {direct:?}");
        }
        let rules = compare(&report(Kind::UpgradeLost), &report(Kind::Open)).rules;
        assert_eq!(rules, ["missing-upgrade-header"]);
    }
}
