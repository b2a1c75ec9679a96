//! Template languages with marks of their own: Jinja, Go templates, Handlebars, ERB, PHP, Terraform.
//!
//! Such a text is read with its marks masked, byte for byte, so that every span still holds in the text itself. What
//! prints a value becomes letters and so stays the word, or the part of a word, that it stands for. What steers, and
//! what stands on a line by itself and may print whole directives, becomes blanks.

use std::ops::Range;

use memchr::{memchr3_iter, memmem};

use super::super::ast::{Ast, SyntaxError};
use super::super::source::{Source, Span};
use super::{TEXT, Template, directive_of, word_at};

/// The longest construct looked for, in bytes; a mark that is not closed within it is none.
const LONGEST: usize = 4096;

const MARKS: [(&str, &str); 7] =
    [("{{{", "}}}"), ("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<%", "%>"), ("<?", "?>"), ("%{", "}")];

const GO_STEERS: [&str; 9] = ["if", "else", "end", "range", "with", "define", "block", "break", "continue"];
const TERRAFORM_STEERS: [&str; 5] = ["if", "else", "endif", "for", "endfor"];
const RUBY_STEERS: [&str; 14] =
    ["if", "unless", "else", "elsif", "end", "for", "while", "until", "case", "when", "begin", "rescue", "do", "}"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Prints a value.
    Value,
    /// Steers what is printed: a condition, a loop, an assignment.
    Control,
    /// Prints nothing.
    Comment,
}

#[derive(Clone, Debug)]
struct Construct {
    range: Range<usize>,
    kind: Kind,
    language: &'static str,
}

/// A text in which the constructs of a template language are masked.
pub(in super::super) struct Masked {
    /// As long as the original.
    pub(in super::super) text: String,
    /// Each construct, and whether it became blanks.
    constructs: Vec<(Range<usize>, bool)>,
    /// Where constructs that may print whole directives begin.
    gaps: Vec<usize>,
}

impl Masked {
    /// Masks all constructs of `text`.
    pub(in super::super) fn new(text: &str) -> Self {
        let found: Vec<Construct> = constructs(text).collect();
        let ends = line_ends(text, &found);
        let mut masked = Self {
            text: String::with_capacity(text.len()),
            constructs: Vec::with_capacity(found.len()),
            gaps: Vec::new(),
        };
        // The last byte on the line so far that is no blank.
        let mut before = None;
        for (construct, ends_line) in found.iter().zip(ends) {
            let plain = &text[masked.text.len()..construct.range.start];
            before = last_on_line(plain, before);
            masked.text.push_str(plain);
            let between = matches!(before, None | Some(b';' | b'{' | b'}'));
            let hidden = match construct.kind {
                Kind::Comment => true,
                Kind::Control => between,
                Kind::Value => between && ends_line,
            };
            let filler = if hidden { ' ' } else { 'x' };
            masked.text.extend(std::iter::repeat_n(filler, construct.range.len()));
            before = if hidden { before } else { Some(b'x') };
            if hidden && (construct.kind == Kind::Value || brings_text(&text[construct.range.clone()])) {
                masked.gaps.push(construct.range.start);
            }
            masked.constructs.push((construct.range.clone(), hidden));
        }
        masked.text.push_str(&text[masked.text.len()..]);
        masked
    }

    /// The offsets at which the template may print whole directives.
    pub(in super::super) fn gaps(&self) -> impl Iterator<Item = u32> + '_ {
        self.gaps.iter().map(|&at| Span::new(at..at).start)
    }

    /// Whether `error` may come of the template: hidden text stands before it, or a value in its own statement.
    pub(in super::super) fn explains(&self, ast: &Ast, error: &SyntaxError) -> bool {
        let cut_off = ast.nodes().get(error.doubtful.start as usize).map_or(error.span.start, |node| node.span.start);
        let from = cut_off.min(error.span.start) as usize;
        let upto = self.constructs.partition_point(|(range, _)| range.start <= error.offset as usize);
        self.constructs[..upto].iter().rev().any(|(range, hidden)| *hidden || range.start >= from)
    }
}

/// The first construct that shows that `source`, read as `ast`, is written in a template language. Comments and Lua
/// show nothing, nor do quoted texts that a directive only passes on.
pub(in super::super) fn evidence(source: &Source, ast: &Ast) -> Option<Template> {
    let found = constructs(source.text()).find(|construct| shows(source, ast, construct))?;
    let jinja = found.language == "Go template" && memmem::find(source.text().as_bytes(), b"{%").is_some();
    let language = if jinja { "Jinja" } else { found.language };
    Some(Template { language, span: Span::new(found.range) })
}

fn shows(source: &Source, ast: &Ast, construct: &Construct) -> bool {
    let at = Span::new(construct.range.clone()).start;
    // `{#` may be a block that begins with a comment: only a brace that nginx refuses is Jinja's.
    if source.text()[construct.range.clone()].starts_with("{#") {
        return ast.errors.iter().any(|error| error.offset == at);
    }
    if let Some(word) = word_at(ast, at) {
        return !TEXT.contains(&directive_of(source, ast, word));
    }
    let comment = ast.comments.partition_point(|comment| comment.end <= at);
    if ast.comments.get(comment).is_some_and(|comment| comment.start <= at) {
        return false;
    }
    let node = ast.nodes.partition_point(|node| node.span.start <= at);
    let lua = node.checked_sub(1).map(|node| &ast.nodes[node]);
    !lua.is_some_and(|node| node.span.end > at && node.body().is_some_and(|body| body.lua && body.open < at))
}

/// All constructs of a text, in order.
fn constructs(text: &str) -> impl Iterator<Item = Construct> + '_ {
    let mut behind = 0;
    memchr3_iter(b'{', b'<', b'%', text.as_bytes()).filter_map(move |at| {
        let found = if at < behind { None } else { construct(text, at) };
        behind = found.as_ref().map_or(behind, |construct| construct.range.end);
        found
    })
}

fn construct(text: &str, at: usize) -> Option<Construct> {
    let rest = &text[at..];
    // Most braces begin nothing of the kind.
    if !matches!(rest.as_bytes(), [b'{', b'{' | b'%' | b'#', ..] | [b'<', b'%' | b'?', ..] | [b'%', b'{', ..]) {
        return None;
    }
    let (open, close) = *MARKS.iter().find(|(open, _)| rest.starts_with(open))?;
    let body = &rest.as_bytes()[open.len()..];
    let length = memmem::find(&body[..body.len().min(LONGEST)], close.as_bytes())?;
    let inner = rest.get(open.len()..open.len() + length)?;
    let code = inner.trim_start_matches(['-', '~', '+', '=']).trim_start();
    let word = code.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let (kind, language) = match open {
        "{%" => (Kind::Control, "Jinja"),
        "{#" => (Kind::Comment, "Jinja"),
        "<%" => (ruby_kind(inner, code, word), "ERB"),
        "<?" if inner.starts_with('=') => (Kind::Value, "PHP"),
        "<?" if inner.starts_with("php") => (Kind::Control, "PHP"),
        "<?" => return None,
        "%{" if TERRAFORM_STEERS.contains(&word) => (Kind::Control, "Terraform"),
        "%{" => return None,
        // A value has no `;`, and `{{` at the end of a line is but a brace too many.
        _ if code.is_empty() || inner.contains(';') || inner.contains("{{") || inner.starts_with('\n') => return None,
        _ => curly_kind(open, code, word),
    };
    Some(Construct { range: at..at + open.len() + length + close.len(), kind, language })
}

/// Whether a construct that steers fetches text of another file or of a block that others fill in.
fn brings_text(construct: &str) -> bool {
    let code = construct.trim_start_matches(['{', '%', '<', '-', '~', '+']).trim_start();
    let word = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '>').next().unwrap_or_default();
    code.starts_with('>') || matches!(word, "include" | "block" | "call" | "template" | "render" | "partial" | "yield")
}

fn curly_kind(open: &str, code: &str, word: &str) -> (Kind, &'static str) {
    match code.as_bytes()[0] {
        b'/' if code.starts_with("/*") => (Kind::Comment, "Go template"),
        b'!' => (Kind::Comment, "Handlebars"),
        b'#' | b'/' | b'^' | b'>' => (Kind::Control, "Handlebars"),
        _ if open == "{{{" => (Kind::Value, "Handlebars"),
        _ if code.contains(":=") || GO_STEERS.contains(&word) => (Kind::Control, "Go template"),
        b'.' | b'$' => (Kind::Value, "Go template"),
        _ if word == "include" || word == "template" => (Kind::Value, "Go template"),
        _ => (Kind::Value, "Jinja"),
    }
}

fn ruby_kind(inner: &str, code: &str, word: &str) -> Kind {
    let steers = RUBY_STEERS.contains(&word) || code.starts_with('}') || code.contains(" do") || code.ends_with('{');
    match inner.as_bytes().first() {
        Some(b'#') => Kind::Comment,
        Some(b'=') => Kind::Value,
        // `<%-` prints in EJS and only trims in ERB.
        Some(b'-') if !steers && !code.contains('=') => Kind::Value,
        _ => Kind::Control,
    }
}

/// For each construct, whether only blanks, other constructs, a comment or a `}` follow it on its line.
fn line_ends(text: &str, constructs: &[Construct]) -> Vec<bool> {
    let mut ends = vec![false; constructs.len()];
    for (index, construct) in constructs.iter().enumerate().rev() {
        let next = constructs.get(index + 1);
        let gap = &text[construct.range.end..next.map_or(text.len(), |next| next.range.start)];
        let first = gap.bytes().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        ends[index] = match first {
            None => next.is_none() || ends[index + 1],
            Some(byte) => matches!(byte, b'\n' | b'#' | b'}'),
        };
    }
    ends
}

/// The last byte of `plain` that is no blank, on its last line; `before` when that line is blank and began earlier.
fn last_on_line(plain: &str, before: Option<u8>) -> Option<u8> {
    match plain.bytes().rev().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) {
        None => before,
        Some(b'\n') => None,
        Some(byte) => Some(byte),
    }
}
