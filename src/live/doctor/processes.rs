//! The processes of nginx, by their titles (`ngx_setproctitle`), and what they have open.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::sockets::{Connection, established};

/// What a process of nginx does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It reads the configuration and starts the others.
    Master,
    /// It handles connections.
    Worker,
    /// It was told to go and stays for the connections that are open.
    OldWorker,
    /// It looks after caches, or is none of these.
    Helper,
}

/// A process of nginx.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// That of the process that started it.
    pub parent: u32,
    /// What it does.
    pub role: Role,
    /// How many connections over TCP it has open; none if that may not be looked at.
    pub connections: Option<usize>,
    /// When it was started; none if that cannot be told.
    pub started: Option<SystemTime>,
    /// Its title, behind `nginx: `.
    title: String,
}

/// The processes of nginx, and the connections of the machine they see.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// Masters first.
    pub processes: Vec<Process>,
    pub(super) connections: Vec<Connection>,
    proc: PathBuf,
}

impl Running {
    /// Looks at the processes of this machine.
    ///
    /// # Errors
    /// Where it is not Linux, or `/proc` cannot be read.
    pub fn look() -> io::Result<Self> {
        Self::look_in(Path::new("/proc"))
    }

    fn look_in(proc: &Path) -> io::Result<Self> {
        if !cfg!(target_os = "linux") {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this is not Linux: there is no /proc to look at"));
        }
        let up = std::fs::read_to_string(proc.join("uptime")).ok();
        let up = up.and_then(|text| Duration::try_from_secs_f64(text.split(' ').next()?.parse().ok()?).ok());
        let booted = up.and_then(|up| SystemTime::now().checked_sub(up));
        let mut processes: Vec<Process> = Vec::new();
        for entry in std::fs::read_dir(proc)?.filter_map(Result::ok) {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // Processes come and go: one that is gone is none.
            processes.extend(process(&entry.path(), pid, booted));
        }
        processes.sort_by_key(|process| (process.role != Role::Master, process.pid));
        // The table of a process is that of its network, which in a container is another than ours.
        let network = processes.first().map_or(proc.join("net"), |first| proc.join(first.pid.to_string()).join("net"));
        let table = |name: &str| std::fs::read_to_string(network.join(name)).map(|text| established(&text));
        let mut connections = table("tcp")?;
        connections.extend(table("tcp6").unwrap_or_default());
        for process in &mut processes {
            let own = inodes(&proc.join(process.pid.to_string()));
            process.connections =
                own.map(|own| connections.iter().filter(|connection| own.contains(&connection.inode)).count());
        }
        Ok(Self { processes, connections, proc: proc.to_owned() })
    }

    /// The masters.
    pub fn masters(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| process.role == Role::Master)
    }

    /// Those that one master started.
    pub fn children<'a>(&'a self, master: &'a Process) -> impl Iterator<Item = &'a Process> {
        self.processes.iter().filter(|process| process.parent == master.pid)
    }

    /// When a master last loaded its configuration: then it started the oldest of the workers that take connections.
    pub fn loaded(&self, master: &Process) -> Option<SystemTime> {
        let workers = self.children(master).filter(|child| child.role == Role::Worker);
        workers.filter_map(|worker| worker.started).min()
    }

    /// The program that a process runs, and which configuration it was given: `-c` and `-p` with what follows them.
    pub fn started_as(&self, master: &Process) -> (PathBuf, Vec<OsString>) {
        let folder = self.proc.join(master.pid.to_string());
        let link = |name: &str| std::fs::read_link(folder.join(name)).ok();
        // What was replaced while it runs is still its program.
        let program = link("exe").filter(|path| path.exists()).unwrap_or_else(|| "nginx".into());
        let here = link("cwd");
        let words: Vec<&str> = master.title.split(' ').collect();
        let mut arguments = Vec::new();
        for pair in words.windows(2).filter(|pair| matches!(pair[0], "-c" | "-p")) {
            let path = PathBuf::from(pair[1]);
            // A relative `-c` starts from the prefix, not from here (`ngx_process_options`).
            let path = here.as_ref().filter(|_| pair[0] == "-p").map_or(path.clone(), |here| here.join(path));
            arguments.extend([pair[0].into(), path.into_os_string()]);
        }
        (program, arguments)
    }
}

fn process(folder: &Path, pid: u32, booted: Option<SystemTime>) -> Option<Process> {
    let command = std::fs::read(folder.join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    let title = command.trim_end().strip_prefix("nginx: ")?;
    let role = if title.starts_with("master process") {
        Role::Master
    } else if title.starts_with("worker process is shutting down") {
        Role::OldWorker
    } else if title.starts_with("worker process") {
        Role::Worker
    } else {
        Role::Helper
    };
    // `PID (name) state parent …`; the name may hold anything.
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let parent = fields.get(1)?.parse().ok()?;
    // Field 22, counted from the number of the process, in units that Linux shows as hundredths on all machines.
    let started =
        fields.get(19).and_then(|ticks| ticks.parse::<u64>().ok()).map(|ticks| Duration::from_millis(ticks * 10));
    let started = booted.zip(started).and_then(|(booted, started)| booted.checked_add(started));
    Some(Process { pid, parent, role, connections: None, started, title: title.to_owned() })
}

/// The sockets that a process has open.
fn inodes(folder: &Path) -> Option<HashSet<u64>> {
    let entries = std::fs::read_dir(folder.join("fd")).ok()?;
    let links = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let inode = |link: PathBuf| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    Some(links.filter_map(inode).collect())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn add(proc: &Path, pid: u32, parent: u32, title: &str) {
        let folder = proc.join(pid.to_string());
        std::fs::create_dir_all(folder.join("net")).unwrap();
        std::fs::write(folder.join("net/tcp"), "head\n").unwrap();
        std::fs::write(folder.join("cmdline"), format!("{title}\0")).unwrap();
        std::fs::write(folder.join("stat"), format!("{pid} (ng) inx) S {parent}{} {} 0", " 0".repeat(17), pid * 100))
            .unwrap();
    }

    #[test]
    fn processes_are_known_by_their_titles() {
        let proc = tempfile::tempdir().unwrap();
        add(proc.path(), 20, 10, "nginx: worker process is shutting down");
        add(proc.path(), 10, 1, "nginx: master process /usr/sbin/nginx -c /etc/nginx/other.conf -g daemon on;");
        add(proc.path(), 21, 10, "nginx: worker process");
        add(proc.path(), 30, 1, "vim nginx: master process");
        std::fs::write(proc.path().join("uptime"), "60.50 7.00\n").unwrap();
        let running = Running::look_in(proc.path()).unwrap();
        let roles: Vec<_> = running.processes.iter().map(|process| (process.pid, process.role)).collect();
        assert_eq!(roles, [(10, Role::Master), (20, Role::OldWorker), (21, Role::Worker)]);
        let master = running.masters().next().unwrap();
        assert_eq!(running.children(master).count(), 2);
        // Worker 21 began 21 s after the machine, which has been up for 60.5 s.
        let age = running.loaded(master).unwrap().elapsed().unwrap();
        assert!((39.5..40.5).contains(&age.as_secs_f64()), "{age:?}");
        let (program, arguments) = running.started_as(master);
        assert_eq!((program, arguments), ("nginx".into(), vec!["-c".into(), "/etc/nginx/other.conf".into()]));
    }
}
