//! Markdown for the summary of a step of GitHub Actions, which has room for what annotations leave out.

use super::escape::visible;
use super::github::{Annotation, annotations};
use super::model::Report;
use super::paths::Base;
use super::summary;

/// Rows of the table. A summary may have 1 MiB; a message has a few hundred bytes.
const MOST: usize = 500;

/// The numbers, and a table of everything that was found, errors first.
pub fn write(report: &Report) -> String {
    let mut out = format!("### {}\n\n{}\n", env!("CARGO_PKG_NAME"), text(&summary::line(report)));
    let all = annotations(report);
    if !all.is_empty() {
        out.push_str("\n| | rule | place | message |\n|---|---|---|---|\n");
    }
    all.iter().take(MOST).for_each(|one| out.push_str(&row(one, &report.base)));
    if all.len() > MOST {
        out.push_str(&format!("\n{} more are not listed here.\n", all.len() - MOST));
    }
    let more = report.notes.iter().map(|note| visible(note).into_owned()).chain(summary::limits(report));
    let more: Vec<String> = more.map(|line| format!("- {}\n", text(&line))).collect();
    if !more.is_empty() {
        out.push('\n');
        out.extend(more);
    }
    out
}

fn row(one: &Annotation<'_>, base: &Base) -> String {
    let line = one.place.map_or_else(String::new, |(start, _)| format!(":{}", start.line));
    let place = code(&format!("{}{line}", base.relative(one.file)));
    let rule = match one.url.filter(|url| url.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>|".contains(&byte)))
    {
        Some(url) => format!("[{}]({url})", text(one.title)),
        None => text(one.title),
    };
    format!("| {} | {rule} | {place} | {} |\n", one.severity.name(), text(one.message))
}

/// Text in which Markdown and HTML find nothing to read but code between backquotes.
fn text(text: &str) -> String {
    let text = visible(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        // An odd part stands between two backquotes, unless the second one is missing.
        if index % 2 == 1 && index + 1 < parts.len() {
            out.push_str(&code(part));
        } else {
            escaped(part, &mut out);
        }
    }
    out
}

/// HTML's own element for code: it takes any text, and no vertical line ends the cell of a table.
fn code(text: &str) -> String {
    let mut out = String::from("<code>");
    escaped(&visible(text), &mut out);
    out + "</code>"
}

/// Every character that means something to Markdown or HTML as a reference to it.
fn escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '/' | '.' | ',' | ';' | '-' | '\'') {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn everything_found_stands_in_a_table() {
        let text = write(&sample::report());
        assert!(text.starts_with("### nginx-wslint\n\n1 error, 1 warning, 1 syntax error"), "{text}");
        let row = "| error | [lost-headers](https://nginx.org/) | <code>site.conf&#58;4</code> | this line discards \
            <code>Upgrade</code> |\n";
        assert!(text.contains(row), "{text}");
        assert_eq!(text.matches("\n| ").count(), 5);
    }

    #[test]
    fn nothing_in_a_configuration_is_markup() {
        let mut report = sample::report();
        report.diagnostics[0].message = "a|b\n| <img src=x> `c|d` [x](y) **z** `open".into();
        report.diagnostics[0].file = "a`|b.conf".into();
        let text = write(&report);
        let row = text.lines().find(|line| line.contains("img")).unwrap();
        assert_eq!(row.matches('|').count(), 5, "{row}");
        assert!(
            !row.contains(['`', '*', '<'])
                || !row.replace("<code>", "").replace("</code>", "").contains(['`', '*', '<'])
        );
    }
}
