//! A log's summary for people.

use super::access::{AccessSummary, meaning};
use super::messages::Message;
use super::summary::{Cause, Group, LogSummary};
use super::timeline::{Seconds, clock, spark};
use crate::live::page::Page;
use crate::report::{Ink, Style};
use crate::rules::Severity;

/// Draws a summary: the causes, the worst first, then what the access log says, then what was read.
pub fn write(summary: &LogSummary, style: &Style) -> String {
    let mut page = Page::new(style);
    for cause in &summary.causes {
        write_cause(&mut page, summary, cause, style);
        page.gap();
    }
    if let Some(access) = &summary.access {
        write_access(&mut page, access);
        page.gap();
    }
    write_end(&mut page, summary);
    page.finish()
}

fn write_cause(page: &mut Page<'_>, summary: &LogSummary, cause: &Cause, style: &Style) {
    page.heading(cause.severity, &cause.id, &cause.cause);
    let times = if cause.count == 1 { "once" } else { &format!("{} times", number(cause.count)) };
    page.item("seen", &format!("{times}, {}", between(cause.from, cause.to, summary)));
    if cause.from != cause.to || summary.from != summary.to {
        let edge = if style.unicode { '│' } else { '|' };
        page.item("when", &format!("{edge}{}{edge}", no_break(&spark(&cause.timeline, style.unicode))));
    }
    let width = cause.groups.first().map_or(0, |group| number(group.count).len());
    for (at, group) in cause.groups.iter().enumerate() {
        let count = if cause.groups.len() > 1 || cause.in_more_groups > 0 {
            format!("{} ", no_break(&format!("{:>width$}", number(group.count))))
        } else {
            String::new()
        };
        page.item(if at == 0 { "where" } else { "" }, &format!("{count}{}", place(group)));
    }
    if cause.in_more_groups > 0 {
        page.item("", &format!("{} in others", no_break(&format!("{:>width$}", number(cause.in_more_groups)))));
    }
    page.item("last", &cause.message);
    page.item("fix", &cause.change);
    for (at, rule) in cause.rules.iter().enumerate() {
        page.item(if at == 0 { "more" } else { "" }, &format!("nginx-wslint explain {rule}"));
    }
}

/// What a message means, for one who follows a log and sees it for the first time.
pub fn explain(message: &Message, style: &Style) -> String {
    let mut page = Page::new(style);
    page.item("", &message.cause);
    page.item("fix", &message.change);
    page.finish()
}

/// `chat.example.com /ws -> http://127.0.0.1:3000`
fn place(group: &Group) -> String {
    let mut words = Vec::new();
    words.extend(Some(group.server.as_str()).filter(|server| !server.is_empty()));
    words.extend(Some(group.route.as_str()).filter(|route| !route.is_empty()));
    if !group.upstream.is_empty() {
        words.extend(["->", &group.upstream]);
    }
    if words.is_empty() { "the line tells neither server nor route".to_owned() } else { words.join(" ") }
}

/// How many handshakes failed and how, in a sentence; none if none did.
fn failed(access: &AccessSummary) -> Option<String> {
    const MOST: usize = 3;
    let first = access.failures.first()?;
    let (all, count, status) = (number(access.failed), number(first.count), first.status);
    let meaning = meaning(status).map(|(meaning, _)| format!(": {meaning}")).unwrap_or_default();
    if access.failed == 1 {
        return Some(format!("A handshake failed with {status}{meaning}."));
    }
    if first.count == access.failed {
        return Some(format!("{all} handshakes failed with {status}{meaning}."));
    }
    if first.count * 2 > access.failed {
        return Some(format!("{all} handshakes failed, {count} of them with {status}{meaning}."));
    }
    let (named, others) = access.failures.split_at(access.failures.len().min(MOST));
    let mut parts: Vec<String> = named.iter().map(|one| format!("{} with {}", number(one.count), one.status)).collect();
    let others: u64 = others.iter().map(|one| one.count).sum();
    parts.extend((others > 0).then(|| format!("{} with others", number(others))));
    Some(format!("{all} handshakes failed: {}.", parts.join(", ")))
}

fn write_access(page: &mut Page<'_>, access: &AccessSummary) {
    // The status with which most of them failed; none if it was by turns.
    let worst = access.failures.first().filter(|one| one.count * 2 > access.failed).map(|one| one.status);
    match failed(access) {
        Some(text) => page.heading(Severity::Error, "failed-handshakes", &text),
        None => page.paragraph(Some(Ink::Strong), "access log"),
    }
    page.item("opened", &if access.upgraded == 0 { "none".to_owned() } else { number(access.upgraded) });
    for (at, route) in access.routes.iter().enumerate() {
        let statuses: Vec<String> =
            route.statuses.iter().map(|one| format!("{} x {}", number(one.count), one.status)).collect();
        page.item(if at == 0 { "routes" } else { "" }, &format!("{}: {}", route.path, statuses.join(", ")));
    }
    if access.more_routes > 0 {
        page.item("", &format!("and {} more", access.more_routes));
    }
    let all = access.routes.iter().flat_map(|route| &route.statuses).chain(&access.failures);
    let mut statuses: Vec<u16> = all.map(|one| one.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut label = "means";
    for status in statuses.into_iter().filter(|&status| Some(status) != worst) {
        if let Some((meaning, rule)) = meaning(status) {
            let rule = rule.map(|rule| format!(" ({rule})")).unwrap_or_default();
            page.item(std::mem::take(&mut label), &format!("{status}: {meaning}{rule}"));
        }
    }
    if let Some(lifetimes) = &access.lifetimes {
        let mut text = format!("half of them for less than {} s", lifetimes.median + 1);
        if let Some(cut) = lifetimes.cut() {
            let share = lifetimes.at_peak * 100 / lifetimes.known.max(1);
            text.push_str(&format!(
                "; {share} % ended after {cut} s, as by a timeout: compare `proxy_read_timeout` (missing-read-timeout)"
            ));
        }
        page.item("lasted", &text);
    } else if access.upgraded > 0 {
        page.item("lasted", "the format lacks `$request_time`, which tells it");
    }
    page.item("note", "An access log tells neither which requests were handshakes (these are routes where one was answered 101 or 426, or with a usual path) nor who closed a WebSocket; its line is written when the WebSocket ends.");
    if let Some((_, rule)) = worst.and_then(meaning) {
        let next = rule.map_or_else(|| "nginx-wslint doctor".to_owned(), |rule| format!("nginx-wslint explain {rule}"));
        page.item("more", &next);
    }
}

fn write_end(page: &mut Page<'_>, summary: &LogSummary) {
    if summary.error_log_lines > 0 && !summary.shows_info {
        let said = "No line is below level warn: WebSockets that nginx cuts because they are idle are told at level info only. `error_log … info;` shows them.";
        page.paragraph(None, said);
    }
    let count = |severity: Severity| {
        let failed = severity == Severity::Error && summary.failed_handshakes() > 0;
        summary.causes.iter().filter(|cause| cause.severity == severity).count() + usize::from(failed)
    };
    let found: Vec<String> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| (count(severity), severity.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let found = if found.is_empty() { "nothing about WebSockets".to_owned() } else { found.join(", ") };
    let span = summary.from.zip(summary.to).map(|(from, to)| format!(", {}", between(from, to, summary)));
    let early = match summary.before_since {
        0 => String::new(),
        early => format!("; {} earlier ones left out", number(early)),
    };
    let lines = if summary.lines == 1 { "line" } else { "lines" };
    let first = summary.causes.first().filter(|cause| cause.severity > Severity::Info && summary.causes.len() > 2);
    let begin = first.map(|cause| format!("; begin with {}", cause.id)).unwrap_or_default();
    let text = format!("{found} in {} {lines}{}{early}{begin}", number(summary.lines), span.unwrap_or_default());
    let ink = if summary.is_bad() { Ink::Strong } else { Ink::Added };
    page.paragraph(Some(ink), &text);
    if summary.is_no_log() {
        page.paragraph(None, "No line has the form of nginx's error log, nor of its combined access log.");
    }
}

/// A span of time, without what the reader knows already.
fn between(from: Seconds, to: Seconds, summary: &LogSummary) -> String {
    let (first, last) = (clock(from), clock(to));
    let one_day = |a: &str, b: &str| a.split(' ').next() == b.split(' ').next();
    let short = |time: &str| time.split(' ').nth(1).unwrap_or(time).to_owned();
    let within =
        summary.from.zip(summary.to).is_some_and(|(a, b)| (a, b) != (from, to) && one_day(&clock(a), &clock(b)));
    let (first, last) = match (within, one_day(&first, &last)) {
        (true, _) => (short(&first), short(&last)),
        (false, true) => (first, short(&last)),
        (false, false) => (first, last),
    };
    if from == to { format!("at {first}") } else { format!("from {first} to {last}") }
}

/// A number with its thousands apart.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text with blanks at which no line is broken.
fn no_break(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}
