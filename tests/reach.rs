//! The location that a request reaches, as the library finds it, against a real nginx: servers with random locations are
//! asked for random paths.

mod support;

use std::fmt::Write as _;

use nginx_wslint::config::{DirectiveId, Memory, Reached, Tree, TreeOptions};

use support::nginx::nginx;
use support::site::{Context, Site};

const SERVERS: usize = 120;
const PATHS: usize = 40;

/// A small generator of numbers (xorshift), so that a failure comes back with the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A path of a few short segments, often the beginning of another.
    fn path(&mut self) -> String {
        let mut path = String::from("/");
        for _ in 0..self.below(4) {
            path.push_str(self.pick(&["a", "b", "ws", "ab"]));
            path.push_str(self.pick(&["/", "/", "", "x"]));
        }
        path
    }
}

/// Random locations inside a block; every one answers with its own number. Prefixes begin with `within`, as nginx demands
/// of nested ones; in a pattern that is no path (none) there can
/// be other patterns only.
fn locations(random: &mut Random, text: &mut String, within: Option<&str>, depth: usize, number: &mut usize) {
    const PATTERNS: [&str; 12] =
        ["ws$", "^/a", "/$", "x", "^/(a|b)/", "b.*b", "A", "^/ws/?$", "(?!a)b", "/a/", "/a/", "/a/"];
    let mut taken: Vec<String> = Vec::new();
    for _ in 0..random.below(if depth == 0 { 9 } else { 4 }) {
        let kind = random.pick(&["", "", "", "^~ ", "= ", "~ ", "~* "]);
        let kind = if within.is_none() { random.pick(&["~ ", "~* "]) } else { kind };
        let within = within.unwrap_or_default();
        let is_pattern = kind.starts_with('~');
        let path = match is_pattern {
            true => random.pick(&PATTERNS).to_owned(),
            false => {
                format!("{within}{}", random.path().trim_start_matches(if within.ends_with('/') { "/" } else { "" }))
            }
        };
        // nginx refuses two of a kind, and a prefix is the same with and without `^~`.
        let key = format!(
            "{}{path}",
            if kind == "= " {
                "="
            } else if is_pattern {
                kind
            } else {
                ""
            }
        );
        if !is_pattern && taken.contains(&key) {
            continue;
        }
        taken.push(key);
        *number += 1;
        let pass = if !is_pattern && random.below(2) == 0 { "proxy_pass http://127.0.0.1:9;" } else { "" };
        let _ = writeln!(text, "location {kind}{path} {{ {pass} return 200 \"n{number}\";");
        if depth < 2 && kind != "= " && random.below(3) == 0 {
            let inside = (!is_pattern || path == "/a/").then_some(path.as_str());
            locations(random, text, inside, depth + 1, number);
        }
        text.push_str("}\n");
    }
}

/// What nginx is expected to answer: the number of the location, or the status.
fn expected(tree: &Tree, server: DirectiveId, path: &str) -> String {
    let number = |block: DirectiveId| tree.own(block, "return").first().and_then(|&line| tree.arg(line, 2));
    match tree.reach(server, path) {
        Reached::Location(block) => number(block).unwrap_or_default().into_owned(),
        Reached::Redirect(_) => "301".into(),
        Reached::Server => "410".into(),
        Reached::Unknown => "unknown".into(),
    }
}

#[test]
fn random_locations_are_reached_as_nginx_reaches_them() {
    let Some(nginx) = nginx() else { return };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut text = String::from("events {}\nhttp {\n");
    for server in 0..SERVERS {
        let _ = write!(text, "server {{\nlisten 80;\nserver_name s{server}.example;\ntry_files /none =410;\n");
        locations(&mut random, &mut text, Some(""), 0, &mut 0);
        text.push_str("}\n");
    }
    text.push_str("}\n");
    let mut files = Memory::new();
    files.insert("nginx.conf", text.as_str());
    let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
    let mut running = Site::new(Context::Main, &text).started(&nginx);
    let servers: Vec<DirectiveId> = tree.ids().filter(|&id| tree.is(id, "server")).collect();
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for (number, &server) in servers.iter().enumerate() {
        running.client.host = format!("s{number}.example");
        // Every second path is that of a location without its slash.
        let inside = (server.0 + 1..tree.directive(server).end.0).map(DirectiveId);
        let names: Vec<String> = inside
            .filter_map(|id| tree.location(id))
            .filter(|location| !location.is_regex() && location.path.len() > 1)
            .map(|location| location.path.trim_end_matches('/').to_owned())
            .filter(|path| !path.is_empty())
            .collect();
        for turn in 0..PATHS {
            let path = if turn % 2 == 0 && !names.is_empty() {
                names[random.below(names.len())].clone()
            } else {
                random.path()
            };
            let answer = running.get(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let answered = if answer.status() == 200 { answer.text() } else { answer.status().to_string() };
            assert_eq!(
                expected(&tree, server, &path),
                answered,
                "{path} in\n{}",
                &text[tree.node(server).span.start as usize..tree.node(server).span.end as usize]
            );
            let kind = if answered.starts_with('n') { "location" } else { answered.as_str() };
            *seen.entry(kind.to_owned()).or_default() += 1;
        }
    }
    // The comparison says something only if every way to end was taken.
    for kind in ["location", "301", "410"] {
        assert!(seen.get(kind).is_some_and(|&count| count > 50), "{seen:?}");
    }
}
