//! Linter and autofixer for nginx configurations that proxy WebSockets.
//!
//! The way of a configuration through this library is one line:
//!
//! ```text
//! files -> syntax -> config -> websocket -> rules -> fix -> report
//! ```
//!
//! [`syntax`] reads a file's text, [`config`] joins files and says what is in effect where, [`websocket`] finds the
//! routes and whether they carry WebSockets, [`rules`] say what is wrong, [`fix`] repairs it and proves that nothing else
//! changed, [`report`] writes it down. A stage uses those before it, never one behind it. The library prints nothing,
//! writes no file and never exits.
//!
//! ```
//! use nginx_wslint::{Linter, config::Memory};
//!
//! let mut files = Memory::new();
//! files.insert("nginx.conf", "events {} http { server { location /ws { proxy_pass http://127.0.0.1:3000; } } }");
//! let linter = Linter::default();
//! let linted = linter.lint("nginx.conf".as_ref(), &files, &Default::default());
//! let rules: Vec<&str> = linted.findings.iter().map(|finding| finding.rule.id.as_str()).collect();
//! assert!(rules.contains(&"missing-upgrade-header"));
//! ```

// pest_derive without its default features names this crate in the code it writes.
extern crate alloc;

pub mod config;
pub mod examples;
pub mod fix;
#[cfg(feature = "live")]
pub mod live;
mod parallel;
pub mod report;
pub mod rules;
pub mod syntax;
pub mod websocket;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use config::{File, FileId, Reader, Tree, TreeOptions};
use fix::Rewriter;
use rules::{Finding, Options, RuleSet};
use websocket::{RouteSetting, Routes, Signals};

/// Everything that stays the same from one configuration to the next.
#[derive(Debug)]
pub struct Linter {
    /// The rules.
    pub rules: RuleSet,
    /// What tells that a route carries WebSockets.
    pub signals: &'static Signals,
    /// What the settings say of routes.
    pub routes: Vec<RouteSetting>,
    /// What the rules need to know.
    pub options: Options,
}

impl Default for Linter {
    fn default() -> Self {
        Self { rules: RuleSet::builtin(), signals: Signals::builtin(), routes: Vec::new(), options: Options::default() }
    }
}

/// A configuration and what was found in it.
#[derive(Debug)]
pub struct Linted<'r> {
    /// The configuration.
    pub tree: Tree,
    /// Its routes.
    pub routes: Routes,
    /// What the rules say, sorted by place.
    pub findings: Vec<Finding<'r>>,
}

impl Linter {
    /// Reads a configuration from its root (or a fragment) and checks it.
    pub fn lint(&self, root: &Path, reader: &dyn Reader, options: &TreeOptions) -> Linted<'_> {
        self.check(Tree::read(root, reader, options))
    }

    /// Checks a configuration that has been read.
    pub fn check(&self, tree: Tree) -> Linted<'_> {
        let routes = Routes::new(&tree, self.signals, &self.routes);
        let mut findings = rules::check(&tree, &routes, &self.rules, &self.options);
        let doubts = Doubts::new(&tree);
        findings.retain(|finding| !doubts.concern(&tree, finding));
        Linted { tree, routes, findings }
    }
}

/// The statements of each file that may be an artefact of a syntax error: where their numbers begin and end, in order.
struct Doubts(HashMap<FileId, Vec<Range<u32>>>);

impl Doubts {
    fn new(tree: &Tree) -> Self {
        let mut doubts = HashMap::new();
        for (id, file) in (0..).map(FileId).zip(tree.files()).filter(|(_, file)| !file.ast.errors().is_empty()) {
            let errors = file.ast.errors().iter();
            let mut ranges: Vec<Range<u32>> =
                errors.flat_map(|error| [error.doubtful.clone(), block_around(file, error.span.start)]).collect();
            ranges.retain(|range| !range.is_empty());
            ranges.sort_by_key(|range| range.start);
            // What lies inside another one says nothing more.
            let mut end = 0;
            ranges.retain(|range| {
                let reaches = range.end > end;
                end = end.max(range.end);
                reaches
            });
            doubts.insert(id, ranges);
        }
        Self(doubts)
    }

    /// Whether a finding may be an artefact of a syntax error, or of a `;` that is lost.
    fn concern(&self, tree: &Tree, finding: &Finding<'_>) -> bool {
        let at = tree.directive(finding.place.directive);
        let ranges = self.0.get(&at.file).map_or(&[][..], Vec::as_slice);
        let in_error = ranges[..ranges.partition_point(|range| range.start <= at.node.0)].last();
        tree.is_doubtful(finding.place.directive) || in_error.is_some_and(|range| at.node.0 < range.end)
    }
}

/// The numbers of the statements in the block of an error: the line at fault may be the very one that is missed there.
fn block_around(file: &File, offset: u32) -> Range<u32> {
    let File { ast, source, .. } = file;
    let Some(block) = ast.block_at(offset) else { return 0..0 };
    let name = ast.words(block).first().map(|word| word.value(source));
    let inner = name.is_some_and(|name| matches!(&*name, "location" | "if" | "limit_except" | "upstream" | "map"));
    if inner { block.0..ast.node(block).end.0 } else { 0..0 }
}

impl Linted<'_> {
    /// What writes edits for the findings; `editable` says which files may be written.
    pub fn rewriter(&self, editable: &dyn Fn(&Path) -> bool) -> Rewriter<'_> {
        Rewriter::new(&self.tree, &self.routes, |file| editable(self.tree.file(file).source.path()))
    }
}
