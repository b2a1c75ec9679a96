//! What else shows: the connections and the processes.

use super::checkup::{State, Step};
use super::endpoints::ports;
use super::examine::{Visit, number};
use super::processes::{Process, Role};
use crate::live::log::{clock, told};
use crate::live::probe::Kind;

impl Visit<'_, '_> {
    pub(super) fn connections(&mut self) {
        let (running, linted) = match (&self.ask.running, &self.ask.linted) {
            (Err(why), _) => return self.step(Step::new("connections", State::Skipped, why)),
            (Ok(_), Err(_)) => {
                let text = "without the configuration the ports are not known";
                return self.step(Step::new("connections", State::Skipped, text));
            }
            (Ok(running), Ok(linted)) => (running, linted),
        };
        let in_front = ports(&linted.tree).into_iter().map(|port| {
            let count = running.connections.iter().filter(|one| one.local.port() == port).count();
            format!("{count} to port {port}")
        });
        let mut behind: Vec<(String, usize)> = Vec::new();
        for trial in &self.checkup.trials {
            let Some(address) = trial.direct.as_ref().and_then(|direct| direct.address) else { continue };
            let count = running.connections.iter().filter(|one| one.remote == address).count();
            if !behind.iter().any(|(known, _)| *known == address.to_string()) {
                behind.push((address.to_string(), count));
            }
        }
        let behind = behind.iter().map(|(address, count)| format!("{count} on to {address}"));
        let text = in_front.take(4).chain(behind.take(4)).collect::<Vec<_>>().join(", ");
        if text.is_empty() && !linted.tree.problems().is_empty() {
            let text = "the ports are not known: the configuration cannot be read whole";
            return self.step(Step::new("connections", State::Skipped, text));
        }
        let text = if text.is_empty() {
            "the configuration listens on no port".into()
        } else {
            format!("established: {text}")
        };
        self.step(Step::new("connections", State::Good, text));
    }

    pub(super) fn processes(&mut self) {
        let running = match &self.ask.running {
            Ok(running) => running,
            Err(why) => return self.step(Step::new("processes", State::Skipped, why)),
        };
        let masters: Vec<_> = running.masters().collect();
        let several = masters.len() > 1;
        if masters.is_empty() {
            return self.step(Step::new("processes", State::Note, "no nginx is running that this user can see"));
        }
        for master in masters {
            let of = |role: Role| running.children(master).filter(move |child| child.role == role);
            let old: Vec<_> = of(Role::OldWorker).collect();
            let this = if several && self.ask.master == Some(master.pid) { " (this configuration)" } else { "" };
            let mut text = format!("master {}{this}, {}", master.pid, number(of(Role::Worker).count(), "worker"));
            let mut state = State::Good;
            let mut notes = Vec::new();
            if !old.is_empty() {
                state = State::Note;
                text.push_str(&format!(", {} still shutting down", number(old.len(), "old worker")));
                for worker in old.iter().take(4) {
                    let open = worker.connections.map(|count| format!(", {} open", number(count, "connection")));
                    notes.push(format!("{} is shutting down{}", worker.pid, open.unwrap_or_default()));
                }
                notes.push("They stay, with the old configuration, until their last WebSocket closes; worker_shutdown_timeout bounds that (no-shutdown-timeout).".into());
            }
            let stale = self.changed_file(master);
            if let Some(changed) = stale.filter(|_| self.ask.master == Some(master.pid)) {
                state = State::Note;
                notes.push(format!("{changed}: what runs is older than what is read here."));
                self.blame_staleness(&changed);
            }
            self.step(Step { notes, ..Step::new("processes", state, text) });
        }
    }

    /// The first file of the configuration that was changed after a master loaded it, and when.
    fn changed_file(&self, master: &Process) -> Option<String> {
        let loaded = self.ask.running.as_ref().ok()?.loaded(master)?;
        let tree = &self.ask.linted.as_ref().ok()?.tree;
        tree.files().iter().find_map(|file| {
            let path = file.source.path();
            let changed = std::fs::metadata(path).ok()?.modified().ok()?;
            let (at, loaded_at) = (clock(told(changed)), clock(told(loaded)));
            (changed > loaded)
                .then(|| format!("{} was changed at {at}, and nginx loaded at {loaded_at}", path.display()))
        })
    }

    /// A handshake that fails at nginx, with nothing in the configuration that explains it, fails by the old one.
    fn blame_staleness(&mut self, changed: &str) {
        let unexplained = self.checkup.trials.iter().any(|trial| {
            let by_backend = trial.verdict.kind == Kind::BackendAtFault;
            let explained = trial.place.as_ref().is_some_and(|place| place.explaining > 0);
            !trial.through.is_healthy() && !by_backend && !explained
        });
        if unexplained {
            let cause = format!("nginx runs an older configuration: {changed}.");
            let advice = "Load it, `nginx -t && nginx -s reload`, and look again.".to_owned();
            self.found(1, "not-reloaded", cause, vec![advice], Vec::new());
        }
    }
}
