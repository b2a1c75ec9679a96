//! The way of a handshake through internal jumps, as far as it is clear (`ngx_http_rewrite_handler`,
//! `ngx_http_try_files_handler`, `ngx_http_send_error_page`; NGINX facts part E: what is in effect is what the last
//! location says).

use std::collections::HashMap;

use super::upgrade_test::tests_upgrade;
use crate::config::{DirectiveId, Modifier, Part, Pattern, ROOT, Reached, Tree, parts};

/// nginx itself gives up after so many (`NGX_HTTP_MAX_URI_CHANGES`).
const MOST_JUMPS: usize = 10;

/// The directives that hand a request on.
const PASSES: [&str; 6] = ["proxy_pass", "uwsgi_pass", "scgi_pass", "fastcgi_pass", "grpc_pass", "memcached_pass"];

/// Statuses of requests that get no answer at all: where they lead, somebody is told so.
const REFUSED: [&str; 10] = ["400", "401", "403", "413", "429", "499", "500", "502", "503", "504"];

/// Statuses of a path that is not there.
const ABSENT: [&str; 2] = ["404", "405"];

/// What the rewriting of a block comes to.
enum Rewritten {
    /// The request goes on.
    On,
    /// The request goes on, and no line behind is read.
    Break,
    /// It is looked up anew.
    Jump,
    /// `return` with this line.
    Status(DirectiveId),
    /// Nobody can say, or the client is sent elsewhere.
    Lost,
}

/// A handshake on its way.
pub(super) struct Walk<'t> {
    tree: &'t Tree,
    named: &'t HashMap<(DirectiveId, String), DirectiveId>,
    server: DirectiveId,
    /// The path it has now, if that is known.
    path: Option<String>,
    /// The lines that sent it on.
    pub(super) lines: Vec<DirectiveId>,
    /// The `return` lines among its ways.
    pub(super) returned: Vec<DirectiveId>,
}

impl<'t> Walk<'t> {
    pub(super) fn new(
        tree: &'t Tree,
        named: &'t HashMap<(DirectiveId, String), DirectiveId>,
        server: DirectiveId,
        path: Option<String>,
    ) -> Self {
        Self { tree, named, server, path, lines: Vec::new(), returned: Vec::new() }
    }

    /// The block with the `*_pass` that a request gets to by jumps, from a location (or an `if`) on.
    pub(super) fn from(&mut self, block: DirectiveId) -> Option<DirectiveId> {
        let mut block = block;
        for _ in 0..MOST_JUMPS {
            block = match self.leave(block)? {
                Some(next) => next,
                None => return (!self.lines.is_empty()).then_some(block),
            };
        }
        None
    }

    /// As [`Walk::from`], from a `rewrite` of the server on.
    pub(super) fn after_rewrite(&mut self, line: DirectiveId) -> Option<DirectiveId> {
        let Rewritten::Jump = self.rewrite(line) else { return None };
        let next = self.look_up()?;
        self.from(next)
    }

    /// Where a request that is in a block goes next: to another one, or (none) to the block's own `*_pass`.
    fn leave(&mut self, block: DirectiveId) -> Option<Option<DirectiveId>> {
        let tree = self.tree;
        match self.rewritten(block) {
            Rewritten::Lost => return None,
            Rewritten::Jump => return self.look_up().map(Some),
            Rewritten::Status(line) => {
                let code = tree.arg(line, 1)?;
                self.returned.push(line);
                return self.error_page(tree.directive(line).parent, &code).map(Some);
            }
            Rewritten::On | Rewritten::Break if tree.is(block, "if") => return None,
            Rewritten::On | Rewritten::Break => {}
        }
        if let Some(&line) = tree.own(block, "try_files").last() {
            return self.try_files(block, line).map(Some);
        }
        if PASSES.iter().any(|pass| !tree.own(block, pass).is_empty()) {
            return Some(None);
        }
        // A file, of which there is none.
        if !has_files_only(tree, block) {
            return None;
        }
        self.error_page(block, "404").map(Some)
    }

    fn rewritten(&mut self, block: DirectiveId) -> Rewritten {
        let tree = self.tree;
        let before = self.lines.len();
        let mut changed = false;
        for id in tree.children(block) {
            if tree.is(id, "return") {
                return Rewritten::Status(id);
            }
            if tree.is(id, "break") {
                return self.stay(before);
            }
            if tree.is(id, "rewrite") {
                match self.rewrite(id) {
                    Rewritten::On => {}
                    Rewritten::Break => return self.stay(before),
                    Rewritten::Jump if tree.arg(id, 3).is_some_and(|flag| flag == "last") => return Rewritten::Jump,
                    // Without a flag the lines behind it are read first.
                    Rewritten::Jump => changed = true,
                    other => return other,
                }
            } else if tree.is(id, "if") && is_met(tree, id) {
                match self.rewritten(id) {
                    Rewritten::On => {}
                    Rewritten::Break => return self.stay(before),
                    other => return other,
                }
            } else if tree.directive(id).name.is_none()
                || tree.name(id).contains("_by_lua")
                || tree.name(id).starts_with("js_")
            {
                return Rewritten::Lost;
            }
        }
        if changed { Rewritten::Jump } else { Rewritten::On }
    }

    /// `break` takes back that the path is looked up anew (`ngx_http_script_break_code`).
    fn stay(&mut self, before: usize) -> Rewritten {
        self.lines.truncate(before);
        Rewritten::Break
    }

    fn rewrite(&mut self, line: DirectiveId) -> Rewritten {
        let tree = self.tree;
        let (Some(pattern), Some(replacement)) = (tree.arg(line, 1), tree.arg(line, 2)) else { return Rewritten::Lost };
        let Some(path) = self.path.clone() else { return Rewritten::Lost };
        let pattern = Pattern::new(&pattern, false);
        // What is asked for may as well be below the path of a location.
        let mut groups = None;
        for candidate in
            [path.clone(), format!("{}/", path.trim_end_matches('/')), format!("{}/x", path.trim_end_matches('/'))]
        {
            match pattern.captures(&candidate) {
                None => return Rewritten::Lost,
                Some(None) => {}
                Some(Some(found)) => {
                    groups = Some((candidate, found));
                    break;
                }
            }
        }
        let Some((path, groups)) = groups else { return Rewritten::On };
        let flag = tree.arg(line, 3).unwrap_or_default();
        if is_redirect(&replacement, &flag) {
            return Rewritten::Lost;
        }
        let Some(changed) = expand(&replacement, &path, &groups) else { return Rewritten::Lost };
        self.path = Some(changed);
        if flag == "break" {
            return Rewritten::Break;
        }
        self.lines.push(line);
        Rewritten::Jump
    }

    fn try_files(&mut self, block: DirectiveId, line: DirectiveId) -> Option<DirectiveId> {
        let tree = self.tree;
        let files: Vec<_> = tree.args(line).collect();
        let (last, files) = files.split_last()?;
        // A page of the site is there for certain.
        if files.iter().any(|file| file.starts_with('/') && file.contains("/index.")) {
            return None;
        }
        if let Some(code) = last.strip_prefix('=') {
            return self.error_page(block, code);
        }
        self.lines.push(line);
        self.to(last)
    }

    /// Where the `error_page` in effect in a block leads a status.
    fn error_page(&mut self, block: DirectiveId, code: &str) -> Option<DirectiveId> {
        let tree = self.tree;
        if REFUSED.contains(&code) {
            return None;
        }
        let pages = tree.effective(block, "error_page")?.lines;
        let page = pages.iter().copied().find(|&page| tree.args(page).any(|word| word == code))?;
        let target = tree.args(page).last()?.into_owned();
        // Another path than the one asked for is a page that tells of the error.
        if !target.starts_with('@') && ABSENT.contains(&code) {
            return None;
        }
        self.lines.push(page);
        self.to(&target)
    }

    fn to(&mut self, target: &str) -> Option<DirectiveId> {
        if target.starts_with('@') {
            return self.named.get(&(self.server, target.to_owned())).copied();
        }
        let path = match &self.path {
            Some(path) => expand(target, path, &[])?,
            None => expand(target, "", &[]).filter(|_| target.starts_with('/') && !target.contains("uri"))?,
        };
        self.path = Some(path);
        self.look_up()
    }

    /// The location that the path as it is now gets to.
    fn look_up(&self) -> Option<DirectiveId> {
        let path = self.path.as_deref().filter(|path| path.starts_with('/'))?;
        // A file, also one that a script runs in, takes no handshake.
        if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
            return None;
        }
        match self.tree.reach(self.server, path) {
            Reached::Location(block) => Some(block),
            Reached::Redirect(_) | Reached::Server | Reached::Unknown => None,
        }
    }
}

/// Whether a replacement sends the client elsewhere (`ngx_http_rewrite`).
pub(crate) fn is_redirect(replacement: &str, flag: &str) -> bool {
    ["http://", "https://", "$scheme"].iter().any(|start| replacement.starts_with(start))
        || matches!(flag, "redirect" | "permanent")
}

/// A path with variables, without its query; none when a variable is not known.
pub(crate) fn expand(text: &str, path: &str, groups: &[String]) -> Option<String> {
    let mut out = String::new();
    for part in parts(text.split('?').next().unwrap_or_default()) {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Variable(name) => match name.parse::<usize>() {
                Ok(number) => out.push_str(groups.get(number)?),
                Err(_) => match name {
                    "uri" | "document_uri" | "request_uri" => out.push_str(path),
                    "is_args" | "args" | "query_string" => {}
                    _ => return None,
                },
            },
        }
    }
    Some(out)
}

/// Whether a handshake meets the condition of an `if`: it asks for an upgrade, and for no file.
fn is_met(tree: &Tree, block: DirectiveId) -> bool {
    let first = tree.arg(block, 1).unwrap_or_default();
    let is_file_test = ["!-f", "!-e", "!-d"].iter().any(|test| first.trim_start_matches('(') == *test);
    is_file_test || tests_upgrade(tree, block)
}

/// Whether a location has nothing but files to answer with.
fn has_files_only(tree: &Tree, block: DirectiveId) -> bool {
    const FILES: [&str; 8] = ["root", "alias", "index", "expires", "etag", "autoindex", "default_type", "internal"];
    const PREFIXES: [&str; 9] =
        ["proxy_", "add_", "error_", "access_", "log_", "gzip", "auth_basic", "open_file", "limit_"];
    let harmless = |id: DirectiveId| {
        let name = tree.directive(id).name.map_or("", |name| name.text());
        FILES.contains(&name)
            || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || tree.is(id, "location")
            || ["set", "if", "rewrite", "allow", "deny", "satisfy", "types"].contains(&name)
    };
    !tree.is_open(block) && tree.children(block).all(harmless)
}

/// The named locations of each server; of a fragment without a server, under [`ROOT`].
pub(super) fn named_locations(tree: &Tree) -> HashMap<(DirectiveId, String), DirectiveId> {
    let mut named = HashMap::new();
    for &block in tree.all("location") {
        if tree.modifier(block) == Some(Modifier::Named)
            && let Some(name) = tree.arg(block, 1)
        {
            let server = tree.enclosing(block, "server").unwrap_or(ROOT);
            named.entry((server, name.into_owned())).or_insert(block);
        }
    }
    named
}
