//! A rule as JSON, for programs.

use serde_json::{Value, json as value};

use super::super::rule::Rule;
use super::super::schema::Example;
use super::{fixes, prose, url};
use crate::config::VersionRange;

/// Every field of a rule. Prose comes as paragraphs parted by an empty line; `nginx` as it is written in rule files.
pub fn json(rule: &Rule) -> Value {
    let text = |text: &str| prose::paragraphs(text).join("\n\n");
    let fixes: Vec<Value> = fixes(rule)
        .into_iter()
        .flat_map(|fix| fix.safety.into_iter().map(move |safety| (safety, fix.title.clone())))
        .map(|(safety, title)| value!({ "safety": safety.name(), "title": title }))
        .collect();
    value!({
        "id": rule.id,
        "group": rule.group,
        "summary": rule.summary,
        "severity": rule.severity.name(),
        "why": text(&rule.why),
        "symptom": text(&rule.symptom),
        "unless": rule.unless.as_deref().map(text),
        "nginx": rule.nginx.map(|range| match range {
            VersionRange::Before(version) => format!("<{version}"),
            VersionRange::From(version) => format!(">={version}"),
        }),
        "evidence": rule.evidence,
        "see": rule.see,
        "url": url(rule),
        "fixes": fixes,
        "examples": rule.examples().iter().map(example).collect::<Vec<_>>(),
    })
}

fn example(example: &Example) -> Value {
    value!({
        "name": example.name,
        "context": example.context.as_deref().unwrap_or("http"),
        "bad": example.bad,
        "good": example.good,
        "pedantic": example.pedantic,
        "unsafe": example.r#unsafe,
        "by-hand": example.by_hand,
        "files": example.files,
        "handshake": example.handshake.as_ref().map(|handshake| value!({
            "path": handshake.path,
            "bad": handshake.bad,
            "good": handshake.good.as_deref().unwrap_or("open"),
            "plain-fails": handshake.plain_fails,
            "nginx": handshake.nginx,
            "offers": handshake.offers,
            "backend": {
                "strict-plain": handshake.backend.strict_plain,
                "check-origin": handshake.backend.check_origin,
                "sessions": handshake.backend.sessions,
                "endpoint": handshake.backend.endpoint,
            },
        })),
    })
}
