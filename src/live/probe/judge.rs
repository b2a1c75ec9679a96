//! What a 101 has to hold (RFC 6455, section 4.1, points 2 to 6 of the client's checks).

use tungstenite::handshake::derive_accept_key;

use super::diagnosis::{Diagnosis, Kind};
use super::report::Answer;

/// What is wrong with a 101 that answers `key`, where `offered` are the subprotocols that the client offered: the gravest
/// first, nothing where a client would accept it.
pub(super) fn switching(answer: &Answer, key: &str, offered: &[String]) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    found.extend(upgrade(answer));
    found.extend(connection(answer));
    found.extend(accept(answer, key));
    found.extend(subprotocol(answer, offered));
    let extensions: Vec<&str> =
        answer.all("Sec-WebSocket-Extensions").filter(|value| !value.trim().is_empty()).collect();
    if !extensions.is_empty() {
        found.push(
            Diagnosis::new(
                Kind::Extension,
                format!(
                    "101 with the extension `{}`, which nobody offered: clients must drop the connection.",
                    extensions.join(", ")
                ),
            )
            .advise(
                "Something between changes `Sec-WebSocket-Extensions`; pass the client's on as it is, or \
                set it to \"\".",
            ),
        );
    }
    found
}

fn upgrade(answer: &Answer) -> Option<Diagnosis> {
    const RULES: [&str; 2] = ["hidden-handshake-response", "response-header-instead"];
    let values: Vec<&str> = answer.all("Upgrade").collect();
    match values[..] {
        [value] if value.eq_ignore_ascii_case("websocket") => None,
        [] => Some(
            Diagnosis::new(Kind::UpgradeMissing, "101 without `Upgrade: websocket`: clients reject it.")
                .advise("A proxy on the way takes it out: nginx does so for `proxy_hide_header Upgrade`.")
                .points_to(&RULES),
        ),
        [value] => Some(
            Diagnosis::new(
                Kind::UpgradeMissing,
                format!("101 with `Upgrade: {value}` in place of `websocket`: clients reject it."),
            )
            .advise("The server switched to another protocol than was asked for; see what sets this header.")
            .points_to(&["wrong-upgrade-value"]),
        ),
        _ => Some(
            Diagnosis::new(
                Kind::DuplicateHeader,
                format!("101 with `Upgrade` {} times: clients read one list and reject it.", values.len()),
            )
            .advise("`add_header Upgrade … always` in nginx adds the second one; take it out.")
            .points_to(&["response-header-instead", "duplicate-websocket-header"]),
        ),
    }
}

fn connection(answer: &Answer) -> Option<Diagnosis> {
    let mut tokens = answer.all("Connection").flat_map(|value| value.split(','));
    if tokens.any(|token| token.trim().eq_ignore_ascii_case("upgrade")) {
        return None;
    }
    let shown = match answer.header("Connection") {
        Some(value) => format!("101 with `Connection: {value}` in place of `Upgrade`: clients reject it."),
        None => "101 without `Connection: Upgrade`: clients reject it.".to_owned(),
    };
    Some(Diagnosis::new(Kind::ConnectionMissing, shown).advise(
        "nginx writes this header of a 101 itself, so the answer is from elsewhere: a load \
        balancer, or a backend that was reached without it.",
    ))
}

fn accept(answer: &Answer, key: &str) -> Option<Diagnosis> {
    let expected = derive_accept_key(key.as_bytes());
    let values: Vec<&str> = answer.all("Sec-WebSocket-Accept").map(str::trim).collect();
    match values[..] {
        [value] if value == expected => None,
        [] => Some(
            Diagnosis::new(Kind::AcceptMissing, "101 without `Sec-WebSocket-Accept`: clients reject it.")
                .advise("A proxy on the way takes it out: nginx does so for `proxy_hide_header Sec-WebSocket-Accept`.")
                .points_to(&["hidden-handshake-response"]),
        ),
        [value] => Some(
            Diagnosis::new(
                Kind::AcceptWrong,
                format!(
                    "101 with `Sec-WebSocket-Accept: {value}`, which does not belong to the key of this \
                    handshake: clients reject it."
                ),
            )
            .advise(
                "The backend saw another `Sec-WebSocket-Key`, or the answer is another handshake's: a fixed \
                key in `proxy_set_header`, or a cache.",
            )
            .points_to(&["dropped-handshake-request", "cached-handshake"]),
        ),
        _ => Some(
            Diagnosis::new(Kind::DuplicateHeader, "101 with `Sec-WebSocket-Accept` more than once: clients reject it.")
                .advise("An `add_header Sec-WebSocket-Accept … always` adds the second one; take it out.")
                .points_to(&["response-header-instead"]),
        ),
    }
}

fn subprotocol(answer: &Answer, offered: &[String]) -> Option<Diagnosis> {
    let offers = offered.join(", ");
    match (answer.header("Sec-WebSocket-Protocol").map(str::trim), offered) {
        (None, []) => None,
        (None, _) => Some(
            Diagnosis::new(
                Kind::Subprotocol,
                format!(
                    "The server took none of the subprotocols that were offered ({offers}): browsers close \
                    the connection then."
                ),
            )
            .advise("See that `Sec-WebSocket-Protocol` reaches the backend, and which ones it knows.")
            .points_to(&["dropped-handshake-request"]),
        ),
        (Some(chosen), offered) if offered.iter().any(|offer| offer == chosen) => None,
        (Some(chosen), []) => Some(
            Diagnosis::new(
                Kind::Subprotocol,
                format!("101 with the subprotocol `{chosen}`, though none was offered: clients reject it."),
            )
            .advise(format!("Try it with `--subprotocol {chosen}`, as the application's own client does.")),
        ),
        (Some(chosen), _) => Some(Diagnosis::new(
            Kind::Subprotocol,
            format!("101 with the subprotocol `{chosen}`, which was not offered ({offers}): clients reject it."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    /// The answer to [`KEY`] (RFC 6455, section 1.3).
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn kinds(lines: &[(&str, &str)], offered: &[&str]) -> Vec<Kind> {
        let headers = lines.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let answer = Answer { status: 101, headers, ..Answer::default() };
        let offered: Vec<String> = offered.iter().map(|&offer| offer.to_owned()).collect();
        switching(&answer, KEY, &offered).iter().map(|diagnosis| diagnosis.kind).collect()
    }

    #[test]
    fn a_whole_101_is_accepted_in_every_spelling() {
        let lines = [("upgrade", "WebSocket"), ("CONNECTION", "keep-alive, Upgrade"), ("sec-websocket-accept", ACCEPT)];
        assert_eq!(kinds(&lines, &[]), []);
        let agreed = [&lines[..], &[("Sec-WebSocket-Protocol", "mqtt")]].concat();
        assert_eq!(kinds(&agreed, &["stomp", "mqtt"]), []);
    }

    #[test]
    fn every_fault_of_a_101_is_told() {
        let (upgrade, connection, accept) =
            (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", ACCEPT));
        assert_eq!(kinds(&[connection, accept], &[]), [Kind::UpgradeMissing]);
        assert_eq!(kinds(&[("Upgrade", "h2c"), connection, accept], &[]), [Kind::UpgradeMissing]);
        assert_eq!(kinds(&[upgrade, upgrade, connection, accept], &[]), [Kind::DuplicateHeader]);
        assert_eq!(kinds(&[upgrade, accept], &[]), [Kind::ConnectionMissing]);
        assert_eq!(kinds(&[upgrade, ("Connection", "close"), accept], &[]), [Kind::ConnectionMissing]);
        assert_eq!(kinds(&[upgrade, connection], &[]), [Kind::AcceptMissing]);
        assert_eq!(kinds(&[upgrade, connection, ("Sec-WebSocket-Accept", "x")], &[]), [Kind::AcceptWrong]);
        assert_eq!(kinds(&[upgrade, connection, accept, accept], &[]), [Kind::DuplicateHeader]);
        assert_eq!(kinds(&[upgrade, connection, accept], &["mqtt"]), [Kind::Subprotocol]);
        assert_eq!(kinds(&[upgrade, connection, accept, ("Sec-WebSocket-Protocol", "x")], &[]), [Kind::Subprotocol]);
        let deflate = ("Sec-WebSocket-Extensions", "permessage-deflate");
        assert_eq!(kinds(&[upgrade, connection, accept, deflate], &[]), [Kind::Extension]);
        assert_eq!(kinds(&[], &[]), [Kind::UpgradeMissing, Kind::ConnectionMissing, Kind::AcceptMissing]);
    }
}
