//! `routes`: what every proxied route comes to, and what is believed of it.

use nginx_wslint::report::routes::{RouteList, RouteView, cards};
use nginx_wslint::report::{Builder, Format, Scope, Style};

use super::args::{LintArgs, RoutesArgs};
use super::lint::Session;
use super::output::{Stream, style};
use super::{CLEAN, FAILED, Failure, output};

/// Prints the routes of the files that were asked for; 2 when a file could not be understood.
pub(super) fn run(args: &RoutesArgs) -> Result<u8, Failure> {
    let lint = LintArgs { input: args.input.clone(), settings: args.settings.clone(), ..LintArgs::default() };
    let session = Session::new(&lint)?;
    let version = session.linter.options.version;
    let mut list = RouteList::default();
    let mut problems = Builder::new();
    for job in &session.jobs {
        let linted = session.lint(job, &session.overlay);
        let asked = |route: &&nginx_wslint::websocket::Route| {
            job.whole || session.asked.contains(linted.tree.source(route.block).path())
        };
        list.routes
            .extend(linted.routes.all.iter().filter(asked).map(|route| RouteView::new(&linted.tree, route, version)));
        problems.add(&linted, &Scope { asked: &|_| true, shown: &|_| false, editable: &|_| false });
    }
    let problems = problems.finish();
    let mut lines = Vec::new();
    let findings_alone = Style { quiet: true, ..style(args.color, Stream::Error) };
    Format::Full.write(&problems, &findings_alone, &mut lines)?;
    output::write(Stream::Error, &lines);
    if args.json {
        output::print(list.to_json()?.as_bytes());
    } else if list.routes.is_empty() {
        // Of files that could not be read this is not known.
        if problems.problems.is_empty() {
            output::note("no proxied routes");
        }
    } else {
        output::print(cards(&list.routes, style(args.color, Stream::Out)).as_bytes());
    }
    Ok(if problems.problems.is_empty() { CLEAN } else { FAILED })
}
