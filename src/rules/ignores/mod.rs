//! Comments that silence rules: `# nginx-wslint: ignore[rule] reason` and `file-ignore[rule] reason`.
//!
//! Behind a statement, or behind the `{` or `}` of a block, such a comment means the statements of its line; on a line of
//! its own it means the next statement of its block. Blocks are meant with all that is in them, and includes with what
//! they bring, since nginx reads it there. `file-ignore` stands before the first statement and means its own file alone.
//! A finding is silenced by where it points; its other places do not count.

mod insertion;
mod target;
mod written;

use std::collections::{HashMap, HashSet};

use super::finding::{Finding, Place, WordPart};
use super::rule::Rule;
use super::rule_set::RuleSet;
use crate::config::{Context, DirectiveId, File, FileId, Openness, ROOT, Tree};
use crate::syntax::{NodeId, Span};
use crate::websocket::{Routes, deciding_comments, decision};
pub use insertion::{Insertion, insertion};
use written::{Malformed, Reach, Written};

/// A name that differs by more letters than these from the nearest rule is no misspelling of it.
const MOST_APART: usize = 3;

/// An instruction in a comment, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    file: FileId,
    span: Span,
    /// The statement that stands for it where one has to be named; it is in the same file.
    anchor: DirectiveId,
    content: Result<Names, String>,
    /// The statements it means, once for each time that its file is read.
    targets: Vec<DirectiveId>,
    /// Whether it means all of its file.
    is_for_file: bool,
    /// Whether it is to decide what a route carries, and stands where it decides for none.
    is_idle: bool,
}

/// What a comment names.
#[derive(Clone, Debug)]
struct Names {
    list: Span,
    names: Vec<Name>,
    has_reason: bool,
}

#[derive(Clone, Debug)]
struct Name {
    text: String,
    span: Span,
    state: State,
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No rule or group; the one that is spelt most like it.
    Unknown(Option<String>),
    /// It has silenced nothing yet; whether that is its fault.
    Idle { judged: bool },
    /// It has silenced a finding.
    Used,
}

/// All comments of a tree that silence rules, or are meant to.
#[derive(Debug, Default)]
pub(super) struct Ignores {
    comments: Vec<Comment>,
}

impl Ignores {
    /// Reads the comments of all files. `ran` says which rules were applied: a name of another one cannot be judged.
    pub(super) fn read(tree: &Tree, routes: &Routes, rules: &RuleSet, ran: &dyn Fn(&Rule) -> bool) -> Self {
        let mut written = Vec::new();
        let mut steering = Vec::new();
        for (number, file) in tree.files().iter().enumerate() {
            // Most files have none: look before cutting lines.
            let names_us =
                |&span: &Span| ["-wslint", "-WSLINT"].iter().any(|name| file.source.slice(span).contains(name));
            if !file.ast.comments().iter().any(names_us) {
                continue;
            }
            for &span in file.ast.comments() {
                let line = file.source.line_span(span.start);
                let before = file.source.slice(Span { start: line.start, end: span.start });
                let read = written::read(file.source.slice(span), span.start, !before.trim().is_empty());
                if read.is_none() && decision(file.source.slice(span)).is_some() {
                    steering.push((FileId(number as u32), span));
                }
                if let Some(read) = read {
                    written.push((FileId(number as u32), read, target::of(&file.ast, &file.source, span)));
                }
            }
        }
        if !steering.is_empty() {
            let deciding = deciding_comments(tree, routes);
            for (file, span) in steering.into_iter().filter(|one| !deciding.contains(one)) {
                let File { ast, source, .. } = tree.file(file);
                let end = span.start + source.slice(span).trim_end().len() as u32;
                written.push((file, Err(Malformed::idle(Span { end, ..span })), target::of(ast, source, span)));
            }
            written.sort_by_key(|(file, read, _)| (*file, read.as_ref().map_or_else(|bad| bad.span, |good| good.span)));
        }
        if written.is_empty() {
            return Self::default();
        }
        let wanted = written.iter().flat_map(|(file, _, target)| {
            target.nodes.iter().copied().chain(target.anchor).map(move |node| (*file, node))
        });
        let times = Times::new(tree, &wanted.collect());
        let judge = Judge { tree, rules, ran };
        let comments = written.into_iter().filter_map(|(file, read, target)| {
            // A file that is empty or not read by nginx has nothing to silence.
            let anchor = *times.of(file, target.anchor?).first()?;
            let targets: Vec<DirectiveId> =
                target.nodes.iter().flat_map(|&node| times.of(file, node)).copied().collect();
            Some(judge.comment(file, read, anchor, targets, target.is_first))
        });
        Self { comments: comments.collect() }
    }

    /// Takes the findings out that a comment silences, and remembers which names did.
    pub(super) fn silence<'r>(&mut self, tree: &Tree, findings: &mut Vec<Finding<'r>>) -> Vec<Finding<'r>> {
        if self.comments.is_empty() {
            return Vec::new();
        }
        let (silenced, kept) = std::mem::take(findings).into_iter().partition(|finding| self.silences(tree, finding));
        *findings = kept;
        silenced
    }

    fn silences(&mut self, tree: &Tree, finding: &Finding<'_>) -> bool {
        let mut silenced = false;
        for comment in &mut self.comments {
            if !comment.means(tree, finding.place.directive) {
                continue;
            }
            let Ok(names) = &mut comment.content else { continue };
            for name in &mut names.names {
                if name.text == finding.rule.id || name.text == finding.rule.group {
                    name.state = State::Used;
                    silenced = true;
                }
            }
        }
        silenced
    }

    /// The comments, in the order of files and text.
    pub(super) fn comments(&self) -> &[Comment] {
        &self.comments
    }
}

/// The directives that a statement of a file became: one for each time that nginx reads the file.
struct Times(HashMap<(FileId, NodeId), Vec<DirectiveId>>);

impl Times {
    fn new(tree: &Tree, wanted: &HashSet<(FileId, NodeId)>) -> Self {
        let mut times: HashMap<(FileId, NodeId), Vec<DirectiveId>> = HashMap::new();
        for id in tree.ids() {
            let key = (tree.directive(id).file, tree.directive(id).node);
            if wanted.contains(&key) {
                times.entry(key).or_default().push(id);
            }
        }
        Self(times)
    }

    fn of(&self, file: FileId, node: NodeId) -> &[DirectiveId] {
        self.0.get(&(file, node)).map_or(&[], Vec::as_slice)
    }
}

/// Says what is to be thought of the names in comments.
struct Judge<'a> {
    tree: &'a Tree,
    rules: &'a RuleSet,
    ran: &'a dyn Fn(&Rule) -> bool,
}

impl Judge<'_> {
    fn comment(
        &self,
        file: FileId,
        read: Result<Written, Malformed>,
        anchor: DirectiveId,
        targets: Vec<DirectiveId>,
        is_first: bool,
    ) -> Comment {
        let mut is_idle = false;
        let (span, content, is_for_file) = match read {
            Err(Malformed { span, mistake, steers }) => {
                let around: Vec<DirectiveId> = tree_around(self.tree, anchor, &targets);
                is_idle = steers && self.sees_all(file, Reach::Statement, &around);
                (span, Err(mistake), false)
            }
            Ok(written) => {
                let mistake = match written.reach {
                    Reach::File if !is_first => Some("`file-ignore` has to stand before the first directive"),
                    Reach::Statement if targets.is_empty() => Some("no directive follows in its block"),
                    _ => None,
                };
                let is_for_file = written.reach == Reach::File;
                let span = written.span;
                let names = || self.names(file, &written, &targets);
                (span, mistake.map_or_else(|| Ok(names()), |mistake| Err(mistake.to_owned())), is_for_file)
            }
        };
        Comment { file, span, anchor, content, targets, is_for_file, is_idle }
    }

    fn names(&self, file: FileId, written: &Written, targets: &[DirectiveId]) -> Names {
        let source = &self.tree.file(file).source;
        let sees_all = self.sees_all(file, written.reach, targets);
        let name = |span: &Span| {
            let text = source.slice(*span).to_owned();
            let state = match self.rules.knows(&text) {
                true => State::Idle { judged: sees_all && self.all_ran(&text) },
                false => {
                    let near = self.rules.nearest(&text).filter(|near| near.len().abs_diff(text.len()) <= MOST_APART);
                    State::Unknown(near.map(str::to_owned))
                }
            };
            Name { text, span: *span, state }
        };
        Names { list: written.list, names: written.names.iter().map(name).collect(), has_reason: written.has_reason }
    }

    /// Whether all rules of that name were applied. Those that watch comments come last and are not judged.
    fn all_ran(&self, name: &str) -> bool {
        let meant = |id: &str, group: &str| id == name || group == name;
        self.rules
            .iter()
            .filter(|rule| meant(&rule.id, &rule.group))
            .all(|rule| (self.ran)(rule) && (!rule.watches_comments() || rule.id != name))
            && !self.rules.left_out().any(|(id, group)| meant(id, group))
    }

    /// Whether everything that could make a rule speak there is in sight: no text that was not understood or is yet to
    /// be filled in, no include that is not here, no snippet whose surroundings are unknown.
    fn sees_all(&self, file: FileId, reach: Reach, targets: &[DirectiveId]) -> bool {
        let tree = self.tree;
        // A file of conf.d brings its own servers; what a snippet comes to depends on where it is included.
        let is_site = tree.directive(ROOT).context == Context::Http && !tree.own(ROOT, "server").is_empty();
        let is_closed = |block: DirectiveId| tree.own_openness(block) < Openness::Near;
        let around = |target: DirectiveId| std::iter::once(target).chain(tree.ancestors(target)).all(is_closed);
        let inside = |target: DirectiveId| {
            tree.unread().iter().all(|unread| !covers(tree, target, unread.include) || is_closed(unread.block))
        };
        tree.problems().is_empty()
            && tree.file(file).ast.template().is_none()
            && (tree.is_complete() || is_site)
            && match reach {
                Reach::File => tree.unread().iter().all(|unread| is_closed(unread.block)),
                Reach::Statement => targets.iter().all(|&target| around(target) && inside(target)),
            }
    }
}

/// What has to be in sight before a comment can be said to decide for no route: what it means, else what it stands beside.
fn tree_around(tree: &Tree, anchor: DirectiveId, targets: &[DirectiveId]) -> Vec<DirectiveId> {
    let all = if targets.is_empty() { std::slice::from_ref(&anchor) } else { targets };
    all.iter().map(|&one| if tree.is_block(one) { one } else { tree.directive(one).parent }).collect()
}

/// Whether a directive is `target` or stands in it.
fn covers(tree: &Tree, target: DirectiveId, directive: DirectiveId) -> bool {
    target <= directive && directive < tree.directive(target).end
}

impl Comment {
    fn means(&self, tree: &Tree, directive: DirectiveId) -> bool {
        if self.is_for_file {
            return tree.directive(directive).file == self.file;
        }
        self.targets.iter().any(|&target| covers(tree, target, directive))
    }

    /// The whole comment.
    pub(super) fn place(&self) -> Place {
        self.text(self.span)
    }

    /// What stands between its brackets.
    pub(super) fn list(&self) -> Option<Place> {
        self.content.as_ref().ok().map(|names| self.text(names.list))
    }

    fn text(&self, span: Span) -> Place {
        Place { directive: self.anchor, part: WordPart::Text(span) }
    }

    /// Why it silences nothing whatever it names.
    pub(super) fn mistake(&self) -> Option<&str> {
        self.content.as_ref().err().map(String::as_str).filter(|mistake| !mistake.is_empty())
    }

    /// Whether it is to decide what a route carries, and decides for none that is in sight.
    pub(super) fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// The first name that no rule or group has, with the nearest one that does.
    pub(super) fn unknown(&self) -> Option<(Place, &str, Option<&str>)> {
        self.names().find_map(|name| match &name.state {
            State::Unknown(near) => Some((self.text(name.span), name.text.as_str(), near.as_deref())),
            _ => None,
        })
    }

    /// The names that have nothing to silence, and the others.
    pub(super) fn unused(&self) -> (Vec<&str>, Vec<&str>) {
        let (unused, kept): (Vec<&Name>, Vec<&Name>) =
            self.names().partition(|name| name.state == State::Idle { judged: true });
        (texts(&unused), texts(&kept))
    }

    /// Whether it says why.
    pub(super) fn has_reason(&self) -> bool {
        self.content.as_ref().map_or(true, |names| names.has_reason)
    }

    fn names(&self) -> impl Iterator<Item = &Name> {
        self.content.iter().flat_map(|names| &names.names)
    }
}

fn texts<'n>(names: &[&'n Name]) -> Vec<&'n str> {
    names.iter().map(|name| name.text.as_str()).collect()
}
