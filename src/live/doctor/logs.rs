//! The error logs that a configuration names, and which of their lines count.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::config::{DirectiveId, Reached, Tree};
use crate::live::located::decoded;
use crate::live::log::{Fields, Line, LogSummary, Seconds, Tally, each_line, unwrapped};

/// Of a large log only its end is read.
const TAIL: u64 = 64 << 20;

/// Where nginx writes its errors to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To this file.
    File(PathBuf),
    /// To somewhere else: as written.
    Elsewhere(String),
}

/// The logs, each once; `default` is the one where the configuration names none.
pub(super) fn places(tree: &Tree, prefix: Option<&Path>, default: Option<&Path>) -> Vec<Place> {
    let mut all = Vec::new();
    let lines = tree.ids().filter(|&id| tree.is(id, "error_log"));
    for written in lines.filter_map(|line| tree.arg(line, 1)) {
        add(&mut all, &written, prefix);
    }
    if let (true, Some(default)) = (all.is_empty(), default) {
        add(&mut all, &default.to_string_lossy(), prefix);
    }
    all
}

fn add(all: &mut Vec<Place>, written: &str, prefix: Option<&Path>) {
    let elsewhere = ["stderr", "syslog:", "memory:", "/dev/"].iter().any(|start| written.starts_with(start));
    let place = match prefix {
        _ if elsewhere => Place::Elsewhere(written.to_owned()),
        Some(prefix) => Place::File(prefix.join(written)),
        None => Place::File(written.into()),
    };
    if !all.contains(&place) {
        all.push(place);
    }
}

/// A handshake of this checkup, by which its lines in the log are known.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// When, in whole seconds.
    pub(super) began: Seconds,
    /// Path and query.
    pub(super) target: String,
    /// The `Host` that was sent.
    pub(super) host: String,
    /// Whether an answer came; nginx may not have seen the request of one without.
    pub(super) answered: bool,
}

impl Own {
    /// Whether a line is about it.
    fn wrote(&self, line: &Line<'_>, fields: &Fields<'_>) -> bool {
        let asked = |request: &[u8]| {
            let rest = request.strip_prefix(b"GET ").and_then(|rest| rest.strip_prefix(self.target.as_bytes()));
            rest == Some(b" HTTP/1.1")
        };
        let same = asked(fields.request) && (fields.host.is_empty() || fields.host == self.host.as_bytes());
        line.time >= self.began && (same || (fields.request.is_empty() && line.has_client() && !self.answered))
    }
}

/// A place in the configuration, as lines of a log name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Here {
    /// What nginx calls the server: its first name (`ngx_http_core_merge_srv_conf`).
    name: String,
    server: DirectiveId,
    location: Option<DirectiveId>,
}

impl Here {
    /// A location of a server, or what is outside of all locations.
    pub(super) fn new(tree: &Tree, server: DirectiveId, location: Option<DirectiveId>) -> Self {
        let name = tree.own(server, "server_name").first().and_then(|&line| tree.arg(line, 1)).unwrap_or_default();
        let name = name.strip_prefix('.').unwrap_or(&name).to_ascii_lowercase();
        Self { name, server, location }
    }

    /// Whether a line is about a request that came here; one about no request may be.
    pub(super) fn holds(&self, tree: &Tree, fields: &Fields<'_>) -> bool {
        if fields.request.is_empty() {
            return true;
        }
        let reached = || tree.reach(self.server, &decoded(&String::from_utf8_lossy(fields.path)));
        fields.server == self.name.as_bytes()
            && match reached() {
                Reached::Unknown => true,
                reached => reached.location() == self.location,
            }
    }
}

/// Which lines of a log count.
pub(super) struct Sieve<'a> {
    /// Those from then on.
    pub(super) since: Seconds,
    /// And not from before nginx was last loaded.
    pub(super) loaded: Option<Seconds>,
    /// How long the log was, in bytes, before this checkup wrote to it.
    pub(super) length: u64,
    /// And not those of this checkup.
    pub(super) own: &'a [Own],
    /// And not those about other places; asked once for each server and path.
    pub(super) concerns: &'a dyn Fn(&Fields<'_>) -> bool,
}

/// What the lines of a log come to.
#[derive(Debug)]
pub(super) struct Triage {
    /// Those that count.
    pub(super) now: LogSummary,
    /// Those of this checkup.
    pub(super) own: LogSummary,
    /// Those of each of its handshakes, in the order of [`Sieve::own`]; a line that may be of several is in none.
    pub(super) by_own: Vec<LogSummary>,
    /// Those about other places.
    pub(super) elsewhere: LogSummary,
    /// Those from before nginx was last loaded.
    pub(super) before: LogSummary,
    /// Whether earlier ones were left unread.
    pub(super) is_tail: bool,
}

/// Sorts the last lines of a log.
pub(super) fn triage(file: &Path, sieve: &Sieve<'_>) -> io::Result<Triage> {
    const MOST_PATHS: usize = 4096;
    let mut log = File::open(file)?;
    let length = log.metadata()?;
    if !length.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let skipped = length.len().saturating_sub(TAIL);
    log.seek(SeekFrom::Start(skipped))?;
    let tally = || Tally::new(None);
    let (mut now, mut own, mut elsewhere, mut before) = (tally(), tally(), tally(), tally());
    let mut by_own: Vec<Tally> = sieve.own.iter().map(|_| tally()).collect();
    let mut known: HashMap<Vec<u8>, bool> = HashMap::new();
    let mut sort = |raw: &[u8], is_new: bool| {
        let text = unwrapped(raw);
        let Some(line) = Line::read(&text).filter(|line| line.time >= sieve.since) else { return };
        if sieve.loaded.is_some_and(|loaded| line.time < loaded) {
            before.add(&text);
            return;
        }
        let fields = line.fields();
        if is_new {
            let writers = sieve.own.iter().zip(&mut by_own).filter(|(one, _)| one.wrote(&line, &fields));
            let mut writers: Vec<&mut Tally> = writers.map(|(_, tally)| tally).collect();
            if let [only] = &mut writers[..] {
                only.add(&text);
            }
            if !writers.is_empty() {
                own.add(&text);
                return;
            }
        }
        let key = [fields.server, fields.path].join(&0);
        let concerns = known.get(&key).copied().unwrap_or_else(|| {
            let concerns = (sieve.concerns)(&fields);
            if known.len() < MOST_PATHS && !fields.request.is_empty() {
                known.insert(key, concerns);
            }
            concerns
        });
        if concerns {
            now.add(&text)
        } else {
            elsewhere.add(&text)
        };
    };
    let old = (&mut log).take(sieve.length.saturating_sub(skipped));
    each_line(old, &mut |line| sort(line, false), &mut || true)?;
    each_line(log, &mut |line| sort(line, true), &mut || true)?;
    let summary = |tally: &Tally| LogSummary::new(tally, 1);
    Ok(Triage {
        now: summary(&now),
        own: summary(&own),
        by_own: by_own.iter().map(summary).collect(),
        elsewhere: summary(&elsewhere),
        before: summary(&before),
        is_tail: skipped > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Memory, TreeOptions};

    #[test]
    fn only_lines_of_now_and_of_here_count() {
        let mut files = Memory::new();
        files.insert("nginx.conf", "events {} http { server { server_name a.example; location /ws { proxy_pass http://127.0.0.1:1; } location /api { proxy_pass http://127.0.0.1:2; } } }");
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        let block = |name: &str| tree.ids().find(|&id| tree.is(id, name)).unwrap();
        let here = Here::new(&tree, block("server"), Some(block("location")));
        let line = |time: &str, request: &str, host: &str| {
            format!(
                "2026/11/21 {time} [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: a.example, request: \"GET {request} HTTP/1.1\", upstream: \"http://127.0.0.1:1/\", host: \"{host}\"\n"
            )
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("error.log");
        let lines = [
            line("01:00:00", "/ws", "a.example"),
            line("02:00:00", "/ws", "a.example"),
            line("03:00:00", "/ws/1", "a.example"),
            line("03:00:00", "/api/x", "a.example"),
            line("04:00:00", "/ws", "a.example"),
            line("04:00:00", "/ws", "a.example"),
            line("04:00:00", "/ws", "other"),
        ];
        std::fs::write(&file, lines.concat()).unwrap();
        let at = |text: &str| crate::live::log::since(&format!("2026-11-21 {text}")).unwrap();
        let own = Own { began: at("04:00:00"), target: "/ws".into(), host: "a.example".into(), answered: true };
        let sieve = Sieve {
            since: at("01:30:00"),
            loaded: Some(at("02:30:00")),
            length: lines[..5].concat().len() as u64,
            own: &[own],
            concerns: &|fields| here.holds(&tree, fields),
        };
        let triage = triage(&file, &sieve).unwrap();
        let counts = [&triage.now, &triage.own, &triage.elsewhere, &triage.before].map(|summary| summary.recognised);
        assert_eq!(counts, [3, 1, 1, 1]);
        assert_eq!(triage.by_own.iter().map(|summary| summary.recognised).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn each_log_is_named_once() {
        let mut files = Memory::new();
        files.insert("nginx.conf", "error_log logs/e.log info; events {} http { error_log stderr; server { error_log /var/log/e.log; error_log /var/log/e.log; } }");
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        let file = |path: &str| Place::File(path.into());
        let wanted = [file("/usr/share/nginx/logs/e.log"), Place::Elsewhere("stderr".into()), file("/var/log/e.log")];
        assert_eq!(places(&tree, Some(Path::new("/usr/share/nginx")), None), wanted);
        files.insert("nginx.conf", "events {}");
        let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
        assert_eq!(places(&tree, None, Some(Path::new("/var/log/e.log"))), [file("/var/log/e.log")]);
    }
}
