//! A rule's text in its parts, for formats that lay it out themselves.

use super::super::rule::Rule;
use super::super::severity::Severity;
use super::{FixDoc, Line, caption, diff, fixes, markdown, measured, proof, prose, severities, url, versions};

/// Everything a rule says of itself, without layout. Prose comes in paragraphs.
#[derive(Clone, Debug)]
pub struct Article {
    /// The rule.
    pub id: String,
    /// Its group.
    pub group: String,
    /// One line: what is wrong.
    pub summary: String,
    /// How bad by itself.
    pub severity: Severity,
    /// How bad in words: `error`, or `info, in some cases warning`.
    pub severities: String,
    /// The versions of nginx it speaks of.
    pub versions: Option<String>,
    /// The mechanism.
    pub why: Vec<String>,
    /// What the user sees.
    pub symptom: Vec<String>,
    /// When not to follow it.
    pub unless: Vec<String>,
    /// Its repairs.
    pub fixes: Vec<FixDoc>,
    /// Configurations that show it.
    pub examples: Vec<ExampleDoc>,
    /// What was measured.
    pub measured: String,
    /// Documentation.
    pub see: Vec<String>,
    /// Its page, as far as that has an address on the web.
    pub url: Option<String>,
    /// All of it in Markdown, without a heading.
    pub markdown: String,
}

/// An example of a rule.
#[derive(Clone, Debug)]
pub struct ExampleDoc {
    /// What it shows.
    pub caption: String,
    /// Further files, by name.
    pub files: Vec<(String, String)>,
    /// Its lines, each with `-`, `+` or a blank for what the repair does to it.
    pub lines: Vec<(char, String)>,
    /// What a real nginx does with it.
    pub proof: Option<String>,
}

/// The text of a rule in its parts.
pub fn article(rule: &Rule) -> Article {
    let examples = rule.examples().iter().map(|example| ExampleDoc {
        caption: caption(example),
        files: example.files.iter().map(|(path, text)| (path.clone(), text.clone())).collect(),
        lines: diff(example).into_iter().map(|(line, text)| (Line::sign(line), text)).collect(),
        proof: example.handshake.as_ref().map(|handshake| proof(handshake, example.good.is_some())),
    });
    Article {
        id: rule.id.clone(),
        group: rule.group.clone(),
        summary: rule.summary.clone(),
        severity: rule.severity,
        severities: severities(rule),
        versions: versions(rule),
        why: prose::paragraphs(&rule.why),
        symptom: prose::paragraphs(&rule.symptom),
        unless: rule.unless.as_deref().map(prose::paragraphs).unwrap_or_default(),
        fixes: fixes(rule),
        examples: examples.collect(),
        measured: measured(rule).to_owned(),
        see: rule.see.clone(),
        url: web_address(rule),
        markdown: markdown(rule),
    }
}

/// The address of a rule's page on the web, else of the first page that it names. What no address may have in it is
/// percent-encoded (RFC 3986).
pub fn web_address(rule: &Rule) -> Option<String> {
    let on_the_web = |address: &String| address.starts_with("https://") || address.starts_with("http://");
    let address = url(rule).filter(on_the_web).or_else(|| rule.see.iter().find(|address| on_the_web(address)).cloned());
    address.map(|address| encoded(&address))
}

fn encoded(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_whatever_a_rule_says() {
        assert_eq!(encoded("https://a.example/?a=1&b=%20#c"), "https://a.example/?a=1&b=%20#c");
        assert_eq!(encoded("https://a.example/\"<\u{1b}ä>"), "https://a.example/%22%3C%1B%C3%A4%3E");
    }
}
