//! The handshake proofs: what each rule's examples claim is shown on a real nginx, in front of strict backends, with real
//! WebSocket clients. The bad configuration fails as the rule says; the repaired one answers 101 and echoes, and plain
//! requests go through it.

mod support;

use std::io::Write;
use std::time::Duration;

use nginx_wslint::config::VersionRange;
use nginx_wslint::rules::{Example, Handshake, Rule, RuleSet};
use support::backend::Behaviour;
use support::nginx::{Nginx, nginx};
use support::outcome::Outcome;
use support::site::{Context, Site};

#[test]
fn every_example_behaves_on_nginx_as_its_rule_says() {
    let Some(nginx) = nginx() else { return };
    let rules = RuleSet::builtin();
    let mut failures = Vec::new();
    let (mut proved, mut left_out) = (0, 0);
    for rule in rules.iter() {
        for example in rule.examples() {
            let Some(handshake) = &example.handshake else { continue };
            if !concerns(rule, handshake, &nginx) {
                left_out += 1;
                continue;
            }
            proved += 1;
            if let Err(why) = prove(&nginx, example, handshake) {
                failures.push(format!("{} ({}): {why}", rule.id, example.name.as_deref().unwrap_or("example")));
            }
        }
    }
    if left_out > 0 {
        let (major, minor, patch) = nginx.version;
        // Not `eprintln`: the output of a test that passes is not shown.
        let _ = writeln!(
            std::io::stderr(),
            "{left_out} proofs not run: they concern other versions than nginx {major}.{minor}.{patch} (set NGINX_WSLINT_TEST_NGINX)"
        );
    }
    assert!(failures.is_empty(), "{} of {proved} proofs fail:\n{}", failures.len(), failures.join("\n"));
    assert!(proved >= rules.iter().filter(|rule| claims_failure(rule)).count(), "only {proved} examples were proved");
}

/// Whether a rule says that a handshake fails, so that it owes a proof.
fn claims_failure(rule: &Rule) -> bool {
    rule.group == "handshake" && rule.severity == nginx_wslint::rules::Severity::Error
}

/// A rule that claims a broken handshake and shows none on any nginx claims too much.
#[test]
fn every_rule_that_claims_a_broken_handshake_has_a_proof() {
    let without: Vec<String> = RuleSet::builtin()
        .iter()
        .filter(|rule| claims_failure(rule) && rule.examples().iter().all(|example| example.handshake.is_none()))
        .map(|rule| rule.id.clone())
        .collect();
    assert!(without.is_empty(), "no handshake in the examples of {without:?}");
}

/// Whether a proof is owed on this nginx: it is in the range of the rule and in that of the example.
fn concerns(rule: &Rule, handshake: &Handshake, nginx: &Nginx) -> bool {
    let (major, minor, patch) = nginx.version;
    let version = format!("{major}.{minor}.{patch}").parse().ok();
    // A range that cannot be read concerns every version, so that its proof is not left out.
    let range = handshake.nginx.as_deref().and_then(|range| range.parse::<VersionRange>().ok());
    rule.nginx.into_iter().chain(range).all(|range| range.concerns(version))
}

fn prove(nginx: &Nginx, example: &Example, handshake: &Handshake) -> Result<(), String> {
    let bad = site(example, &example.bad, handshake);
    expect(nginx, &bad, handshake, &handshake.bad).map_err(|why| format!("as it is: {why}"))?;
    if handshake.plain_fails {
        let running = bad.start(nginx).map_err(|outcome| outcome.to_string())?;
        if running.carries_plain(&handshake.path).is_ok() {
            return Err("as it is: plain requests go through all the same".into());
        }
    }
    let Some(text) = &example.good else { return Ok(()) };
    let good = site(example, text, handshake);
    let wanted = handshake.good.as_deref().unwrap_or("open");
    expect(nginx, &good, handshake, wanted).map_err(|why| format!("repaired: {why}"))?;
    if wanted == "open" {
        let running = good.start(nginx).map_err(|outcome| outcome.to_string())?;
        running.carries_plain(&handshake.path).map_err(|why| format!("repaired: a plain request fails: {why}"))?;
    }
    Ok(())
}

fn site(example: &Example, text: &str, handshake: &Handshake) -> Site {
    let context = match example.context.as_deref() {
        Some("main") => Context::Main,
        Some("server") => Context::Server,
        Some("location") => Context::Location,
        _ => Context::Http,
    };
    let mut site = Site::new(context, text);
    for (path, text) in &example.files {
        site = site.file(path, text);
    }
    if let Some(protocol) = &handshake.offers {
        site = site.header("Sec-WebSocket-Protocol", protocol);
    }
    let backend = &handshake.backend;
    let site = site.backends(Behaviour {
        strict_plain: backend.strict_plain,
        check_origin: backend.check_origin,
        sessions: backend.sessions,
        endpoint: backend.endpoint.clone(),
        ..Behaviour::default()
    });
    if handshake.bad == "cut" { site.shrink_timeouts(60) } else { site }
}

/// Tries the handshake and says what happened instead, if it is not what was wanted. An expected status stands for every
/// refusal of a backend: 400, 426 and 505 are three backends' words for the same thing.
fn expect(nginx: &Nginx, site: &Site, handshake: &Handshake, wanted: &str) -> Result<(), String> {
    if handshake.bad == "cut" {
        let running = site.start(nginx).map_err(|outcome| outcome.to_string())?;
        let cut = running.idle(&handshake.path, Duration::from_millis(2500)).map_err(|outcome| outcome.to_string())?;
        return match (wanted, cut) {
            ("cut", Some(_)) | ("open", None) => Ok(()),
            (_, cut) => Err(format!("expected it to be {wanted}, and it was closed after {cut:?}")),
        };
    }
    let outcome = site.handshake(nginx, &handshake.path);
    let refusals = [400, 426, 505];
    let holds = match (&outcome, wanted) {
        (Outcome::Open, "open")
        | (Outcome::Refused(_), "refused")
        | (Outcome::Broken101(_), "broken")
        | (Outcome::Closed, "closed")
        | (Outcome::Silent, "silent") => true,
        (Outcome::Status(answer), wanted) => wanted.parse::<u16>().is_ok_and(|wanted| {
            wanted == answer.status() || (refusals.contains(&wanted) && refusals.contains(&answer.status()))
        }),
        _ => false,
    };
    if holds { Ok(()) } else { Err(format!("expected {wanted}: {outcome}")) }
}
