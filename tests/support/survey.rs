//! What has to be known of a whole configuration, over all its files, before one line of it can be rewritten.

use std::collections::{BTreeMap, BTreeSet};

use super::address::{self, Target, variables};
use super::conf::{self, Statement};

/// The files of a site by their place in the scratch folder; see [`place`].
pub(crate) struct Tree {
    files: BTreeMap<String, Vec<Statement>>,
}

/// Where a file that the configuration names goes in the scratch folder: what is relative, or in `/etc/nginx`, into
/// `etc`; anything else into `root`.
pub(crate) fn place(path: &str) -> String {
    match path.strip_prefix("/etc/nginx/").or_else(|| (!path.starts_with('/')).then_some(path)) {
        Some(inside) => format!("etc/{inside}"),
        None => format!("root{path}"),
    }
}

/// A block, by its file and the byte where it begins.
pub(crate) type BlockId = (String, usize);

impl Tree {
    /// Reads all files. The error is the place of one that this reader does not understand.
    pub(crate) fn read(files: &BTreeMap<String, String>) -> Result<Tree, String> {
        let mut parsed = BTreeMap::new();
        for (place, text) in files {
            parsed.insert(place.clone(), conf::read(text).ok_or_else(|| place.clone())?);
        }
        Ok(Tree { files: parsed })
    }

    /// The statements of one file.
    pub(crate) fn file(&self, place: &str) -> &[Statement] {
        self.files.get(place).map_or(&[], Vec::as_slice)
    }

    /// The statements of one level with those of the files included there, each with its file.
    pub(crate) fn level<'t>(&'t self, file: &'t str, statements: &'t [Statement]) -> Vec<(&'t str, &'t Statement)> {
        let mut found = Vec::new();
        self.collect(file, statements, 0, &mut found);
        found
    }

    fn collect<'t>(
        &'t self,
        file: &'t str,
        list: &'t [Statement],
        depth: u8,
        found: &mut Vec<(&'t str, &'t Statement)>,
    ) {
        for statement in list {
            if statement.name() == "include" && depth < 20 {
                for place in self.included(statement) {
                    self.collect(place, self.file(place), depth + 1, found);
                }
            } else {
                found.push((file, statement));
            }
        }
    }

    fn included(&self, include: &Statement) -> impl Iterator<Item = &str> {
        let pattern = include.args().first().and_then(|word| glob::Pattern::new(&place(&word.text)).ok());
        let options = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
        let matches = move |place: &&String| pattern.as_ref().is_some_and(|glob| glob.matches_with(place, options));
        self.files.keys().filter(matches).map(String::as_str)
    }

    /// Whether a statement is found in a block or below it, in included files too.
    fn any_below(&self, file: &str, statement: &Statement, test: &dyn Fn(&Statement) -> bool) -> bool {
        let mut level = self.level(file, statement.inner()).into_iter();
        level.any(|(file, inner)| test(inner) || self.any_below(file, inner, test))
    }
}

/// How a variable takes part in the address of a `proxy_pass`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The whole URL, or host with port.
    Address,
    /// The host, with a port of its own in the URL.
    HostBeforePort,
    /// The host of a URL without a port.
    Host,
    /// The port.
    Port,
    /// `http` or `https`.
    Scheme,
}

/// The server to which a test connects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// Key of its first `listen`; see [`address::listen`].
    pub(crate) listen: String,
    /// The port that it had.
    pub(crate) port: u16,
    /// Whether it had TLS.
    pub(crate) tls: bool,
    /// A name that it answers to.
    pub(crate) name: String,
}

/// Facts about all files together.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Names of upstream blocks, in lower case.
    pub(crate) upstreams: BTreeSet<String>,
    /// Ports that each server block listens on.
    pub(crate) listening: BTreeMap<BlockId, Vec<(String, u16)>>,
    /// Unix sockets that a server block listens on.
    pub(crate) sockets: BTreeSet<String>,
    /// Server blocks of `http` that have no `listen`.
    pub(crate) without_listen: BTreeSet<BlockId>,
    /// Hosts with ports that stand in a `proxy_pass` without variables.
    pub(crate) literal: BTreeSet<String>,
    /// Variables in addresses.
    pub(crate) roles: BTreeMap<String, BTreeSet<Role>>,
    /// Variables that the configuration gives a value.
    pub(crate) assigned: BTreeSet<String>,
    /// URIs of `auth_request` and `mirror`.
    pub(crate) subrequests: BTreeSet<String>,
    /// Names of all directives.
    pub(crate) directives: BTreeSet<String>,
}

/// Directives that send a request to a server.
pub(crate) const PASSES: [&str; 6] =
    ["proxy_pass", "grpc_pass", "uwsgi_pass", "scgi_pass", "fastcgi_pass", "memcached_pass"];

/// Blocks that give a variable its value entry by entry; the variable is their last argument.
pub(crate) const TABLES: [&str; 3] = ["map", "geo", "split_clients"];

impl Survey {
    /// Looks at every file.
    pub(crate) fn of(tree: &Tree) -> Survey {
        let mut survey = Survey::default();
        for (file, statements) in &tree.files {
            survey.visit(tree, file, statements);
        }
        // A variable made of others (`set $upstream http://$host:$port`) passes its role on.
        for _ in 0..4 {
            for statements in tree.files.values() {
                survey.follow(statements);
            }
        }
        survey
    }

    fn visit(&mut self, tree: &Tree, file: &str, statements: &[Statement]) {
        for statement in statements {
            self.directives.insert(statement.name().to_owned());
            let first = statement.args().first().map_or("", |word| &word.text);
            match statement.name() {
                "upstream" => {
                    self.upstreams.insert(first.to_ascii_lowercase());
                }
                "server" if statement.body.is_some() => self.server(tree, file, statement),
                "auth_request" | "mirror" => {
                    self.subrequests.insert(first.to_owned());
                }
                "set" => {
                    self.assigned.extend(variables(first));
                }
                name if TABLES.contains(&name) => {
                    self.assigned.extend(statement.words.last().into_iter().flat_map(|word| variables(&word.text)));
                }
                name if PASSES.contains(&name) => self.pass(first),
                _ => {}
            }
            self.visit(tree, file, statement.inner());
        }
    }

    fn server(&mut self, tree: &Tree, file: &str, server: &Statement) {
        let level = tree.level(file, server.inner());
        let listens: Vec<_> = level.iter().filter(|(_, inner)| inner.name() == "listen").collect();
        let id = (file.to_owned(), server.span.start);
        // A server of `stream` passes by itself, and has to listen.
        if listens.is_empty() && !level.iter().any(|(_, inner)| inner.name() == "proxy_pass") {
            self.without_listen.insert(id.clone());
        }
        let arguments: Vec<_> = listens.iter().filter_map(|(_, listen)| listen.args().first()).collect();
        self.sockets.extend(arguments.iter().filter_map(|word| word.text.strip_prefix("unix:")).map(str::to_owned));
        self.listening.insert(id, arguments.iter().filter_map(|word| address::listen(&word.text)).collect());
    }

    fn pass(&mut self, url: &str) {
        let target = Target::read(url);
        if !url.contains('$') {
            self.literal.insert(target.key());
        }
        self.note_roles(&target, None);
    }

    /// Notes what the variables of an address stand for. `whole` is the role of the address itself, if it is a value.
    fn note_roles(&mut self, target: &Target, whole: Option<Role>) {
        let alone = target.scheme.is_none() && target.port.is_none();
        let host = if alone {
            whole.unwrap_or(Role::Address)
        } else if target.port.is_some() || whole == Some(Role::HostBeforePort) {
            Role::HostBeforePort
        } else {
            Role::Host
        };
        let parts = [
            (target.scheme.as_deref(), Role::Scheme),
            (Some(&*target.host), host),
            (target.port.as_deref(), Role::Port),
        ];
        for (part, role) in parts {
            for name in variables(part.unwrap_or("")) {
                self.roles.entry(name).or_default().insert(role);
            }
        }
    }

    fn follow(&mut self, statements: &[Statement]) {
        for statement in statements {
            if let ("set", [name, value]) = (statement.name(), statement.args()) {
                let roles: Vec<_> =
                    variables(&name.text).iter().filter_map(|name| self.roles.get(name)).flatten().copied().collect();
                for role in roles {
                    self.note_roles(&Target::read(&value.text), Some(role));
                }
            }
            self.follow(statement.inner());
        }
    }

    /// The server to test: the one of the given name, or else the first that passes requests on, or else the first.
    pub(crate) fn entry<'t>(tree: &'t Tree, root: &'t str, name: Option<&str>) -> Option<Entry> {
        let blocks = tree.level(root, tree.file(root)).into_iter().filter(|(_, statement)| statement.name() == "http");
        let servers: Vec<_> = blocks
            .flat_map(|(file, http)| tree.level(file, http.inner()))
            .filter(|(_, statement)| statement.name() == "server" && statement.body.is_some())
            .collect();
        let is_named = |file: &str, server: &Statement| {
            let mut names =
                tree.level(file, server.inner()).into_iter().filter(|(_, inner)| inner.name() == "server_name");
            names.any(|(_, names)| names.args().iter().any(|word| Some(word.text.as_str()) == name))
        };
        let passes =
            |file: &str, server: &Statement| tree.any_below(file, server, &|inner| PASSES.contains(&inner.name()));
        let chosen = servers
            .iter()
            .find(|(file, server)| is_named(file, server))
            .or_else(|| servers.iter().find(|(file, server)| passes(file, server)))
            .or_else(|| servers.first())?;
        Some(Survey::describe(tree, chosen.0, chosen.1))
    }

    fn describe(tree: &Tree, file: &str, server: &Statement) -> Entry {
        let level = tree.level(file, server.inner());
        let of = |name: &'static str| level.iter().filter(move |(_, inner)| inner.name() == name);
        let first = of("listen").find_map(|(_, listen)| Some((address::listen(&listen.args().first()?.text)?, listen)));
        let tls = first.as_ref().is_some_and(|(_, listen)| listen.args().iter().any(|word| word.text == "ssl"));
        let (listen, port) = first.map_or_else(|| ("80".to_owned(), 80), |(address, _)| address);
        let names = of("server_name").flat_map(|(_, names)| names.args());
        let name = names.filter_map(|word| speakable(&word.text)).next().unwrap_or_else(|| "localhost".to_owned());
        Entry { listen, port, tls, name }
    }
}

/// A host name that a `server_name` matches; `None` for a regex or a name that is none (`_`).
fn speakable(name: &str) -> Option<String> {
    if name.is_empty() || name == "_" || name.starts_with('~') || name.contains('$') {
        return None;
    }
    let name = name.strip_prefix('.').unwrap_or(name);
    let name = name.strip_prefix("*.").map_or(name.to_owned(), |rest| format!("probe.{rest}"));
    Some(name.strip_suffix(".*").map_or(name.clone(), |stem| format!("{stem}.example.com")))
}
