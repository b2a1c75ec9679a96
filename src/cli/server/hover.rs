//! What is said of the place under the cursor: the route with all that is in effect on it, the values of a variable, the
//! rule of a finding.

use std::path::Path;

use gen_lsp_types::{Code, Contents, Hover, MarkupContent, MarkupKind, Range};
use nginx_wslint::config::{DefinitionKind, DirectiveId, Request, Tree, Values};
use nginx_wslint::report::Style;
use nginx_wslint::report::escape::visible;
use nginx_wslint::report::routes::{RouteView, cards};
use nginx_wslint::rules::docs::{self, Page};

use super::client::Client;
use super::cursor::Cursor;
use super::diagnostics::page;
use super::places::Places;

/// Fits a window of 80 columns with a border.
const WIDTH: usize = 76;
/// The most lines of a definition that are shown.
const MOST_LINES: usize = 24;

/// A part of a hover.
enum Part {
    /// Markdown that is readable as it is.
    Prose(String),
    /// Text with its language, which is shown with its own line ends and blanks.
    Text(&'static str, String),
}

/// All there is to say; none where nothing is known.
pub(super) fn of(
    cursor: &Cursor<'_, '_>,
    found: &[&gen_lsp_types::Diagnostic],
    places: &Places<'_>,
    client: &Client,
) -> Option<Hover> {
    let tree = cursor.tree();
    let mut parts = Vec::new();
    let mut range = None;
    if let Some((name, span)) = cursor.variable() {
        parts.extend(variable(cursor, &name));
        range = (!parts.is_empty()).then(|| places.range(tree.directive(cursor.directive).file, span));
    }
    if parts.is_empty() {
        parts.extend(routes(cursor));
    }
    let mut told: Vec<&str> = Vec::new();
    for one in found {
        if let Some(Code::String(id)) = &one.code
            && !told.contains(&id.as_str())
        {
            told.push(id);
            parts.extend(rule(cursor, id, client));
            range = range.or(Some(one.range));
        }
    }
    let range: Range = range.or_else(|| Some(places.head(cursor.directive)?.range))?;
    let kind = if client.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
    let value = parts.iter().map(|part| written(part, client.markdown)).collect::<Vec<_>>();
    let value = value.join(if client.markdown { "\n---\n\n" } else { "\n\n" });
    let contents = Contents::MarkupContent(MarkupContent { kind, value });
    (!parts.is_empty()).then_some(Hover { contents, range: Some(range) })
}

fn written(part: &Part, markdown: bool) -> String {
    match part {
        Part::Prose(text) => text.clone(),
        Part::Text(_, text) if !markdown => text.clone(),
        Part::Text(language, text) => {
            // Longer than any in the text, which could end the block otherwise.
            let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
            let fence = "`".repeat(3.max(longest + 1));
            format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
        }
    }
}

/// The route cards of a location or of a `*_pass`.
fn routes(cursor: &Cursor<'_, '_>) -> Option<Part> {
    let tree = cursor.tree();
    let on = cursor.directive;
    let all = cursor.home.checked.routes.all.iter().filter(|route| {
        let block = route.location_block == Some(on) || route.block == on;
        cursor.is_on_head() && (route.pass == on || block)
    });
    let version = cursor.home.session.linter.options.version;
    let views: Vec<RouteView> =
        all.map(|route| RouteView::new(tree, route, version).seen_from(folder(cursor))).collect();
    let style = Style { width: WIDTH, ..Style::default() };
    (!views.is_empty()).then(|| Part::Text("text", cards(&views, style)))
}

/// The folder of the main file, from which the user's files are named: there is little room.
fn folder<'p>(cursor: &Cursor<'p, '_>) -> &'p Path {
    cursor.home.job.root.parent().unwrap_or(Path::new(""))
}

/// Where a variable gets its value, and what it becomes.
fn variable(cursor: &Cursor<'_, '_>, name: &str) -> Vec<Part> {
    let tree = cursor.tree();
    let definitions = tree.definitions(name);
    let mut parts = Vec::new();
    for definition in definitions.iter().filter(|definition| definition.kind != DefinitionKind::Other) {
        let source = tree.source(definition.at);
        let line = source.line_column(tree.head(definition.at).start).line;
        let file = source.path().strip_prefix(folder(cursor)).unwrap_or(source.path());
        let head = format!("# {}:{line}", visible(&file.display().to_string()));
        parts.push(Part::Text("nginx", format!("{head}\n{}", definition_text(tree, definition.at))));
    }
    if !parts.is_empty() {
        let block = tree.directive(cursor.directive).parent;
        let becomes = |request| values(&tree.evaluate(&format!("${name}"), request, block));
        let (handshake, plain) = (becomes(Request::Handshake), becomes(Request::Plain));
        let text = format!("for a WebSocket handshake: {handshake}\nfor a plain request:       {plain}");
        parts.push(Part::Text("text", text));
    }
    parts
}

/// The lines of a definition as they are written, without the indentation that they share.
fn definition_text(tree: &Tree, at: DirectiveId) -> String {
    let source = tree.source(at);
    let span = tree.node(at).span;
    let indent = (span.start - source.line_span(span.start).start) as usize;
    let mut lines = source.slice(span).lines().map(|line| {
        let blank = line.len() - line.trim_start().len();
        line.get(blank.min(indent)..).unwrap_or(line)
    });
    let mut text = lines.by_ref().take(MOST_LINES).collect::<Vec<_>>().join("\n");
    let more = lines.count();
    if more > 0 {
        text.push_str(&format!("\n# {more} more lines"));
    }
    text
}

fn values(values: &Values) -> String {
    let mut all: Vec<String> = values.known.iter().map(|value| format!("\"{value}\"")).collect();
    if values.open {
        all.push(if all.is_empty() { "what only the running nginx knows" } else { "something else" }.to_owned());
    }
    if all.is_empty() { "nothing".to_owned() } else { all.join(" or ") }
}

/// The page of a rule.
fn rule(cursor: &Cursor<'_, '_>, id: &str, client: &Client) -> Option<Part> {
    let rule = cursor.home.session.linter.rules.get(id)?;
    if !client.markdown {
        return Some(Part::Prose(docs::page(rule, Page { width: 80, color: false })));
    }
    let heading = match page(rule) {
        Some(url) => format!("[{id}]({url})"),
        None => id.to_owned(),
    };
    Some(Part::Prose(format!("### {heading}\n\n{}", in_lines(&docs::markdown(rule)))))
}

/// Markdown with its paragraphs in lines of a window: some editors cut long ones anywhere, and to the others a line end
/// inside a paragraph is a blank.
fn in_lines(markdown: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for line in markdown.lines() {
        is_code ^= line.starts_with("```");
        if is_code || line.starts_with('|') {
            out.push_str(line);
        } else {
            fill(line, &mut out);
        }
        out.push('\n');
    }
    out
}

/// Adds a paragraph, or an item of a list, in lines of [`WIDTH`]. No line begins with what would begin a list or a heading.
fn fill(line: &str, out: &mut String) {
    let begins_block = |word: &str| {
        let number = word.trim_end_matches(['.', ')']);
        word.starts_with('>')
            || word.bytes().all(|byte| b"-+*#=".contains(&byte))
            || (number.len() < word.len() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let indent = if line.starts_with("- ") { "  " } else { "" };
    let mut column = 0;
    for (index, word) in line.split(' ').enumerate() {
        let width = word.chars().count();
        if index > 0 && column + 1 + width > WIDTH && !begins_block(word) {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else if index > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_filled_and_code_is_left_alone() {
        let long = "word ".repeat(40);
        let code = format!("```nginx\n{}\n```", "x ".repeat(60));
        let text = in_lines(&format!("**Why.** {long}\n\n{code}\n\n- {long}"));
        assert!(text.contains(&code));
        let prose: Vec<&str> = text.lines().filter(|line| !line.starts_with('x')).collect();
        assert!(prose.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(prose.iter().filter(|line| line.starts_with("  word")).count(), 2, "{text}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&text), words(&format!("**Why.** {long}\n{code}\n- {long}")));
    }

    #[test]
    fn no_line_begins_a_list_by_chance() {
        let start = "w".repeat(WIDTH - 2);
        for sign in ["-", "#", "1.", "+", ">"] {
            assert!(!in_lines(&format!("{start} {sign} tail")).contains(&format!("\n{sign}")), "{sign}");
        }
    }
}
