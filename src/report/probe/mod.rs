//! A handshake with a running server, as text and as JSON.

mod json;
mod text;

use crate::Linted;
use crate::config::{DirectiveId, ServedBy, Tree};
use crate::live::Located;
use crate::live::probe::{Diagnosis, Report};

use super::model::Diagnostic;
use super::{Builder, Scope};

pub use json::json;
pub use text::{heading, step, verdict};

/// All that one run of `probe` found out.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The handshake with the URL.
    pub through: &'a Report,
    /// The handshake straight with the backend.
    pub direct: Option<&'a Report>,
    /// What nginx wrote into its log of the first.
    pub wrote: &'a [String],
    /// What they come to.
    pub verdict: &'a Diagnosis,
    /// Where the URL leads in the configuration.
    pub place: Option<&'a Place>,
}

/// The part of a configuration that a URL reaches.
#[derive(Clone, Debug)]
pub struct Place {
    /// The server's names and why it is the one.
    pub server: String,
    /// The location.
    pub location: String,
    /// Where requests go from there.
    pub to: Option<String>,
    /// Its file and line.
    pub at: (String, u32),
    /// The line of the timeout that cut the connection: file, line, text.
    pub timeout: Option<(String, u32, String)>,
    /// Lines that may have answered in place of a backend: file, line, text.
    pub suspects: Vec<(String, u32, String)>,
    /// The findings about it, those that explain first.
    pub findings: Vec<Diagnostic>,
    /// How many of them explain what was seen.
    pub explaining: usize,
}

impl Place {
    /// Puts what was located in words; `shown` says which findings are worth it beside those that explain.
    pub fn new(linted: &Linted<'_>, located: &Located, shown: &dyn Fn(&crate::rules::Finding<'_>) -> bool) -> Self {
        let tree = &linted.tree;
        let server = located.served.server;
        let route = located.routes.first().map(|&index| &linted.routes.all[index]);
        let mut findings = Vec::new();
        let mut explaining = 0;
        for (rank, &index) in located.findings.iter().enumerate() {
            let wanted = &linted.findings[index];
            if rank >= located.explaining && !shown(wanted) {
                continue;
            }
            let mut builder = Builder::new();
            let only = |finding: &crate::rules::Finding<'_>| std::ptr::eq(finding, wanted);
            builder.add(linted, &Scope { asked: &|_| true, shown: &only, editable: &|_| true });
            let mut diagnostics = builder.finish().diagnostics;
            // It speaks of the first of several routes.
            let is_here = |number: &usize| located.routes.contains(number);
            let elsewhere =
                wanted.route.is_some_and(|first| !is_here(&first)) && wanted.more_routes.iter().any(is_here);
            if let Some(route) = route.filter(|_| elsewhere) {
                let also = format!("; the same holds for `location {}`", route.label(tree));
                diagnostics.iter_mut().for_each(|one| one.message.push_str(&also));
            }
            findings.extend(diagnostics);
            explaining += usize::from(rank < located.explaining);
        }
        Self {
            server: server_words(tree, server, located.served.by),
            location: located.label(tree),
            to: route.and_then(|route| Some(tree.arg(route.pass, 1)?.into_owned())),
            at: line(tree, located.reached.location().unwrap_or(server)),
            timeout: located.timeout.map(|timeout| written(tree, timeout)),
            suspects: located.suspects.iter().map(|&one| written(tree, one)).collect(),
            findings,
            explaining,
        }
    }
}

fn line(tree: &Tree, id: DirectiveId) -> (String, u32) {
    let source = tree.source(id);
    (source.path().display().to_string(), source.line_column(tree.head(id).start).line)
}

/// File, line and text of a directive.
fn written(tree: &Tree, id: DirectiveId) -> (String, u32, String) {
    let (file, number) = line(tree, id);
    let words = std::iter::once(tree.name(id)).chain(tree.args(id)).collect::<Vec<_>>();
    (file, number, words.join(" "))
}

fn server_words(tree: &Tree, server: DirectiveId, by: ServedBy) -> String {
    let all = |name: &str| {
        let lines = tree.own(server, name).iter().flat_map(|&line| tree.args(line));
        lines.take(6).collect::<Vec<_>>().join(" ")
    };
    let (names, listen) = (all("server_name"), all("listen"));
    let mut words = match (names.is_empty(), listen.is_empty()) {
        (false, false) => format!("{names} (listen {listen})"),
        (false, true) => names,
        (true, false) => format!("without a name (listen {listen})"),
        (true, true) => "without a name".to_owned(),
    };
    words.push_str(match by {
        ServedBy::Name => "",
        ServedBy::Default => ", the default for other names",
        ServedBy::Stream => ", of stream",
        ServedBy::NameAlone => ", though none listens on the port of the URL",
    });
    words
}
