//! The TLS handshake, and what its failures mean.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, PeerIncompatible,
    RootCertStore, SignatureScheme, StreamOwned,
};

use super::certificate::certificate;
use super::diagnosis::{Diagnosis, Kind};
use super::options::Trust;
use super::protocol::Protocol;
use super::wire::{Ended, Socket, Wire, is_late};

/// A connection over TLS, and what to say of it.
#[derive(Debug)]
pub(super) struct Secured {
    /// The connection.
    pub(super) wire: Wire,
    /// Version and certificate.
    pub(super) text: String,
    /// What was not checked.
    pub(super) notes: Vec<String>,
}

/// Shakes hands as `name`.
///
/// # Errors
/// When that fails: why.
pub(super) fn secure(mut socket: Socket, name: &str, trust: &Trust, timeout: Duration) -> Result<Secured, Diagnosis> {
    let found = Arc::new(Mutex::new(None));
    let (config, remark) = config(trust, &found, b"http/1.1").map_err(|why| Diagnosis::new(Kind::TlsFailed, why))?;
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| Diagnosis::new(Kind::TlsFailed, format!("`{name}` is no name that a certificate could have.")))?;
    let mut connection = ClientConnection::new(Arc::new(config), server)
        .map_err(|error| Diagnosis::new(Kind::TlsFailed, format!("TLS could not be started: {error}.")))?;
    socket.allow(Instant::now() + timeout);
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut socket) {
            let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
            let failure = match tls {
                Some(tls) => Failure::Tls(tls),
                None if is_late(&error) => Failure::Late(timeout),
                None => Failure::Ended,
            };
            let diagnosis = judge(&failure, name, &socket);
            return Err(match remark {
                Some(remark) if diagnosis.kind == Kind::TlsUnknownIssuer => {
                    diagnosis.advise(format!("Here, {remark}."))
                }
                _ => diagnosis,
            });
        }
    }
    let version = connection
        .protocol_version()
        .and_then(|version| version.as_str())
        .unwrap_or("TLS")
        .replace("v", " ")
        .replace('_', ".");
    let (text, notes) = match trust {
        Trust::Anybody => {
            let verdict = found.lock().unwrap_or_else(PoisonError::into_inner).take();
            let would = match verdict {
                Some(error) => format!("it would have failed: {}", certificate(&error, name).sentence),
                None => format!("it would have succeeded for `{name}`"),
            };
            (
                format!("{version}, certificate not checked"),
                vec![format!("--insecure left the check of the certificate out; {would}")],
            )
        }
        Trust::System | Trust::Authorities(_) => {
            (format!("{version}, certificate valid for {name}"), remark.into_iter().collect())
        }
    };
    Ok(Secured { wire: Wire::Tls(Box::new(StreamOwned::new(connection, socket))), text, notes })
}

/// Whether the server takes HTTP/2 in the TLS handshake, asked on a connection of its own.
pub(super) fn speaks_http2(mut socket: Socket, name: &str, timeout: Duration) -> bool {
    let found = Arc::new(Mutex::new(None));
    let Ok((config, _)) = config(&Trust::Anybody, &found, b"h2") else { return false };
    let Ok(server) = ServerName::try_from(name.to_owned()) else { return false };
    let Ok(mut connection) = ClientConnection::new(Arc::new(config), server) else { return false };
    socket.allow(Instant::now() + timeout);
    while connection.is_handshaking() {
        if connection.complete_io(&mut socket).is_err() {
            return false;
        }
    }
    connection.alpn_protocol() == Some(b"h2")
}

type Found = Arc<Mutex<Option<Error>>>;

/// The settings of a client, and a remark on the authorities where there is one to make.
fn config(trust: &Trust, found: &Found, protocol: &[u8]) -> Result<(ClientConfig, Option<String>), String> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    let mut remark = None;
    match trust {
        Trust::Authorities(pem) => {
            for authority in CertificateDer::pem_slice_iter(pem) {
                let authority = authority.map_err(|error| format!("The authorities given cannot be read: {error}."))?;
                roots.add(authority).map_err(|error| format!("An authority given cannot be used: {error}."))?;
            }
            if roots.is_empty() {
                return Err("There is no certificate in the authorities given.".into());
            }
        }
        Trust::System | Trust::Anybody => {
            let system = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(system.certs);
            if roots.is_empty() {
                remark = Some("this system has no authorities that it trusts".to_owned());
            }
        }
    }
    let strict = if roots.is_empty() {
        None
    } else {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        Some(builder.build().map_err(|error| format!("The authorities cannot be used: {error}."))?)
    };
    let lenient = *trust == Trust::Anybody;
    let verifier = Verifier { strict, provider: Arc::clone(&provider), lenient, found: Arc::clone(found) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok((config, remark))
}

/// Checks certificates as webpki does; a lenient one keeps what that found and goes on.
#[derive(Debug)]
struct Verifier {
    /// None where nobody is trusted.
    strict: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    lenient: bool,
    found: Found,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.strict {
            Some(strict) => strict.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        };
        match verdict {
            Err(error) if self.lenient => {
                *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// How a TLS handshake failed.
enum Failure<'a> {
    /// By what was said.
    Tls(&'a Error),
    /// Nothing more came.
    Late(Duration),
    /// The connection ended.
    Ended,
}

fn judge(failure: &Failure<'_>, name: &str, socket: &Socket) -> Diagnosis {
    match Protocol::of(&socket.first) {
        Protocol::Http1 => {
            return Diagnosis::new(
                Kind::TlsOnPlainPort,
                "The port answers TLS with plain HTTP: it speaks HTTP without TLS.".to_owned(),
            )
            .advise("Probe it with `ws://`; or add `ssl` to the `listen` line of nginx, with a certificate.");
        }
        Protocol::Http2 => {
            return Diagnosis::new(
                Kind::TlsOnPlainPort,
                "The port answers TLS with plain HTTP/2: it speaks \
                HTTP/2 without TLS, and no WebSocket client does that.",
            )
            .points_to(&["plaintext-http2-listener"]);
        }
        Protocol::Tls | Protocol::Other => {}
    }
    match failure {
        Failure::Tls(error) => tls(error, name),
        Failure::Late(timeout) => Diagnosis::new(
            Kind::TlsFailed,
            format!(
                "The server takes the connection and does not answer the TLS handshake within {} s.",
                timeout.as_secs_f32()
            ),
        )
        .advise("It waits for something else: see that this port speaks TLS at all, and without the PROXY protocol."),
        Failure::Ended => {
            let how = if socket.ended == Some(Ended::Reset) { "resets" } else { "closes" };
            Diagnosis::new(Kind::TlsFailed, format!("The server {how} the connection in place of a TLS handshake."))
                .advise("See that this port speaks TLS at all: `ws://` is for those that do not.")
        }
    }
}

fn tls(error: &Error, name: &str) -> Diagnosis {
    match error {
        Error::InvalidCertificate(_) => certificate(error, name),
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => Diagnosis::new(
            Kind::TlsVersion,
            "The server speaks neither TLS 1.2 nor TLS 1.3; browsers have given up older ones.",
        )
        .advise("Allow both: `ssl_protocols TLSv1.2 TLSv1.3;`."),
        Error::AlertReceived(AlertDescription::NoApplicationProtocol) => Diagnosis::new(
            Kind::Http2Only,
            "The server refuses HTTP/1.1 in the TLS handshake (ALPN). A WebSocket handshake needs HTTP/1.1: \
            those over HTTP/2 (RFC 8441) nginx does not speak.",
        )
        .advise("Offer HTTP/1.1 beside HTTP/2 on this port."),
        Error::AlertReceived(AlertDescription::UnrecognisedName) => Diagnosis::new(
            Kind::TlsRefused,
            format!("No server there answers to the name `{name}`: it refuses the TLS handshake (unrecognized_name)."),
        )
        .advise(
            "Give the name the server knows with `--host`, or add it to `server_name`; \
            `ssl_reject_handshake on` does this for every other name.",
        ),
        Error::AlertReceived(AlertDescription::CertificateRequired) => client_certificate(),
        Error::AlertReceived(alert) => {
            Diagnosis::new(Kind::TlsRefused, format!("The server refuses the TLS handshake: {alert:?}."))
                .advise("Its error log says more: `SSL_do_handshake() failed` at level info.")
        }
        Error::PeerIncompatible(why) => Diagnosis::new(
            Kind::TlsRefused,
            format!("The TLS handshake finds nothing in common with the server: {why:?}."),
        ),
        other => Diagnosis::new(Kind::TlsFailed, format!("The TLS handshake fails: {other}.")),
    }
}

/// The server wants a certificate that this client does not have.
pub(super) fn client_certificate() -> Diagnosis {
    Diagnosis::new(
        Kind::TlsClientCertificate,
        "The server asks for a certificate of the client, which is not sent here.",
    )
    .advise("`ssl_verify_client` asks for it; a browser can send one only if it was installed there.")
}
