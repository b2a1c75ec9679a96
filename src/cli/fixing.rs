//! `--fix` and `--diff`.

mod on_disk;

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use nginx_wslint::Linted;
use nginx_wslint::config::Reader;
use nginx_wslint::fix::{LineMap, Task, Texts, Together, converge_all};
use nginx_wslint::report::diff::{self, Change};
use nginx_wslint::report::{Builder, Report};
use nginx_wslint::rules::Safety;

use super::args::Color;
use super::files::at_once;
use super::lint::Session;
use super::output::Stream;
use super::progress::Progress;
use super::{CLEAN, FAILED, FINDINGS, Failure, output, write};

/// Works out all fixes, then writes them or shows them.
pub(super) fn run(session: &Session<'_>, progress: Progress) -> Result<u8, Failure> {
    let trees = trees(session, &progress);
    // A diff is told beside the files as they are, of which most often nothing is left to be told.
    let without_findings = || session.finish(session.collect_in(Builder::new().without_findings(), &trees));
    let bare = (session.args.diff && session.args.baseline.is_none()).then(without_findings);
    let fixed = fixed(session, trees)?;
    drop(progress);
    let Together { before, changed, .. } = &fixed;
    let mut report = remaining(session, &fixed);
    let remains = session.exit_code(&report);
    if session.args.diff {
        let diff = diff(before, changed, session.args.color)?;
        if !session.args.silent {
            output::print(&diff);
        }
        report = match bare {
            _ if changed.is_empty() => report,
            Some(bare) if report.diagnostics.is_empty() => Report { notes: report.notes, ..bare },
            _ => on_disk::report(session, &fixed, report),
        };
        refuse(&mut report, least(session));
        session.write(&report, Stream::Error)?;
        // As after linting: the program ends here.
        std::mem::forget((fixed, report));
        return Ok(if remains == CLEAN && !diff.is_empty() { FINDINGS } else { remains });
    }
    refuse(&mut report, least(session));
    if let Err(Failure(message)) = write_all(before, changed) {
        output::error(&message);
        return Ok(FAILED);
    }
    session.write(&report, Stream::Out)?;
    Ok(remains)
}

/// What becomes of the text on standard input.
pub(super) struct Filtered {
    /// Always the whole, changed or not.
    pub(super) text: Vec<u8>,
    /// What remains.
    pub(super) report: Report,
    /// The exit code.
    pub(super) code: u8,
}

/// Works out the fixes of the text on standard input.
pub(super) fn filtered(session: &Session<'_>, progress: Progress) -> Result<Filtered, Failure> {
    let fixed = fixed(session, trees(session, &progress))?;
    drop(progress);
    let mut report = remaining(session, &fixed);
    let code = session.exit_code(&report);
    refuse(&mut report, least(session));
    let name = session.stdin.as_deref().unwrap_or(Path::new("-"));
    Ok(Filtered { text: text_of(session, &fixed.changed, name)?, report, code })
}

/// What was done and what remains.
fn remaining(session: &Session<'_>, fixed: &Together<'_>) -> Report {
    let mut report = session.collect(&fixed.linted);
    notes(session, fixed).into_iter().for_each(|note| report.note(note));
    session.finish(report)
}

/// All trees as they are.
fn trees<'s>(session: &'s Session<'_>, progress: &Progress) -> Vec<Linted<'s>> {
    progress.total(session.jobs.len());
    at_once(&session.jobs, |job| {
        let linted = session.lint(job, &session.overlay);
        progress.step();
        linted
    })
}

/// Fixes all trees together, so that what several of them share is changed only as is right for each.
fn fixed<'s>(session: &'s Session<'_>, trees: Vec<Linted<'s>>) -> Result<Together<'s>, Failure> {
    let task = Task {
        least: least(session),
        editable: &|path| session.may_write(path),
        shown: &|number, linted, finding| session.shows(&session.jobs[number], linted, finding),
        relint: &|number, texts| session.lint(&session.jobs[number], &session.overlay.with(texts)),
        real: &|path| session.overlay.real(path),
    };
    Ok(converge_all(trees, &task)?)
}

/// The least safe fixes that are asked for.
fn least(session: &Session<'_>) -> Safety {
    if session.args.unsafe_fixes { Safety::Unsafe } else { Safety::Safe }
}

/// What remains although it was to be fixed was refused by the proof, and another run would do no better: it is not told
/// as fixable.
fn refuse(report: &mut Report, least: Safety) {
    for fix in report.diagnostics.iter_mut().flat_map(|one| &mut one.fixes) {
        if fix.safety <= least && !fix.edits.is_empty() {
            fix.safety = Safety::Advice;
            fix.withheld = Some("by itself it would change more than it says".to_owned());
        }
    }
}

/// What was done, and what was not although it is safe by its rule.
fn notes(session: &Session<'_>, fixed: &Together<'_>) -> Vec<String> {
    let silent = session.args.diff || session.stdin.is_some();
    let mut notes = Vec::new();
    let (applied, files) = (fixed.applied.len(), fixed.changed.len());
    if applied > 0 && !silent {
        let revealed = match fixed.applied.iter().filter(|one| one.revealed).count() {
            0 => String::new(),
            count => format!("; {count} of them came up only when others were fixed"),
        };
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        notes.push(format!("{applied} problem{} fixed in {files} file{}{revealed}", plural(applied), plural(files)));
    }
    let texts = |path: &Path| {
        let same = |(name, _): &(&PathBuf, &Vec<u8>)| session.overlay.real(name) == session.overlay.real(path);
        Some((fixed.before.iter().find(same)?.1, fixed.changed.iter().find(same)?.1))
    };
    for one in &fixed.withdrawn {
        // Where nothing is written, the file stays as it was.
        let now = if session.args.diff { None } else { texts(&one.path) };
        let line = now.map_or(one.line, |(before, after)| LineMap::between(before, after).of(one.line));
        notes.push(format!("{}:{line}: {} was not fixed: {}", one.path.display(), one.rule, one.why));
    }
    notes
}

/// The text that standard input becomes.
fn text_of(session: &Session<'_>, changed: &Texts, name: &Path) -> Result<Vec<u8>, Failure> {
    let real = session.overlay.real(name);
    match changed.iter().find(|(path, _)| session.overlay.real(path) == real) {
        Some((_, text)) => Ok(text.clone()),
        None => Ok(session.overlay.read(name)?),
    }
}

/// The diff: a patch for programs, and what is fit to be looked at for people.
fn diff(before: &Texts, changed: &Texts, color: Color) -> Result<Vec<u8>, Failure> {
    let looks = output::is_looked_at(color).then(|| output::style(color, Stream::Out));
    let mut out = Vec::new();
    for (path, before) in before {
        let Some(after) = changed.get(path) else { continue };
        let change = Change { path: &name_in_diff(path), before, after };
        match &looks {
            Some(style) => diff::show(&[change], style, &mut out)?,
            None => diff::write(&[change], &mut out)?,
        }
    }
    Ok(out)
}

/// Writes the new texts: first all of them beside the files, which is where a full disk or a missing permission shows,
/// then each in place of its file. The error says what was written before it.
fn write_all(before: &Texts, changed: &Texts) -> Result<(), Failure> {
    let mut written: Vec<String> = Vec::new();
    let failure = |path: &Path, error: std::io::Error, written: &[String]| {
        let before = match written {
            [] => "nothing was written".to_owned(),
            written => format!("already written: {}", written.join(", ")),
        };
        Failure(format!("{}: cannot be written: {error}; {before}", path.display()))
    };
    let mut prepared = Vec::new();
    let mut texts: Vec<(&PathBuf, &Vec<u8>, &Vec<u8>)> =
        before.iter().filter_map(|(path, old)| Some((path, old, changed.get(path)?))).collect();
    // Maps go first: whatever stops the run, no file names a variable that none defines yet.
    let maps = |text: &[u8]| memchr::memmem::find_iter(text, b"map $").count();
    texts.sort_by_key(|(_, old, new)| maps(new) <= maps(old));
    let real = texts.iter().filter_map(|(path, ..)| std::fs::canonicalize(path).ok());
    let folders: BTreeSet<PathBuf> = real.filter_map(|path| path.parent().map(Path::to_owned)).collect();
    folders.iter().for_each(|folder| write::remove_leftovers(folder));
    for (path, old, new) in texts {
        let ready = write::Replacement::prepare(path, old.clone(), new);
        prepared.push((path, ready.map_err(|error| failure(path, error, &written))?));
    }
    for (path, replacement) in prepared {
        replacement.put_in_place().map_err(|error| failure(path, error, &written))?;
        written.push(path.display().to_string());
    }
    Ok(())
}

/// A file's name as `git apply` takes it: that of the real file, which a link would hide, without `..`, relative to the
/// working folder or else to `/`.
fn name_in_diff(path: &Path) -> String {
    let real = std::fs::canonicalize(path).ok();
    let here = std::env::current_dir().ok().and_then(|here| std::fs::canonicalize(here).ok());
    let path = real.as_deref().unwrap_or(path);
    let path = here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
    let normal = path.components().filter(|part| matches!(part, Component::Normal(_)));
    normal.collect::<PathBuf>().display().to_string()
}
