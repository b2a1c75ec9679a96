//! TLS with certificates made here, on nginx and on servers of our own.

use std::io::Read;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::run::{case, check, probe};
use crate::servers::{Server, Site, backend};
use crate::support::backend::Behaviour;
use crate::support::nginx::nginx;

/// A certificate that vouches for itself, and its key, as PEM.
pub(crate) fn self_signed(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// An authority and what it issues.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate for a name, valid in these years, and its key.
    fn issue(&self, name: &str, years: (i32, i32)) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

const NAME: &str = "chat.example.com";

#[test]
fn what_is_wrong_with_a_certificate_is_told() {
    let Some(nginx) = nginx() else { return };
    let authority = Authority::new();
    let pem = authority.pem.as_str();
    let echo = backend(Behaviour::default());
    let certificates = [
        authority.issue(NAME, (2020, 2090)),
        authority.issue(NAME, (2020, 2021)),
        authority.issue(NAME, (2089, 2090)),
        authority.issue("other.example.com", (2020, 2090)),
        self_signed(NAME),
    ];
    let mut http = String::new();
    let mut files: Vec<(String, String)> = vec![("ca.pem".into(), pem.into())];
    for (index, (certificate, key)) in certificates.iter().enumerate() {
        files.push((format!("c{index}.pem"), certificate.clone()));
        files.push((format!("k{index}.pem"), key.clone()));
        http += &format!(
            "server {{ listen 127.0.0.1:PORT{index} ssl; server_name {NAME}; ssl_certificate FOLDER/c{index}.pem;
             ssl_certificate_key FOLDER/k{index}.pem; location / {{ proxy_pass http://127.0.0.1:{}; proxy_http_version 1.1;
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }} }}\n",
            echo.port
        );
    }
    http += "server { listen 127.0.0.1:PORT5 ssl; ssl_certificate FOLDER/c0.pem; ssl_certificate_key FOLDER/k0.pem;
        ssl_protocols TLSv1 TLSv1.1; }\n";
    http += "server { listen 127.0.0.1:PORT6 ssl; ssl_certificate FOLDER/c0.pem; ssl_certificate_key FOLDER/k0.pem;
        ssl_client_certificate FOLDER/ca.pem; ssl_verify_client on; }\n";
    http += "server { listen 127.0.0.1:PORT7 ssl; ssl_reject_handshake on; }\n";
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let site = Site::start(&nginx, &http, &files);
    let ca = format!("--host {NAME} --ca {}", site.folder.path().join("ca.pem").display());
    let of = |port: usize, more: &str, id, text| {
        case(&format!("wss://127.0.0.1:{}/ws", site.ports[port]), more, id, text, "")
    };
    check(&[
        of(0, &format!("{ca} --message hello"), "open", "works"),
        of(0, &format!("{ca} --size 1M"), "open", "works"),
        of(1, &ca, "certificate-expired", "expired"),
        of(2, &ca, "certificate-not-yet-valid", "days from now"),
        of(3, &ca, "certificate-name", "it is for other.example.com"),
        of(4, &ca, "certificate-issuer", "self-signed"),
        of(0, &format!("--host {NAME}"), "certificate-issuer", "no authority"),
        of(0, &ca.replace(NAME, "wrong.example.com"), "certificate-name", "not for `wrong.example.com`"),
        of(5, &ca, "tls-version", "TLS 1.2"),
        of(6, &ca, "client-certificate-required", "certificate of the client"),
        of(7, &ca, "tls-refused", "refuses the TLS handshake"),
        of(1, &format!("--host {NAME} --insecure"), "open", "works"),
    ]);

    let said = probe(&[&format!("wss://127.0.0.1:{}/ws", site.ports[3]), "--host", NAME, "--insecure"]);
    let steps = said.json["probe"]["steps"].to_string();
    assert!(steps.contains("certificate not checked") && steps.contains("it would have failed"), "{steps}");
}

#[test]
fn a_certificate_of_an_authority_is_told_from_one_of_a_server() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap().pem();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &certificate).unwrap();
    let server = speaking(b"http/1.1", &certificate, &key.serialize_pem());
    let url = format!("wss://127.0.0.1:{}/ws", server.port);
    let more = format!("--host {NAME} --ca {}", ca.display());
    check(&[case(&url, &more, "certificate-issuer", "marked as one of an authority", "")]);
}

/// A server that takes one protocol alone in the TLS handshake (ALPN), and says nothing behind it.
fn only(protocol: &'static [u8]) -> Server {
    let (certificate, key) = self_signed(NAME);
    speaking(protocol, &certificate, &key)
}

/// The same with a certificate and its key, as PEM.
fn speaking(protocol: &'static [u8], certificate: &str, key: &str) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let config = Arc::new(config);
    Server::start(move |stream| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let _ = rustls::Stream::new(&mut connection, stream).read(&mut [0; 64]);
    })
}

#[test]
fn an_endpoint_for_http2_alone_is_recognised_in_the_tls_handshake() {
    let (http2, other) = (only(b"h2"), only(b"xmpp-client"));
    check(&[
        case(&http2.url("wss"), "--insecure", "http2-only", "refuses HTTP/1.1", ""),
        case(&other.url("wss"), "--insecure", "tls-refused", "both", ""),
    ]);
}

/// `$scheme` is the client's: behind TLS it is `https`, which a backend that speaks plain HTTP does not understand
/// (`upstream-tls-mismatch`).
#[test]
fn the_clients_scheme_is_not_the_backends() {
    let Some(nginx) = nginx() else { return };
    let echo = backend(Behaviour::default());
    let location = |scheme: &str| {
        format!(
            "location /{} {{ proxy_pass {scheme}://127.0.0.1:{}; proxy_http_version 1.1; \
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}\n",
            scheme.trim_start_matches('$'),
            echo.port
        )
    };
    let http = format!(
        "server {{ listen 127.0.0.1:PORT0 ssl; ssl_certificate FOLDER/c.pem; ssl_certificate_key FOLDER/k.pem;\n{}{} }}",
        location("$scheme"),
        location("http")
    );
    let (certificate, key) = self_signed("localhost");
    let site = Site::start(&nginx, &http, &[("c.pem", &certificate), ("k.pem", &key)]);
    let of = |path: &str, id, text| case(&site.url(path).replace("ws:", "wss:"), "--insecure", id, text, "");
    check(&[of("/http", "open", "works"), of("/scheme", "bad-gateway", "502")]);
}
