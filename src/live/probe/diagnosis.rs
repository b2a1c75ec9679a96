//! What the end of a handshake means.

/// What was found out, with a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Which it is.
    pub kind: Kind,
    /// What happened and what that means. May hold text from the network.
    pub sentence: String,
    /// What to do about it, a sentence each.
    pub advice: Vec<String>,
    /// The rules that would explain it, the likeliest first: their ids.
    pub rules: Vec<&'static str>,
}

impl Diagnosis {
    /// A diagnosis without advice.
    pub fn new(kind: Kind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into(), advice: Vec::new(), rules: Vec::new() }
    }

    /// The same with one more piece of advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// The same with this advice if it has none.
    #[must_use]
    pub(super) fn or_advise(self, advice: &str) -> Self {
        if self.advice.is_empty() { self.advise(advice) } else { self }
    }

    /// The same with rules that would explain it.
    #[must_use]
    pub fn points_to(mut self, rules: &[&'static str]) -> Self {
        self.rules.extend(rules);
        self
    }
}

macro_rules! kinds {
    ($($name:ident $id:literal $meaning:literal;)*) => {
        /// The ends that a handshake can come to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $meaning] $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name, which stays.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it says, in a clause.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

kinds! {
    Open "open" "the handshake and all that was asked for succeeded";

    NameNotResolved "name-not-resolved" "the name has no address";
    Refused "connection-refused" "nothing listens there";
    Unreachable "unreachable" "no way leads to the address";
    ConnectTimeout "connect-timeout" "the address does not answer";

    TlsExpired "certificate-expired" "the certificate is no longer valid";
    TlsNotYetValid "certificate-not-yet-valid" "the certificate is not valid yet";
    TlsWrongName "certificate-name" "the certificate is for another name";
    TlsUnknownIssuer "certificate-issuer" "nobody who is trusted issued the certificate";
    TlsBadCertificate "certificate-invalid" "the certificate is not valid for another reason";
    TlsVersion "tls-version" "the server speaks no TLS version that is still in use";
    TlsRefused "tls-refused" "the server refused the TLS handshake";
    TlsClientCertificate "client-certificate-required" "the server wants a certificate of the client";
    TlsFailed "tls-failed" "the TLS handshake failed for another reason";
    PlainOnTlsPort "plain-http-on-tls-port" "plain HTTP was sent to a port that speaks TLS";
    TlsOnPlainPort "tls-on-plain-http-port" "TLS was sent to a port that speaks plain HTTP";
    Http2Only "http2-only" "the server speaks nothing but HTTP/2 there";

    NoAnswer "no-answer" "no answer came in time";
    ClosedWithoutAnswer "closed-without-answer" "the connection was closed in place of an answer";
    NotHttp "not-http" "the answer is not HTTP";
    HeadTooLarge "answer-too-large" "the head of the answer is larger than 64 KiB";

    RedirectToTls "redirect-to-tls" "the server wants `wss://`, and WebSocket clients follow no redirect";
    RedirectSlash "redirect-to-slash" "the server redirects to the path with another end";
    Redirect "redirect" "the server redirects elsewhere";
    UpgradeLost "handshake-refused" "the server answers 400 or 426: it did not see a handshake";
    Unauthorized "unauthorized" "the server asks for credentials";
    Forbidden "forbidden" "the server forbids it: Origin, Host or access rules";
    NotFound "not-found" "there is nothing at this path";
    MethodNotAllowed "method-not-allowed" "the server does not take GET there";
    TooManyRequests "too-many-requests" "a limit was reached";
    HttpVersionRefused "http-version-refused" "the backend got the handshake over HTTP/1.0";
    ServerError "server-error" "the application failed";
    ClientClosed "client-closed-request" "a proxy in front says the client had gone";
    BadGateway "bad-gateway" "nginx got no usable answer from its backend";
    Unavailable "service-unavailable" "no backend is there, or a limit was reached";
    GatewayTimeout "gateway-timeout" "the backend did not answer nginx in time";
    StaticFallback "static-fallback" "a web page was served in place of the WebSocket";
    NotUpgraded "not-upgraded" "the request was answered as an ordinary one";
    OwnAnswer "answered-by-nginx" "nginx answers this path itself, as it is configured to";
    OtherStatus "unexpected-status" "the answer is neither 101 nor a known refusal";

    UpgradeMissing "switching-without-upgrade" "101 whose `Upgrade` is missing or not `websocket`";
    ConnectionMissing "switching-without-connection" "101 whose `Connection` is missing or not `Upgrade`";
    DuplicateHeader "switching-with-duplicate" "101 with a header twice";
    AcceptWrong "wrong-accept" "101 whose `Sec-WebSocket-Accept` is not for this handshake";
    AcceptMissing "missing-accept" "101 without `Sec-WebSocket-Accept`";
    Subprotocol "subprotocol" "the subprotocol was not agreed on";
    Extension "extension-not-offered" "101 with an extension that nobody offered";

    ClosedAfterOpening "closed-after-opening" "101, and the connection was closed at once";
    ProtocolError "protocol-error" "what came is not WebSocket";
    NoEcho "no-echo" "the message did not come back";
    TooBig "message-too-big" "the backend takes no messages of this size";
    IdleCut "idle-cut" "the idle connection was closed without a close frame";
    ClosedWhileHeld "closed-while-held" "the server closed the connection with a close frame";
    ResetWhileHeld "reset-while-held" "the connection was reset";

    ProxyAtFault "proxy-at-fault" "it works straight to the backend and not through nginx";
    BackendAtFault "backend-at-fault" "it fails both ways";
    BackendFailsAlone "backend-fails-alone" "it works through nginx and not straight to the backend";
}

impl Kind {
    /// Whether something is wrong.
    pub fn is_problem(self) -> bool {
        self != Self::Open
    }

    /// The kind of that name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::from_id(kind.id()), Some(kind));
        }
    }
}
