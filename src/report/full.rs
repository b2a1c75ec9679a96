//! The report for people: what is wrong, where, why, and the lines that mend it.

use std::collections::HashSet;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::changes;
use super::escape::visible;
use super::frame::draw;
use super::model::{Diagnostic, FixInfo, Problem, Report};
use super::style::{Ink, Style, wrap};
use super::summary;
use crate::rules::{Safety, Severity};
use crate::websocket::Confidence;

/// Writes every finding with its excerpts, then the summary.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let writer = Writer { style };
    let mut explained = HashSet::new();
    for problem in &report.problems {
        writer.problem(problem, out)?;
    }
    for diagnostic in &report.diagnostics {
        writer.diagnostic(diagnostic, explained.insert(&diagnostic.rule), out)?;
    }
    if style.quiet {
        return Ok(());
    }
    remarks(report, style, out)?;
    let bad = !report.diagnostics.is_empty() || !report.problems.is_empty();
    let line = summary::wrapped(report, style);
    writeln!(out, "{}", style.paint(if bad { Ink::Strong } else { Ink::Added }, &line))
}

/// Writes what was done, and what limits the report.
///
/// # Errors
/// Those of `out`.
pub fn remarks(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = report.notes.iter().map(|note| visible(note).into_owned()).chain(summary::limits(report));
    lines.try_for_each(|line| Writer { style }.paragraph(&line, out))
}

/// Writes findings alone, one behind the other.
///
/// # Errors
/// Those of `out`.
#[cfg(feature = "live")]
pub(super) fn findings(findings: &[Diagnostic], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut explained = HashSet::new();
    findings.iter().try_for_each(|one| Writer { style }.diagnostic(one, explained.insert(&one.rule), out))
}

struct Writer<'s> {
    style: &'s Style,
}

impl Writer<'_> {
    /// The mechanism is explained where a rule speaks up first.
    fn diagnostic(&self, one: &Diagnostic, explain: bool, out: &mut dyn Write) -> io::Result<()> {
        self.heading(one.severity, (&one.rule, one.url.as_deref()), &one.message, out)?;
        for window in &one.excerpts {
            let frame = draw(window, one.severity, self.style).map_err(io::Error::other)?;
            out.write_all(frame.as_bytes())?;
        }
        if explain {
            self.item("why", &one.why, out)?;
        }
        self.doubt(one, out)?;
        if one.also > 0 {
            self.item("also", &format!("{} this line", shared(one.also)), out)?;
        }
        for fix in &one.fixes {
            self.fix(fix, out)?;
        }
        self.item("more", &format!("nginx-wslint explain {}", one.rule), out)?;
        writeln!(out)
    }

    /// Why it is believed, unless it is certain.
    fn doubt(&self, one: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
        if one.confidence == Confidence::Certain {
            return Ok(());
        }
        let believed = one.route.as_ref().and_then(|route| Some((route.confidence?, &route.why)));
        match believed.filter(|(confidence, _)| *confidence < Confidence::Certain) {
            Some((Confidence::Possible, why)) => self.item("route", &format!("may carry WebSockets: {why}"), out),
            Some((_, why)) => self.item("route", &format!("likely carries WebSockets: {why}"), out),
            None if one.open => Ok(()),
            None => self.item("sure", one.confidence.name(), out),
        }?;
        if one.open {
            self.item("open", "a file that is not here may say otherwise", out)?;
        }
        Ok(())
    }

    fn problem(&self, problem: &Problem, out: &mut dyn Write) -> io::Result<()> {
        let message = match &problem.excerpt {
            Some(_) => problem.message.clone(),
            None => format!("{}: {}", problem.file, problem.message),
        };
        self.heading(Severity::Error, (problem.kind(), None), &message, out)?;
        match &problem.excerpt {
            Some(window) => {
                let frame = draw(window, Severity::Error, self.style).map_err(io::Error::other)?;
                out.write_all(frame.as_bytes())?;
            }
            None => self.item("help", problem.help.as_deref().unwrap_or_default(), out)?,
        }
        writeln!(out)
    }

    /// `error[rule] message`; the rule is its name and the address of its page.
    fn heading(
        &self,
        severity: Severity,
        (rule, url): (&str, Option<&str>),
        message: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let name = format!("{}[{}]", severity.name(), visible(rule));
        let lines = wrap(&visible(message), self.style.columns() - 2, name.width() - 1);
        write!(out, "{}", self.style.link(url, &self.style.paint(Ink::Severity(severity), &name)))?;
        for (index, line) in lines.iter().enumerate() {
            let indent = if index == 0 { " " } else { "  " };
            if !line.is_empty() {
                write!(out, "{indent}{}", self.style.paint(Ink::Strong, line))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    /// A named line under the excerpt; nothing where there is nothing to say.
    fn item(&self, name: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut start = format!("{name:>6}: ");
        for line in wrap(&visible(text), self.style.columns() - INDENT, 0) {
            writeln!(out, "{}{line}", self.style.paint(Ink::Hint, &start))?;
            start = " ".repeat(INDENT);
        }
        Ok(())
    }

    fn fix(&self, fix: &FixInfo, out: &mut dyn Write) -> io::Result<()> {
        let how = match (fix.safety, &fix.withheld) {
            (Safety::Safe, _) => String::new(),
            (safety, Some(why)) => format!(" ({}: {why})", safety.name()),
            (safety, None) => format!(" ({})", safety.name()),
        };
        self.item("fix", &format!("{}{how}", fix.title), out)?;
        changes::write(&fix.preview, self.style, out)
    }

    fn paragraph(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        for (index, line) in wrap(text, self.style.columns() - 2, 0).iter().enumerate() {
            writeln!(out, "{}{line}", if index == 0 { "" } else { "  " })?;
        }
        Ok(())
    }
}

/// Columns before the text of items.
pub(super) const INDENT: usize = 8;

fn shared(also: usize) -> String {
    if also == 1 { "1 more route shares".into() } else { format!("{also} more routes share") }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn written(report: &Report, style: &Style) -> String {
        let mut out = Vec::new();
        write(report, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_says_what_where_why_and_what_to_do() {
        let report = Report { diagnostics: vec![sample::diagnostic()], ..Report::default() };
        let expected = "\
error[lost-headers] this line discards `Upgrade`
   ╭─[site.conf:4:5]
 3 │   location /ws {
 4 │     proxy_set_header Host $host;
   ·     ───────────────────────────
   ╰────
   ╭─[outer.conf:2:3]
 2 │   proxy_set_header Upgrade $http_upgrade;
   ·   ───────────────────┬───────────────────
   ·                      ╰── set here
   ╰────
   why: A block with lines of its own inherits none.
 route: likely carries WebSockets: its path ends in `/ws`
  also: 2 more routes share this line
   fix: repeat the headers
        4   proxy_set_header Host $host;
          + proxy_set_header Upgrade $http_upgrade;
  more: nginx-wslint explain lost-headers

1 error in 0 files; 1 fixable with --fix
";
        assert_eq!(written(&report, &Style::default()), expected);
    }

    #[test]
    fn colours_are_all_that_colours_add() {
        let report = sample::report();
        let coloured = written(&report, &Style { color: true, ..Style::default() });
        let mut plain = String::new();
        let mut parts = coloured.split('\x1b');
        plain.push_str(parts.next().unwrap());
        parts.for_each(|part| plain.push_str(part.split_once('m').unwrap().1));
        assert!(coloured.len() > plain.len());
        assert_eq!(plain, written(&report, &Style::default()));
    }

    #[test]
    fn everything_fits_and_is_ascii_where_asked() {
        let mut report = sample::report();
        report.diagnostics[0].message = "a rather long sentence ".repeat(9);
        report.diagnostics[0].fixes[0].preview[1].text = "word ".repeat(60);
        let text = written(&report, &Style { unicode: false, width: 60, ..Style::default() });
        assert!(text.is_ascii(), "{text}");
        let (above, _summary) = text.split_once("\n1 error, ").unwrap();
        assert!(above.lines().all(|line| line.len() <= 60), "{text}");
    }

    #[test]
    fn nothing_from_a_configuration_reaches_the_terminal_raw() {
        let mut report = sample::report();
        let evil = "\x1b]0;x\x07\u{202e}\n::error::";
        let one = &mut report.diagnostics[0];
        one.rule = evil.into();
        one.message = evil.into();
        one.fixes[0].title = evil.into();
        one.fixes[0].preview[0].text = evil.into();
        one.excerpts[0].file = evil.into();
        one.excerpts[0].lines[0].text = evil.into();
        one.excerpts[1].labels[0].message = Some(evil.into());
        one.route.as_mut().unwrap().why = evil.into();
        report.files[3].path = evil.into();
        report.unread[0].pattern = evil.into();
        report.problems[1].file = evil.into();
        report.notes.push(evil.into());
        let text = written(&report, &Style::default());
        assert!(!text.contains(['\x1b', '\x07', '\u{202e}']), "{text:?}");
        assert!(!text.contains("\n::error"), "{text}");
    }

    #[test]
    fn a_mechanism_is_explained_once() {
        let report = Report { diagnostics: vec![sample::diagnostic(), sample::diagnostic()], ..Report::default() };
        let text = written(&report, &Style::default());
        assert_eq!((text.matches("  why: ").count(), text.matches(" more: ").count()), (1, 2));
    }

    #[test]
    fn problems_come_first_and_are_shown() {
        let text = written(&sample::report(), &Style::default());
        assert!(text.starts_with("error[syntax-error] unexpected \"}\"\n   ╭─[broken.conf:3:1]\n 3 │ }\n"), "{text}");
        assert!(text.contains("error[unreadable] gone.conf: cannot be read: permission denied\n"), "{text}");
        assert!(text.contains("   fix: name a resolver (advice: the address is yours)\n"), "{text}");
    }
}
