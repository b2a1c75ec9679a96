//! `--fix` and `--diff`.

use std::path::{Component, Path, PathBuf};

use nginx_wslint::Linted;
use nginx_wslint::config::Reader;
use nginx_wslint::fix::{Outcome, Texts, converge};
use nginx_wslint::report::diff::Change;
use nginx_wslint::rules::Safety;

use super::files::Job;
use super::lint::Session;
use super::output::Stream;
use super::overlay::Overlay;
use super::{CLEAN, FAILED, FINDINGS, Failure, output, write};

/// Works out all fixes, then writes them or shows them.
pub(super) fn run(session: &Session<'_>) -> Result<u8, Failure> {
    let mut changed = Texts::new();
    let mut outcomes = Vec::new();
    for job in &session.jobs {
        let outcome = fixed(session, job, &changed)?;
        changed.extend(outcome.changed.clone());
        outcomes.push(outcome);
    }
    let silent = session.args.diff || session.stdin.is_some();
    let notes = notes(&outcomes, changed.len(), silent);
    let linted: Vec<Linted<'_>> = outcomes.into_iter().map(|outcome| outcome.linted).collect();
    let mut report = session.collect(&linted);
    notes.into_iter().for_each(|note| report.note(note));
    let report = session.finish(report);
    let remains = session.exit_code(&report);
    if session.args.diff {
        let diff = diff(session, &changed)?;
        output::print(&diff);
        session.write(&report, Stream::Error)?;
        return Ok(if remains == CLEAN && !diff.is_empty() { FINDINGS } else { remains });
    }
    if let Some(name) = &session.stdin {
        output::print(&text_of(session, &changed, name)?);
        session.write(&report, Stream::Error)?;
        return Ok(remains);
    }
    if let Err(Failure(message)) = write_all(session, &changed) {
        output::error(&message);
        return Ok(FAILED);
    }
    session.write(&report, Stream::Out)?;
    Ok(remains)
}

/// What was done, and what was not although it is safe by its rule.
fn notes(outcomes: &[Outcome<'_>], files: usize, silent: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let applied: usize = outcomes.iter().map(|outcome| outcome.applied.len()).sum();
    if applied > 0 && !silent {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        notes.push(format!("{applied} problem{} fixed in {files} file{}", plural(applied), plural(files)));
    }
    for one in outcomes.iter().flat_map(|outcome| &outcome.withdrawn) {
        notes.push(format!("{}:{}: {} was not fixed: {}", one.path.display(), one.line, one.rule, one.why));
    }
    notes
}

/// The text that standard input becomes: always the whole, changed or not.
fn text_of(session: &Session<'_>, changed: &Texts, name: &Path) -> Result<Vec<u8>, Failure> {
    match changed.get(name) {
        Some(text) => Ok(text.clone()),
        None => Ok(session.overlay.read(name)?),
    }
}

fn diff(session: &Session<'_>, changed: &Texts) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    for (path, after) in changed {
        let before = session.overlay.read(path)?;
        let change = Change { path: &name_in_diff(path), before: &before, after };
        nginx_wslint::report::diff::write(&[change], &mut out)?;
    }
    Ok(out)
}

/// Writes the new texts, one file after the other; the error says what was written before it.
fn write_all(session: &Session<'_>, changed: &Texts) -> Result<(), Failure> {
    let mut written = Vec::new();
    for (path, new) in changed {
        if let Err(error) = session.overlay.read(path).and_then(|old| write::replace(path, &old, new)) {
            let before = if written.is_empty() {
                "nothing was written".to_owned()
            } else {
                format!("already written: {}", written.join(", "))
            };
            return Err(Failure(format!("{}: cannot be written: {error}; {before}", path.display())));
        }
        written.push(path.display().to_string());
    }
    Ok(())
}

fn fixed<'s>(session: &'s Session<'_>, job: &Job, changed: &Texts) -> Result<Outcome<'s>, Failure> {
    let reader = |texts: &Texts| {
        let mut overlay: Overlay = session.overlay.clone();
        for (path, text) in changed.iter().chain(texts) {
            overlay.memory.insert(path.clone(), text.clone());
        }
        overlay
    };
    if !changed.is_empty() {
        job.forget();
    }
    let start = session.lint(job, &reader(&Texts::new()));
    let least = if session.args.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let outcome = converge(
        start,
        least,
        &|path| session.may_write(path),
        &|linted, finding| session.shows(job, linted, finding),
        &|texts| session.lint(job, &reader(texts)),
    )?;
    Ok(outcome)
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
