//! The scratch folder of one run: its files, its ports, and the servers behind nginx.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use super::backend::{Backend, Behaviour, Record, locked};
use super::resolver::Resolver;
use super::survey::place;

/// Ports given out in this process, so that tests that run side by side do not take one another's.
static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A TCP port on 127.0.0.1 on which nothing listens.
///
/// It lies below those that Linux gives to outgoing connections (32768 and up), one of which could else take it before
/// nginx does.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 12_000;
    const HOW_MANY: u32 = 20_000;
    // Runs that are under way at once begin at different places.
    let start = std::process::id().wrapping_mul(61);
    let candidates = (0..HOW_MANY).map(|step| FIRST + start.wrapping_add(step) % HOW_MANY);
    let mut taken = locked(&TAKEN);
    candidates
        .filter_map(|port| u16::try_from(port).ok())
        .find(|&port| !taken.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() && taken.insert(port))
        .expect("no free port on 127.0.0.1")
}

/// Everything that one run of nginx uses; removed when dropped.
pub(crate) struct Sandbox {
    folder: TempDir,
    /// New ports of nginx by the address that was written; see [`super::address::listen`].
    listens: BTreeMap<String, u16>,
    /// Servers by the address that was written; see [`super::address::Target::key`].
    backends: BTreeMap<String, Backend>,
    /// Ports of servers that are to be unreachable.
    unreachable: BTreeMap<String, u16>,
    resolver: Option<Resolver>,
    down: BTreeSet<String>,
    behaviour: Behaviour,
    behaviours: BTreeMap<String, Behaviour>,
    /// What the servers received.
    pub(crate) record: Record,
}

impl Sandbox {
    /// An empty folder. `behaviour` is that of every server but those in `behaviours`; those in `down` do not run.
    pub(crate) fn new(
        behaviour: Behaviour,
        behaviours: BTreeMap<String, Behaviour>,
        down: BTreeSet<String>,
    ) -> Sandbox {
        Sandbox {
            folder: tempfile::Builder::new().prefix("proof").tempdir().unwrap(),
            listens: BTreeMap::new(),
            backends: BTreeMap::new(),
            unreachable: BTreeMap::new(),
            resolver: None,
            down,
            behaviour,
            behaviours,
            record: Record::default(),
        }
    }

    /// The scratch folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path in the scratch folder for one that the configuration names.
    pub(crate) fn path(&self, written: &str) -> PathBuf {
        self.folder().join(place(written))
    }

    /// The port on which nginx is to listen for a written address.
    pub(crate) fn listen_port(&mut self, key: &str) -> u16 {
        *self.listens.entry(key.to_owned()).or_insert_with(free_port)
    }

    /// The port of the server for a written address; starts it. Those for `subrequest`s are servers of their own.
    pub(crate) fn backend_port(&mut self, key: &str, subrequest: bool) -> u16 {
        if self.down.contains(key) {
            return *self.unreachable.entry(key.to_owned()).or_insert_with(free_port);
        }
        let name = if subrequest { format!("{key} (subrequest)") } else { key.to_owned() };
        if let Some(backend) = self.backends.get(&name) {
            return backend.port;
        }
        let mut behaviour = self.behaviours.get(key).unwrap_or(&self.behaviour).clone();
        if subrequest {
            behaviour = Behaviour { subrequests: true, endpoint: None, ..behaviour };
        }
        let backend = Backend::start(&name, behaviour, Record::clone(&self.record));
        let port = backend.port;
        self.backends.insert(name, backend);
        port
    }

    /// The UDP port of a resolver; starts it.
    pub(crate) fn resolver_port(&mut self) -> u16 {
        self.resolver.get_or_insert_with(Resolver::start).port
    }

    /// A text that nginx or a backend produced, with ports and paths as the user wrote them.
    pub(crate) fn as_written(&self, text: &str) -> String {
        let folder = self.folder().display();
        let mut text = text.replace(&format!("{folder}/etc/"), "").replace(&format!("{folder}/root/"), "/");
        let backends = self.backends.iter().map(|(name, backend)| (name, backend.port));
        let unreachable = self.unreachable.iter().map(|(name, port)| (name, *port));
        for (name, port) in backends.chain(unreachable) {
            let key = name.trim_end_matches(" (subrequest)");
            text = text.replace(&format!("127.0.0.1:{port}"), key);
            let written = key.rsplit_once(':').map_or("80", |(_, port)| port);
            text = text.replace(&format!(":{port}"), &format!(":{written}"));
        }
        for (key, port) in &self.listens {
            let written = key.rsplit_once(':').map_or(key.as_str(), |(_, port)| port);
            text = text.replace(&format!(":{port}"), &format!(":{written}"));
        }
        text
    }
}
