//! What `--diff` says of the rest: nothing is written, so that it is told of the files as they are.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use nginx_wslint::config::Reader;
use nginx_wslint::fix::{LineMap, Together};
use nginx_wslint::report::{Diagnostic, Report};

use super::super::files::at_once;
use super::super::lint::Session;

/// The report of the files as they are, without what the fixes mend. `mended` is that of the texts they leave; what comes
/// up in these alone is noted.
pub(super) fn report(session: &Session<'_>, fixed: &Together<'_>, mended: Report) -> Report {
    let linted = at_once(&session.jobs, |job| session.lint(job, &session.overlay));
    let mut report = session.finish(session.collect(&linted));
    let lines = Lines::new(session, fixed);
    let mut by_line: HashMap<(&str, PathBuf, u32), Vec<&Diagnostic>> = HashMap::new();
    let mut by_name: HashMap<&str, &Diagnostic> = HashMap::new();
    for one in &report.diagnostics {
        by_line.entry((&one.rule, lines.real(one), one.start.line)).or_default().push(one);
        by_name.insert(&one.fingerprint, one);
    }
    let mut left: HashSet<&str> = HashSet::new();
    let mut notes = Vec::new();
    for after in &mended.diagnostics {
        let (file, line) = lines.of(after);
        let here = by_line.get(&(after.rule.as_str(), file, line)).into_iter().flatten().copied();
        let nearest = here
            .filter(|one| !left.contains(one.fingerprint.as_str()))
            .min_by_key(|one| one.start.column.abs_diff(after.start.column));
        let alike = || by_name.get(after.fingerprint.as_str()).copied();
        match nearest.or_else(|| alike().filter(|one| !left.contains(one.fingerprint.as_str()))) {
            Some(one) => _ = left.insert(&one.fingerprint),
            None => {
                let Diagnostic { file, rule, message, .. } = after;
                notes.push(format!("{file}:{line}: once this is applied, {rule}: {message}"));
            }
        }
    }
    let left: HashSet<String> = left.into_iter().map(str::to_owned).collect();
    report.diagnostics.retain(|one| left.contains(&one.fingerprint));
    report.notes = mended.notes.into_iter().chain(notes).collect();
    report
}

/// The lines of the texts that fixes leave, as lines of the files on disk.
struct Lines<'s> {
    session: &'s Session<'s>,
    changed: HashMap<PathBuf, LineMap>,
}

impl<'s> Lines<'s> {
    fn new(session: &'s Session<'s>, fixed: &Together<'_>) -> Self {
        let changed = fixed.changed.iter().filter_map(|(path, after)| {
            let before = fixed.before.get(path)?;
            Some((session.overlay.real(path), LineMap::between(after, before)))
        });
        Self { session, changed: changed.collect() }
    }

    /// The one name of the file of a finding.
    fn real(&self, one: &Diagnostic) -> PathBuf {
        self.session.overlay.real(Path::new(&one.file))
    }

    /// The file and the line on disk of what was found in the texts that fixes leave.
    fn of(&self, after: &Diagnostic) -> (PathBuf, u32) {
        let file = self.real(after);
        let line = self.changed.get(&file).map_or(after.start.line, |lines| lines.of(after.start.line));
        (file, line)
    }
}
