//! Makes a configuration run unprivileged on loopback and changes nothing else about it. Lines keep their numbers.
//!
//! What cannot be kept: TLS (listeners and upstreams speak plain HTTP, unless [`Options::keep_upstream_tls`]), Unix sockets of
//! upstreams (they become ports), the PROXY protocol, HTTP/3.

use std::ops::Range;
use std::path::Path;

use super::address::{self, milliseconds};
use super::conf::{Statement, Word};
use super::nginx::Nginx;
use super::sandbox::Sandbox;
use super::survey::{BlockId, PASSES, Survey, TABLES, Tree};

/// What a proof wants changed beyond the surroundings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Divides the timeouts that end an idle connection, and their default of 60 s, so that a test can wait for them.
    pub(crate) shrink_timeouts: Option<u64>,
    /// Leaves `https://` in `proxy_pass`. The servers behind still speak plain HTTP.
    pub(crate) keep_upstream_tls: bool,
    /// Leads a server's requests to itself where that is what is written. Else an address with the server's own port, such as
    /// that of a container, is another machine's.
    pub(crate) keep_loops: bool,
}

/// Timeouts of an idle WebSocket or stream (NGINX facts part C), all 60 s by default but `proxy_timeout`, which is ten minutes.
const TIMEOUTS: [&str; 5] =
    ["proxy_read_timeout", "proxy_send_timeout", "uwsgi_read_timeout", "scgi_read_timeout", "proxy_timeout"];
const DEFAULT_TIMEOUT: u64 = 60_000;

/// Directives that name a place nginx writes to or reads from, in their first argument.
const PATHS: [&str; 13] = [
    "root",
    "alias",
    "access_log",
    "auth_basic_user_file",
    "proxy_cache_path",
    "proxy_temp_path",
    "client_body_temp_path",
    "fastcgi_temp_path",
    "fastcgi_cache_path",
    "uwsgi_temp_path",
    "scgi_temp_path",
    "include",
    "working_directory",
];

/// Directives about the process, which the harness sets itself.
const GLOBALS: [&str; 8] =
    ["user", "daemon", "master_process", "pid", "error_log", "lock_file", "worker_processes", "worker_cpu_affinity"];

/// Modules that distributions build as files of their own: a directive or block that needs one, the option it was built with
/// (if it is nginx's own) and the files to load.
const MODULES: [(&str, &[&str]); 4] = [
    ("stream", &["ngx_stream_module.so"]),
    ("more_", &["ngx_http_headers_more_filter_module.so"]),
    ("echo", &["ngx_http_echo_module.so"]),
    ("_by_lua", &["ndk_http_module.so", "ngx_http_lua_module.so"]),
];

/// Rewrites the files of one site, one after another.
pub(crate) struct Rewriter<'a> {
    pub(crate) nginx: &'a Nginx,
    pub(crate) tree: &'a Tree,
    pub(crate) survey: &'a Survey,
    pub(crate) sandbox: &'a mut Sandbox,
    pub(crate) options: Options,
}

/// Where a statement stands.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) block: String,
    pub(super) server: Option<BlockId>,
    /// In a location that serves `auth_request` or `mirror`.
    pub(super) subrequest: bool,
    /// The last argument of an enclosing `map`, `geo` or `split_clients`.
    pub(super) table: Option<String>,
}

/// Replacements in one file.
#[derive(Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub(super) fn replace(&mut self, word: &Word, text: String) {
        self.0.push((word.span.clone(), text));
    }

    fn insert(&mut self, at: usize, text: String) {
        self.0.push((at..at, text));
    }

    fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(span, _)| (span.start, span.end));
        let mut result = text.to_owned();
        for (span, replacement) in self.0.into_iter().rev() {
            result.replace_range(span, &replacement);
        }
        result
    }
}

impl Rewriter<'_> {
    /// The text of one file, rewritten. `is_root` for the file that nginx is started with.
    pub(crate) fn file(&mut self, place: &str, text: &str, is_root: bool) -> String {
        let tree = self.tree;
        let mut edits = Edits::default();
        if is_root {
            edits.insert(0, self.prelude(place));
        }
        self.statements(place, text, tree.file(place), &Scope::default(), &mut edits);
        edits.apply(text)
    }

    /// What nginx needs before the first line: modules, and an `events` block if there is none.
    fn prelude(&self, root: &str) -> String {
        let mut prelude = String::new();
        for (directive, files) in MODULES {
            let built_in = directive == "stream" && !self.nginx.configured("--with-stream=dynamic");
            let needed = self.survey.directives.iter().any(|name| {
                if directive == "_by_lua" { name.contains(directive) } else { name.starts_with(directive) }
            });
            if needed && !built_in {
                for module in files.iter().filter_map(|file| self.nginx.module(file)) {
                    prelude += &format!("load_module {}; ", module.display());
                }
            }
        }
        let level = self.tree.level(root, self.tree.file(root));
        if !level.iter().any(|(_, statement)| statement.name() == "events") {
            prelude += "events {} ";
        }
        prelude
    }

    fn statements(&mut self, file: &str, text: &str, list: &[Statement], scope: &Scope, edits: &mut Edits) {
        for statement in list {
            match &statement.body {
                None => self.simple(text, statement, scope, edits, file),
                Some(body) => {
                    let inner = self.enter(file, statement, scope);
                    let added = self.added_in(file, statement);
                    edits.insert(body.start, added);
                    self.statements(file, text, &body.statements, &inner, edits);
                }
            }
        }
    }

    fn enter(&self, file: &str, block: &Statement, outer: &Scope) -> Scope {
        let mut scope = Scope { block: block.name().to_owned(), ..outer.clone() };
        match block.name() {
            "server" => scope.server = Some((file.to_owned(), block.span.start)),
            "location" => {
                scope.subrequest = block.args().last().is_some_and(|path| self.survey.subrequests.contains(&path.text));
            }
            name if TABLES.contains(&name) => scope.table = block.words.last().map(|word| word.text.clone()),
            _ => {}
        }
        scope
    }

    /// What has to be added at the beginning of a block.
    fn added_in(&mut self, file: &str, block: &Statement) -> String {
        let mut added = String::new();
        match block.name() {
            "http" => {
                let has = self.tree.level(file, block.inner());
                let lacks = |name: &str| !has.iter().any(|(_, inner)| inner.name() == name);
                for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
                    let directive = format!("{kind}_temp_path");
                    if lacks(&directive) && !self.nginx.configured(&format!("--without-http_{kind}_module")) {
                        added += &format!(" {directive} {};", self.sandbox.folder().join(kind).display());
                    }
                }
                if lacks("access_log") {
                    added += &format!(" access_log {};", self.sandbox.folder().join("access.log").display());
                }
                if let Some(divisor) = self.options.shrink_timeouts {
                    for directive in ["proxy_read_timeout", "proxy_send_timeout"].into_iter().filter(|name| lacks(name))
                    {
                        added += &format!(" {directive} {}ms;", (DEFAULT_TIMEOUT / divisor).max(1));
                    }
                }
            }
            "server" if self.survey.without_listen.contains(&(file.to_owned(), block.span.start)) => {
                added = format!(" listen 127.0.0.1:{};", self.sandbox.listen_port("80"));
            }
            _ => {}
        }
        added
    }

    fn simple(&mut self, text: &str, statement: &Statement, scope: &Scope, edits: &mut Edits, file: &str) {
        let name = statement.name();
        let Some(first) = statement.args().first() else { return };
        let tls = name == "ssl" || ["ssl_", "proxy_ssl_", "quic_", "http3"].iter().any(|start| name.starts_with(start));
        let keeps_tls = self.options.keep_upstream_tls && name.starts_with("proxy_ssl_");
        let http2 = name == "http2" && (self.nginx.version < (1, 25, 1) || self.listens_with_tls(scope, file));
        if GLOBALS.contains(&name)
            || (tls && !keeps_tls)
            || http2
            || scope.table.is_none() && is_certificate_snippet(name, first)
        {
            // The lines stay, so that nginx's messages name those of the user.
            let lines = text[statement.span.clone()].matches('\n').count();
            edits.0.push((statement.span.clone(), "\n".repeat(lines)));
        } else if let Some(variable) = &scope.table {
            if let Some(value) = statement.words.last().filter(|_| statement.words.len() == 2) {
                self.value(variable, value, scope, edits);
            }
        } else if name == "listen" {
            self.listen(text, statement, edits);
        } else if name == "server" && scope.block == "upstream" {
            self.upstream_server(first, scope, edits);
        } else if PASSES.contains(&name) {
            if let Some(url) = self.pass(&first.text, scope) {
                edits.replace(first, url);
            }
        } else if name == "set" {
            if let [variable, value] = statement.args() {
                self.value(&variable.text, value, scope, edits);
            }
        } else if name == "resolver" {
            self.resolver(statement, edits);
        } else if name == "load_module" {
            let module = Path::new(&first.text).file_name().and_then(|file| self.nginx.module(&file.to_string_lossy()));
            if let Some(module) = module {
                edits.replace(first, module.display().to_string());
            }
        } else if PATHS.contains(&name) && first.text.starts_with('/') {
            edits.replace(first, self.local_path(name, &first.text));
        } else if let (Some(divisor), true) = (self.options.shrink_timeouts, TIMEOUTS.contains(&name))
            && let Some(time) = milliseconds(&first.text).filter(|&time| time > 0)
        {
            edits.replace(first, format!("{}ms", (time / divisor).max(1)));
        }
    }

    fn listens_with_tls(&self, scope: &Scope, file: &str) -> bool {
        let servers = self.tree.file(file).iter().flat_map(|top| std::iter::once(top).chain(top.inner()));
        let mut own =
            servers.filter(|server| scope.server.as_ref().is_some_and(|(_, start)| *start == server.span.start));
        own.any(|server| {
            let mut listens = server.inner().iter().filter(|inner| inner.name() == "listen");
            listens.any(|listen| listen.args().iter().any(|word| word.text == "ssl"))
        })
    }

    fn listen(&mut self, text: &str, statement: &Statement, edits: &mut Edits) {
        let [first, parameters @ ..] = statement.args() else { return };
        if parameters.iter().any(|word| word.text == "quic") {
            edits.0.push((statement.span.clone(), "\n".repeat(text[statement.span.clone()].matches('\n').count())));
            return;
        }
        if let Some(path) = first.text.strip_prefix("unix:") {
            edits.replace(first, format!("unix:{}", self.local_path("listen", path)));
        } else if let Some((key, _)) = address::listen(&first.text) {
            edits.replace(first, format!("127.0.0.1:{}", self.sandbox.listen_port(&key)));
        }
        let tls = parameters.iter().any(|word| word.text == "ssl");
        for word in parameters {
            let dropped = matches!(word.text.as_str(), "ssl" | "proxy_protocol" | "deferred")
                || word.text.starts_with("ipv6only=");
            // HTTP/2 comes with TLS; without it, it is the user's mistake and stays.
            if dropped || (tls && matches!(word.text.as_str(), "http2" | "spdy")) {
                edits.replace(word, String::new());
            }
        }
    }

    fn resolver(&mut self, statement: &Statement, edits: &mut Edits) {
        let mut addresses = statement.args().iter().filter(|word| !word.text.contains('='));
        if let Some(first) = addresses.next() {
            edits.replace(first, format!("127.0.0.1:{}", self.sandbox.resolver_port()));
        }
        for word in addresses {
            edits.replace(word, String::new());
        }
    }

    /// A path in the scratch folder; the folders that nginx expects to find are made.
    pub(super) fn local_path(&self, directive: &str, written: &str) -> String {
        let path = self.sandbox.path(written);
        let folder = if matches!(directive, "root" | "alias") { Some(path.as_path()) } else { path.parent() };
        if let Some(folder) = folder.filter(|_| !written.contains('$')) {
            std::fs::create_dir_all(folder).unwrap();
        }
        path.display().to_string()
    }
}

/// Files that certificate tools write hold TLS settings alone.
fn is_certificate_snippet(name: &str, path: &Word) -> bool {
    name == "include" && path.text.starts_with("/etc/letsencrypt/")
}
