//! `--fix` and `--diff`.

use nginx_wslint::Linted;
use nginx_wslint::config::Reader;
use nginx_wslint::fix::{Outcome, converge};
use nginx_wslint::rules::Safety;

use super::files::{Job, Overlay};
use super::lint::{Session, Texts};
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
            session.report_to_stderr(&linted, &withdrawn);
            return Ok(session.exit_code(&linted));
        }
    }
    let old = |path: &std::path::Path| session.overlay.read(path);
    if session.args.diff {
        let mut all = Vec::new();
        for (path, new) in &changed {
            all.extend(diff(path, &old(path)?, new));
        }
        output::print(&all);
        session.report_to_stderr(&linted, &withdrawn);
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

fn diff(path: &std::path::Path, old: &[u8], new: &[u8]) -> Vec<u8> {
    let name = path.display().to_string();
    let name = name.trim_start_matches("./");
    let mut out = Vec::new();
    let diff = similar::TextDiff::configure().diff_lines(old, new);
    let _ = diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_writer(&mut out);
    out
}
