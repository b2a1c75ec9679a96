//! What the rules of the group `security` claim, shown on a real nginx: what gets past the access rules of a server or past
//! the check of a backend before the repair, and no longer after it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io::{self, Write};
use std::net::TcpStream;

use nginx_wslint::rules::{Example, RuleSet};
use support::backend::Behaviour;
use support::message::Incoming;
use support::nginx::nginx;
use support::outcome::Outcome;
use support::site::{Context, Running, Site};

fn examples(rule: &str) -> Vec<Example> {
    let rules = RuleSet::builtin();
    let examples: Vec<Example> = rules.iter().find(|one| one.id == rule).map(|one| one.examples().to_vec()).unwrap();
    assert!(!examples.is_empty());
    examples
}

/// Asks for `h2c` at `/ws`, and for `/admin` through the tunnel if there is one.
fn smuggle(running: &Running) -> io::Result<Option<u16>> {
    let client = &running.client;
    let mut stream = TcpStream::connect(client.addr)?;
    stream.set_read_timeout(Some(client.patience))?;
    let host = &client.host;
    write!(
        stream,
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    )?;
    let mut incoming = Incoming::new(stream);
    if incoming.head()?.is_none_or(|answer| answer.status() != 101) {
        return Ok(None);
    }
    write!(incoming.stream(), "GET /admin HTTP/1.1\r\nHost: {host}\r\n\r\n")?;
    Ok(incoming.head()?.map(|answer| answer.status()))
}

/// Rule `h2c-smuggling`: nginx 1.22.1 hands on what goes through the tunnel, past `deny all`.
#[test]
fn a_tunnel_for_h2c_leads_past_the_access_rules_until_only_websocket_is_passed_on() {
    let Some(nginx) = nginx() else { return };
    for example in examples("h2c-smuggling") {
        let name = example.name.as_deref().unwrap_or("example");
        let running = |text: &str| {
            let h2c = Behaviour { h2c: true, ..Behaviour::default() };
            Site::new(Context::Http, text).backends(h2c).started(&nginx)
        };
        let bad = running(&example.bad);
        assert_eq!(bad.get("/admin").unwrap().status(), 403, "{name}: straight on");
        assert_eq!(smuggle(&bad).unwrap(), Some(200), "{name}: through the tunnel");
        let good = running(example.good.as_deref().unwrap());
        assert_eq!(good.get("/admin").unwrap().status(), 403, "{name}: repaired, straight on");
        assert_eq!(smuggle(&good).unwrap(), None, "{name}: repaired, there is no tunnel");
        assert_eq!(good.handshake("/ws"), Outcome::Open, "{name}: repaired, WebSockets open");
    }
}

/// Rule `origin-cleared`: a backend that compares Origin with Host lets pages of any site in, or its own out.
#[test]
fn a_cleared_origin_lets_the_pages_of_any_site_in() {
    let Some(nginx) = nginx() else { return };
    for example in examples("origin-cleared").iter().filter(|example| example.good.is_some()) {
        let outcome = |text: &str| {
            let checking = Behaviour { check_origin: true, ..Behaviour::default() };
            let mut running = Site::new(Context::Http, text).backends(checking).started(&nginx);
            let own = running.handshake("/ws");
            running.client.origin = "http://other.example".into();
            (own, running.handshake("/ws").status())
        };
        assert_eq!(outcome(&example.bad).1, Some(101), "a page of another site");
        let (own, other) = outcome(example.good.as_deref().unwrap());
        assert_eq!(own, Outcome::Open, "repaired, a page of this site");
        assert_eq!(other, Some(403), "repaired, a page of another site");
    }
}
