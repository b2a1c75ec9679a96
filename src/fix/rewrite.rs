//! Turns the plan of a finding into edits.

use std::cell::OnceCell;
use std::path::Path;

use super::headers::Served;
use super::layout::Layout;
use super::maps::{Known, Purpose};
use crate::config::{DirectiveId, File, FileId, Name, ROOT, Tree};
use crate::rules::{Finding, Op, Place, Plan, Safety};
use crate::syntax::Span;
use crate::syntax::edit::Edit;
use crate::websocket::{Routes, is_for, value};

/// A change to one file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEdit {
    /// The file.
    pub file: FileId,
    /// The change.
    pub edit: Edit,
}

/// Why a plan is not carried out, or not unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Withheld(pub(super) String);

impl Withheld {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Why a file is not to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bar {
    /// No text can be proposed for it.
    Unfit(&'static str),
    /// It was not asked for: what belongs there can be said, not written.
    NotAsked,
}

/// Writes the edits of plans for one tree.
pub struct Rewriter<'a> {
    pub(super) tree: &'a Tree,
    pub(super) routes: &'a Routes,
    editable: &'a dyn Fn(&Path) -> bool,
    /// Why each file that was asked about is not to be written; none where it may be. Finding out may take a look at the
    /// disk, and most files have nothing to be changed.
    barred: Vec<OnceCell<Option<Bar>>>,
    pub(super) known: Known,
    pub(super) served: OnceCell<Served>,
}

impl<'a> Rewriter<'a> {
    /// `editable` says of each file whether it may be written at all; one with syntax errors, a template, or one that
    /// only stands in for a file of the system never is.
    pub fn new(tree: &'a Tree, routes: &'a Routes, editable: &'a dyn Fn(&Path) -> bool) -> Self {
        let barred = vec![OnceCell::new(); tree.files().len()];
        Self { tree, routes, editable, barred, known: Known::default(), served: OnceCell::new() }
    }

    fn bar(&self, id: FileId) -> Option<Bar> {
        *self.barred[id.0 as usize].get_or_init(|| {
            let file = self.tree.file(id);
            match () {
                () if file.well_known => Some(Bar::Unfit("which the system ships")),
                () if file.ast.template().is_some() => Some(Bar::Unfit("a template, which is not edited")),
                () if !self.tree.is_understood(id) => Some(Bar::Unfit("which has to be readable first")),
                () if !(self.editable)(file.source.path()) => Some(Bar::NotAsked),
                () => None,
            }
        })
    }

    pub(super) fn may_edit(&self, file: FileId) -> bool {
        self.bar(file).is_none()
    }

    /// The edits of a finding's plan, sorted. The plan is made less safe, with the reason, where the rule alone could not
    /// know better; without edits it is advice. Edits of a file that may not be written are advice too: they say what is
    /// to be written where.
    pub fn edits(&self, finding: &Finding<'_>, plan: &mut Plan) -> Vec<FileEdit> {
        let mut all = Vec::new();
        for op in plan.ops.clone() {
            match self.op(finding, plan, &op) {
                Ok(edits) => all.extend(edits),
                Err(Withheld(why)) => {
                    plan.safety = Safety::Advice;
                    plan.withheld = Some(why);
                    return Vec::new();
                }
            }
        }
        all.sort();
        all.dedup();
        // What already reads as it should is no edit: a fix of nothing else would be applied without end.
        all.retain(|FileEdit { file, edit }| self.tree.file(*file).source.slice(edit.span) != edit.text);
        if all.is_empty() {
            plan.safety = Safety::Advice;
            plan.withheld = Some("the line that it would write is there already".to_owned());
        }
        if let Some(FileEdit { file, .. }) = all.iter().find(|edit| !self.may_edit(edit.file)) {
            plan.safety = Safety::Advice;
            let path = self.tree.file(*file).source.path().display();
            plan.withheld = Some(format!("it belongs in `{path}`, which is not among the files given"));
        }
        all
    }

    fn op(&self, finding: &Finding<'_>, plan: &mut Plan, op: &Op) -> Result<Vec<FileEdit>, Withheld> {
        match op {
            Op::Headers { block, lines } => self.headers(finding, plan, *block, lines),
            Op::Set { block, directive, value } => self.set(finding, plan, *block, directive, value),
            Op::Replace { place, text } => self.replace(*place, text, finding),
            Op::Remove(directive) => {
                let file = self.tree.directive(*directive).file;
                self.check(file)?;
                self.check_whole(*directive)?;
                let File { ast, .. } = self.tree.file(file);
                let span = self.tree.node(*directive).span;
                let first = ast.comments().partition_point(|comment| comment.start < span.start);
                if ast.comments()[first..].first().is_some_and(|&comment| span.contains(comment)) {
                    return Err(Withheld::new("a comment stands inside it and would be lost"));
                }
                let layout = Layout::new(self.tree, file);
                if layout.strands_comment(*directive) {
                    return Err(Withheld::new("the comment behind it speaks of it, and would be left alone"));
                }
                Ok(vec![FileEdit { file, edit: layout.without(*directive) }])
            }
            Op::Uncomment(place) => {
                let (file, span) = place.locate(self.tree);
                self.check(file)?;
                Ok(vec![FileEdit { file, edit: super::comment::without(&self.tree.file(file).source, span) }])
            }
            Op::Hoist(map) => self.hoist(*map),
            Op::Define(line) => self.define_used(finding, *line),
        }
    }

    /// Whether it can be said what is to be written into a file, whoever writes it.
    pub(super) fn may_propose(&self, file: FileId) -> bool {
        !matches!(self.bar(file), Some(Bar::Unfit(_)))
    }

    pub(super) fn check(&self, file: FileId) -> Result<(), Withheld> {
        match self.bar(file) {
            None | Some(Bar::NotAsked) => Ok(()),
            Some(Bar::Unfit(why)) => {
                let path = self.tree.file(file).source.path().display();
                Err(Withheld::new(format!("it belongs in `{path}`, {why}")))
            }
        }
    }

    /// Refuses to touch a directive of several lines that nginx would not accept with so many arguments, or with a block
    /// behind it: a `;` may be lost in it, so that the next line only seems to be part of it.
    pub(super) fn check_whole(&self, directive: DirectiveId) -> Result<(), Withheld> {
        let known = self.tree.directive(directive);
        let count = self.tree.args(directive).count();
        let lines = self.tree.source(directive).slice(self.tree.head(directive)).matches('\n').count();
        match known.name.and_then(|name| name.entry_in(known.context)) {
            Some(entry) if entry.opens.is_none() && self.tree.is_block(directive) => {
                let name = self.tree.name(directive).into_owned();
                Err(Withheld::new(format!("nginx does not accept a block behind `{name}`")))
            }
            Some(entry) if lines > 0 && !entry.args.accepts(count) => {
                let name = self.tree.name(directive).into_owned();
                Err(Withheld::new(format!("nginx does not accept `{name}` with {count} arguments: is a `;` missing?")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to write a directive into a block in which nginx does not accept it.
    pub(super) fn check_allowed(&self, block: DirectiveId, directive: &str) -> Result<(), Withheld> {
        let inside = self.tree.children(block).next().map(|child| self.tree.directive(child).context);
        match (Name::of(directive), inside) {
            (Some(name), Some(inside)) if !name.allowed_in(inside) => {
                let around = self.tree.name(block).into_owned();
                Err(Withheld::new(format!("nginx does not accept `{directive}` in `{around}`")))
            }
            _ => Ok(()),
        }
    }

    fn set(
        &self,
        finding: &Finding<'_>,
        plan: &mut Plan,
        block: DirectiveId,
        directive: &str,
        value: &str,
    ) -> Result<Vec<FileEdit>, Withheld> {
        let file = self.tree.directive(block).file;
        self.check_allowed(block, directive)?;
        if let Some(&line) = self.tree.own(block, directive).last() {
            if self.tree.directive(line).file != file {
                return Err(Withheld::new(format!(
                    "`{directive}` is set by an included file that other blocks may share, and nginx accepts one only"
                )));
            }
            return self.replace(Place::value(line), value, finding);
        }
        self.check(file)?;
        if self.tree.is_open(block) {
            plan.withhold(format!(
                "an include here cannot be read; if it sets `{directive}`, nginx refuses a second one"
            ));
        } else if finding.open && !plan.holds_in_open_world {
            plan.withhold(format!("a file that is not here may set `{directive}` above"));
        }
        let layout = Layout::new(self.tree, file);
        let statement = format!("{directive} {value};");
        let edit = match self.anchor(block, file, directive) {
            Some(anchor) => layout.after(anchor, &[statement]),
            None => layout.first_in(block, &[statement]),
        };
        Ok(vec![FileEdit { file, edit }])
    }

    /// The statement behind which a new setting of a block is written: the last of its `*_pass` and the lines that people
    /// write before this one (the version, then the headers, then the timeouts). A line that an include brings counts as
    /// the include.
    pub(super) fn anchor(&self, block: DirectiveId, file: FileId, directive: &str) -> Option<DirectiveId> {
        if block == ROOT {
            let settings = ["user", "pid", "worker_processes", "worker_rlimit_nofile", "error_log"];
            let lines = settings.into_iter().filter_map(|name| self.tree.own(ROOT, name).last().copied());
            return lines.filter(|&line| self.tree.directive(line).file == file).max();
        }
        let before: &[&str] = match directive {
            "proxy_http_version" => &[],
            "proxy_set_header" => &["proxy_http_version"],
            _ => &["proxy_http_version", "proxy_set_header"],
        };
        let passes = ["proxy_pass", "uwsgi_pass", "scgi_pass"];
        let lines = passes.iter().chain(before).filter_map(|name| self.tree.own(block, name).last().copied());
        let here = |line: DirectiveId| match self.tree.directive(line).file == file {
            true => Some(line),
            false => self.include_around(line, file),
        };
        lines.filter_map(here).max()
    }

    /// The `include` of `file` through which a directive of another file came.
    pub(super) fn include_around(&self, directive: DirectiveId, file: FileId) -> Option<DirectiveId> {
        let block = self.tree.directive(directive).parent;
        let includes = self.tree.own(block, "include").iter().copied();
        includes
            .filter(|&include| self.tree.directive(include).file == file)
            .find(|&include| include < directive && directive < self.tree.directive(include).end)
    }

    fn replace(&self, place: Place, text: &str, _finding: &Finding<'_>) -> Result<Vec<FileEdit>, Withheld> {
        let (file, span) = place.locate(self.tree);
        self.check(file)?;
        self.check_whole(place.directive)?;
        Ok(vec![FileEdit { file, edit: Edit { span, text: text.to_owned() } }])
    }

    fn define_used(&self, finding: &Finding<'_>, line: DirectiveId) -> Result<Vec<FileEdit>, Withheld> {
        let text = value(self.tree, line);
        let variable = text.trim_start_matches('$').trim_matches(['{', '}']).to_owned();
        let is_name = !variable.is_empty() && variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !text.starts_with('$') || !is_name {
            return Err(Withheld::new("the value is more than one variable"));
        }
        let route = finding.route.and_then(|index| self.routes.all.get(index));
        let block = route.map_or(line, |route| route.block);
        let purpose =
            if is_for(self.tree, line, "Upgrade") { Purpose::WebsocketOnly } else { self.connection_purpose(finding) };
        self.define(purpose, &variable, block)
    }

    /// Moves a block from a server up in front of it.
    fn hoist(&self, map: DirectiveId) -> Result<Vec<FileEdit>, Withheld> {
        let file = self.tree.directive(map).file;
        self.check(file)?;
        let server = self.tree.ancestors(map).find(|&around| self.tree.is(around, "server"));
        let server = server.filter(|&server| self.tree.directive(server).file == file);
        let server = server.ok_or_else(|| Withheld::new("the http block it belongs in is not in this file"))?;
        let variable = self.tree.arg(map, 2).unwrap_or_default().trim_start_matches('$').to_ascii_lowercase();
        if self.tree.definitions(&variable).len() > 1 {
            return Err(Withheld::new(format!(
                "`${variable}` is also defined elsewhere, and only one of them can be meant"
            )));
        }
        let layout = Layout::new(self.tree, file);
        let source = &self.tree.file(file).source;
        let span = self.tree.node(map).span;
        let indent = source.slice(Span { start: source.line_span(span.start).start, end: span.start });
        // The comment that says what it is for goes along.
        let whole = layout.whole_lines(map);
        let text = source.slice(whole.unwrap_or(span));
        let lines: Vec<String> =
            text.lines().map(|line| line.strip_prefix(indent).unwrap_or(line).to_owned()).collect();
        let without = whole.map_or_else(|| layout.without(map), |lines| layout.without_lines(lines));
        let mut edits = layout.before(server, &lines);
        edits.push(without);
        edits.sort();
        Ok(edits.into_iter().map(|edit| FileEdit { file, edit }).collect())
    }
}
