//! `routes`: what every proxied route comes to, and what is believed of it.
use super::args::LintArgs;
use super::lint::Session;
use super::{CLEAN, Failure, output};
use std::path::PathBuf;

/// Prints the routes.
pub(super) fn run(args: &LintArgs, paths: &[PathBuf], _json: bool) -> Result<u8, Failure> {
    let session = Session::new(args, paths)?;
    for job in &session.jobs {
        let linted = session.lint(job, &session.overlay);
        for route in &linted.routes.all {
            let confidence =
                if route.intent.is_denied() { "denied" } else { route.intent.confidence.map_or("-", |c| c.name()) };
            output::print(
                format!(
                    "{} {} {} only={} pings={} | {}\n",
                    job.root.display(),
                    route.label(&linted.tree),
                    confidence,
                    route.intent.only,
                    route.intent.pings,
                    route.intent.evidence.iter().map(|e| e.text.clone()).collect::<Vec<_>>().join("; ")
                )
                .as_bytes(),
            );
        }
    }
    Ok(CLEAN)
}
