//! nginx as it runs in the field: a master and its workers, which can be reloaded.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::nginx::Nginx;

/// A master in the foreground; it and its workers end when dropped.
pub(crate) struct Master {
    child: Child,
}

impl Master {
    /// Starts nginx with `folder` as its prefix and `nginx.conf` in it, which has to name `nginx.pid` as its pid file.
    /// Returns when it listens.
    pub(crate) fn start(nginx: &Nginx, folder: &Path) -> Master {
        let child = Command::new(&nginx.binary)
            .args(["-p".as_ref(), folder.as_os_str(), "-c".as_ref(), folder.join("nginx.conf").as_os_str()])
            .args(["-g", "daemon off;"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut master = Master { child };
        let deadline = Instant::now() + Duration::from_secs(20);
        while fs::metadata(folder.join("nginx.pid")).map_or(0, |file| file.len()) == 0 || master.workers().is_empty() {
            let ended = master.child.try_wait().unwrap();
            let said = || fs::read_to_string(folder.join("stderr")).unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "nginx does not start: {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
        master
    }

    /// The number of the master's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The numbers of its workers, old ones among them.
    pub(crate) fn workers(&self) -> Vec<u32> {
        let parent = self.pid().to_string();
        let listed = Command::new("ps").args(["-o", "pid=", "--ppid", &parent]).output().unwrap();
        String::from_utf8_lossy(&listed.stdout).split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    /// Sends a signal by its name to a process of this nginx.
    pub(crate) fn signal(&self, name: &str, pid: u32) {
        assert!(Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap().success());
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        let workers = self.workers();
        let _ = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            for pid in workers {
                let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            }
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
