//! `--fix` and `--diff`.

use std::path::{Component, Path, PathBuf};

use nginx_wslint::Linted;
use nginx_wslint::config::Reader;
use nginx_wslint::fix::{Outcome, converge};
use nginx_wslint::rules::Safety;

use super::files::{Job, Overlay};
use super::lint::{Session, Texts, problem_lines};
use super::{FAILED, FINDINGS, Failure, output, write};

/// Works out all fixes, then writes them or shows them.
pub(super) fn run(session: &Session<'_>) -> Result<u8, Failure> {
    let mut changed = Texts::new();
    let mut outcomes = Vec::new();
    for job in &session.jobs {
        let outcome = fixed(session, job, &changed)?;
        changed.extend(outcome.changed.clone());
        outcomes.push(outcome);
    }
    let withdrawn: Vec<String> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.withdrawn)
        .map(|one| format!("{}:{}: not fixed [{}]: {}", one.path.display(), one.line, one.rule, one.why))
        .collect();
    let linted: Vec<Linted<'_>> = outcomes.into_iter().map(|outcome| outcome.linted).collect();
    if let Some(name) = &session.stdin {
        let text = match changed.get(name) {
            Some(text) => text.clone(),
            None => session.overlay.read(name)?,
        };
        if session.args.fix {
            output::print(&text);
            session.report_to_stderr(&linted);
            withdrawn.iter().for_each(|line| output::note(line));
            return Ok(session.exit_code(&linted));
        }
    }
    let old = |path: &Path| session.overlay.read(path);
    if session.args.diff {
        let mut all = Vec::new();
        for (path, new) in &changed {
            all.extend(diff(path, &old(path)?, new));
        }
        output::print(&all);
        withdrawn.iter().for_each(|line| output::note(line));
        let code = session.exit_code(&linted);
        return Ok(if code == 0 && !all.is_empty() { FINDINGS } else { code });
    }
    let mut written = Vec::new();
    for (path, new) in &changed {
        if let Err(error) = old(path).and_then(|old| write::replace(path, &old, new)) {
            let before = if written.is_empty() {
                "nothing was written".to_owned()
            } else {
                format!("already written: {}", written.join(", "))
            };
            output::error(&format!("{}: cannot be written: {error}; {before}", path.display()));
            return Ok(FAILED);
        }
        written.push(path.display().to_string());
    }
    session.report(&linted);
    withdrawn.iter().for_each(|line| output::note(line));
    Ok(session.exit_code(&linted))
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
    if session.args.diff && !session.args.quiet {
        // A diff shows what is done; why is told beside it.
        problem_lines(&start).chain(session.finding_lines(job, &start)).for_each(|line| output::note(&line));
    }
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

/// One file's part of a diff that `git apply` and `patch -p1` take.
fn diff(path: &Path, old: &[u8], new: &[u8]) -> Vec<u8> {
    let name = name_in_diff(path);
    let mut out = Vec::new();
    let diff = similar::TextDiff::configure().diff_lines(old, new);
    let diff = diff.unified_diff();
    let mut header = format!("--- a/{name}\n+++ b/{name}\n");
    // Hunk by hunk: written as a whole, bytes that are not UTF-8 would be replaced.
    for hunk in diff.iter_hunks() {
        out.extend(std::mem::take(&mut header).into_bytes());
        let _ = hunk.to_writer(&mut out);
    }
    out
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
