//! What is wrong with a server's certificate.

use rustls::{CertificateError, Error};

use super::diagnosis::{Diagnosis, Kind};

/// Judges why a certificate was not taken for `name`.
pub(super) fn certificate(error: &Error, name: &str) -> Diagnosis {
    let Error::InvalidCertificate(why) = error else {
        return Diagnosis::new(Kind::TlsBadCertificate, format!("the certificate is not valid: {error}"));
    };
    match why {
        CertificateError::Expired => Diagnosis::new(Kind::TlsExpired, "The certificate has expired."),
        CertificateError::ExpiredContext { time, not_after } => {
            let ago = time.as_secs().saturating_sub(not_after.as_secs());
            Diagnosis::new(Kind::TlsExpired, format!("The certificate expired {} ago.", days(ago)))
        }
        CertificateError::NotValidYet => Diagnosis::new(Kind::TlsNotYetValid, "The certificate is not valid yet."),
        CertificateError::NotValidYetContext { time, not_before } => {
            let ahead = not_before.as_secs().saturating_sub(time.as_secs());
            let sentence =
                format!("The certificate is not valid before {} from now, by the clock of this machine.", days(ahead));
            return Diagnosis::new(Kind::TlsNotYetValid, sentence)
                .advise("Check the clocks of this machine and of the one that issued it.");
        }
        CertificateError::NotValidForName => {
            Diagnosis::new(Kind::TlsWrongName, format!("The certificate is not for `{name}`."))
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<String> = presented.iter().take(8).map(|name| presented_name(name)).collect();
            let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
            let sentence = format!("The certificate is not for `{name}`; it is for {names}.");
            return Diagnosis::new(Kind::TlsWrongName, sentence).advise(
                "Connect by a name that the certificate has (`--host NAME`), or have one issued for \
                this name; if nginx has one, another `server` answered.",
            );
        }
        CertificateError::UnknownIssuer => Diagnosis::new(
            Kind::TlsUnknownIssuer,
            "The certificate leads to no authority that is trusted here: it is self-signed, of a private \
            authority, or sent without its intermediate certificates.",
        )
        .advise(
            "Trust a private authority with `--ca FILE`; on the server, `ssl_certificate` must hold the \
            whole chain.",
        ),
        // The name of webpki's error, which is not among those that rustls knows.
        CertificateError::Other(other) if other.0.to_string() == "CaUsedAsEndEntity" => Diagnosis::new(
            Kind::TlsUnknownIssuer,
            "The certificate is self-signed and marked as one of an authority, as `openssl req -x509` makes them. Some \
            clients refuse such a server even where they trust it.",
        )
        .advise(
            "Make one that is none of an authority (`-addext basicConstraints=critical,CA:FALSE`), or have one issued; \
            a private authority is trusted with `--ca FILE`.",
        ),
        other => {
            let sentence = format!(
                "The certificate is not valid: {}.",
                Error::InvalidCertificate(other.clone()).to_string().trim_start_matches("invalid peer certificate: ")
            );
            Diagnosis::new(Kind::TlsBadCertificate, sentence)
        }
    }
    .or_advise("Renew it, and reload nginx: it reads certificates only then.")
}

/// A name as the certificate shows it, without the notation around it.
fn presented_name(name: &str) -> String {
    let inner = name.split_once("(\"").and_then(|(_, rest)| rest.split_once("\")")).map_or(name, |(inner, _)| inner);
    inner.to_owned()
}

fn days(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3600) {
        (0, 0) => format!("{} min", seconds / 60),
        (0, hours) => format!("{hours} h"),
        (1, _) => "1 day".into(),
        (days, _) => format!("{days} days"),
    }
}
