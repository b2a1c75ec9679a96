//! A rule as a page for the terminal.

use super::super::finding::Safety;
use super::super::rule::Rule;
use super::super::schema::Example;
use super::super::severity::Severity;
use super::{Line, caption, diff, fixes, measured, proof, prose, severities, url, versions};

/// What a page has to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to use colours (ANSI escape sequences).
    pub color: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { width: 80, color: false }
    }
}

/// A rule's whole text: what is wrong, why, what one sees, how it is repaired, when not to.
pub fn page(rule: &Rule, page: Page) -> String {
    let mut writer = Writer { page, out: String::new() };
    writer.title(rule);
    writer.section("Why it breaks", &rule.why);
    writer.section("What you see", &rule.symptom);
    writer.repairs(rule);
    if let Some(unless) = &rule.unless {
        writer.section("When not to follow it", unless);
    }
    for example in rule.examples() {
        writer.example(example);
    }
    writer.section("Measured", measured(rule));
    writer.links(rule);
    writer.out
}

/// A short page: a name, a line on what it is, and sections of prose.
pub(super) fn sections(name: &str, title: &str, sections: &[(&str, &str)], page: Page) -> String {
    let mut writer = Writer { page, out: String::new() };
    writer.line(&format!("{}  {}", writer.styled(BOLD, name), writer.styled(RED, Severity::Error.name())));
    writer.paragraph(title, 0, "");
    for (title, text) in sections {
        writer.section(title, text);
    }
    writer.out
}

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BLUE: &str = "34";
const CYAN: &str = "36";

struct Writer {
    page: Page,
    out: String,
}

impl Writer {
    fn title(&mut self, rule: &Rule) {
        let color = match rule.severity {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
            Severity::Info => BLUE,
        };
        let name = self.styled(BOLD, &format!("{}/{}", rule.group, rule.id));
        let mut facts = vec![self.styled(color, &severities(rule))];
        facts.extend(versions(rule));
        self.line(&format!("{name}  {}", facts.join(", ")));
        self.paragraph(&rule.summary, 0, "");
    }

    fn section(&mut self, title: &str, text: &str) {
        self.heading(title);
        for (index, paragraph) in prose::paragraphs(text).iter().enumerate() {
            if index > 0 {
                self.line("");
            }
            self.paragraph(paragraph, 2, "");
        }
    }

    fn repairs(&mut self, rule: &Rule) {
        let fixes = fixes(rule);
        if fixes.is_empty() {
            return;
        }
        self.heading("The repair");
        for fix in fixes {
            let how = match fix.safety[..] {
                [Safety::Safe] => "`--fix` applies it".to_owned(),
                [Safety::Unsafe] => "`--fix --unsafe-fixes` applies it".to_owned(),
                [Safety::Advice] => "by hand".to_owned(),
                _ => fix.safety_text(),
            };
            self.paragraph(&format!("{} ({how})", fix.title), 4, "- ");
        }
    }

    fn example(&mut self, example: &Example) {
        self.heading(&caption(example).replace('`', ""));
        for (path, text) in &example.files {
            let path = self.styled(BOLD, path);
            self.line(&format!("    {path}"));
            for line in text.trim_end().lines() {
                self.line(&format!("      {line}"));
            }
            self.line("");
        }
        for (kind, text) in diff(example) {
            let line = format!("  {} {text}", kind.sign());
            let line = line.trim_end();
            let line = match kind {
                Line::Same => line.to_owned(),
                Line::Removed => self.styled(RED, line),
                Line::Added => self.styled(GREEN, line),
            };
            self.line(&line);
        }
        if let Some(handshake) = &example.handshake {
            self.line("");
            self.paragraph(&proof(handshake, example.good.is_some()), 2, "");
        }
    }

    fn links(&mut self, rule: &Rule) {
        // Whoever has installed the program has no copy of the repository: a page in it is named by its address alone.
        let page = url(rule).filter(|page| page.contains("://") && !rule.see.contains(page));
        self.heading("See also");
        for link in rule.see.iter().cloned().chain(page) {
            self.line(&format!("  {link}"));
        }
        self.line(&format!("  nginx-wslint explain {}, for the other rules of the group", rule.group));
    }

    fn heading(&mut self, title: &str) {
        self.line("");
        for line in prose::wrap(title, self.page.width) {
            let line = self.styled(BOLD, &line);
            self.line(&line);
        }
    }

    /// Wrapped text; `mark` stands in the indent of the first line.
    fn paragraph(&mut self, text: &str, indent: usize, mark: &str) {
        let width = self.page.width.saturating_sub(indent).max(20);
        let mut in_code = false;
        for (index, line) in prose::wrap(text, width).into_iter().enumerate() {
            let mark = if index == 0 { mark } else { "" };
            let line = if self.page.color { colored_code(&line, &mut in_code) } else { line };
            self.line(&format!("{mark:>indent$}{line}"));
        }
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.page.color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }
}

/// A line with what stands between backticks in colour instead; such a stretch may go on over the line's end.
fn colored_code(line: &str, in_code: &mut bool) -> String {
    let on = format!("\x1b[{CYAN}m");
    let off = "\x1b[0m";
    let mut out = if *in_code { on.clone() } else { String::new() };
    for (index, piece) in line.split('`').enumerate() {
        if index > 0 {
            *in_code = !*in_code;
            out.push_str(if *in_code { &on } else { off });
        }
        out.push_str(piece);
    }
    if *in_code {
        out.push_str(off);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;

    #[test]
    fn pages_fit_the_width_but_for_addresses_and_configurations() {
        for rule in RuleSet::builtin().iter() {
            let text = page(rule, Page::default());
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
            let is_verbatim = |line: &&str| {
                line.contains("https://")
                    || rule.examples().iter().any(|example| {
                        let text = line.trim_start_matches([' ', '+', '-']);
                        example.bad.contains(text) || example.good.as_ref().is_some_and(|good| good.contains(text))
                    })
            };
            assert!(wide.iter().all(is_verbatim), "{}: {wide:#?}", rule.id);
        }
    }

    #[test]
    fn colours_change_no_words() {
        for rule in RuleSet::builtin().iter() {
            let plain = page(rule, Page::default()).replace('`', "");
            let mut colored = page(rule, Page { color: true, ..Page::default() });
            for style in [BOLD, RED, GREEN, YELLOW, BLUE, CYAN, "0"] {
                colored = colored.replace(&format!("\x1b[{style}m"), "");
            }
            // An example's text may hold backticks of its own.
            assert_eq!(colored.replace('`', ""), plain, "{}", rule.id);
        }
    }

    #[test]
    fn code_that_is_wrapped_is_coloured_on_both_lines() {
        let mut in_code = false;
        assert_eq!(colored_code("a `b", &mut in_code), "a \x1b[36mb\x1b[0m");
        assert_eq!(colored_code("c` d", &mut in_code), "\x1b[36mc\x1b[0m d");
        assert!(!in_code);
    }
}
