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
//! changed, [`report`] writes it down. A stage uses those before it, never one behind it. Beside them, `live` looks at running
//! servers (feature `live`, on by default). The library prints nothing, writes no file and never exits.
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

use std::path::Path;

use config::{Reader, Tree, TreeOptions};
use fix::Rewriter;
use rules::{Checked, Finding, Options, RuleSet};
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
    /// What comments in the configuration silence, sorted by place.
    pub silenced: Vec<Finding<'r>>,
}

impl Linter {
    /// Reads a configuration from its root (or a fragment) and checks it.
    pub fn lint(&self, root: &Path, reader: &dyn Reader, options: &TreeOptions) -> Linted<'_> {
        self.check(Tree::read(root, reader, options))
    }

    /// Checks a configuration that has been read.
    pub fn check(&self, tree: Tree) -> Linted<'_> {
        let routes = Routes::new(&tree, self.signals, &self.routes);
        let Checked { findings, silenced } = rules::check(&tree, &routes, &self.rules, &self.options);
        Linted { tree, routes, findings, silenced }
    }
}

impl Linted<'_> {
    /// What writes edits for the findings; `editable` says which files may be written.
    pub fn rewriter<'a>(&'a self, editable: &'a dyn Fn(&Path) -> bool) -> Rewriter<'a> {
        Rewriter::new(&self.tree, &self.routes, editable)
    }
}
