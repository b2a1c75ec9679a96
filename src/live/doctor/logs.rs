//! The error logs that a configuration names.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::config::Tree;
use crate::live::log::{LogSummary, Seconds, Tally, read};

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

/// What the last lines of a log come to, and whether earlier ones were left unread.
pub(super) fn triage(file: &Path, since: Seconds) -> io::Result<(LogSummary, bool)> {
    let mut log = File::open(file)?;
    let length = log.metadata()?;
    if !length.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let skipped = length.len().saturating_sub(TAIL);
    log.seek(SeekFrom::Start(skipped))?;
    let mut tally = Tally::new(Some(since));
    read(log, &mut tally, &mut || true)?;
    Ok((LogSummary::new(&tally, 1), skipped > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Memory, TreeOptions};

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
