//! What of an answer is shown beside its status.

use super::diagnosis::Diagnosis;
use super::report::Answer;
use super::status::is_nginx_page;

/// What of an answer is shown: what is wrong beside the first fault, and what tells where it is from.
pub(super) fn notes(answer: &Answer, faults: &[Diagnosis]) -> Vec<String> {
    let mut notes: Vec<String> = faults.iter().skip(1).map(|fault| fault.sentence.clone()).collect();
    let shown: &[&str] = if answer.status == 101 && faults.is_empty() {
        &["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"]
    } else if answer.status == 101 {
        &["Server", "Via", "Upgrade", "Connection"]
    } else {
        &["Server", "Via", "Location", "WWW-Authenticate", "Content-Type", "Sec-WebSocket-Version"]
    };
    for name in shown {
        notes.extend(answer.all(name).map(|value| format!("{name}: {}", clipped(value, 200))));
    }
    if answer.status != 101 {
        if is_nginx_page(answer) {
            notes.push("its page is one that nginx makes itself".into());
        } else if let Some(line) = first_line(&answer.body) {
            notes.push(format!("body: {line}"));
        }
    }
    notes
}

/// The first line of a body that says something: text, or the text of a page.
fn first_line(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    let line = title.or_else(|| text.lines().find(|line| !line.trim().is_empty()))?;
    Some(clipped(line.trim(), 120))
}

/// As much of a text as is worth a line.
pub(super) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
