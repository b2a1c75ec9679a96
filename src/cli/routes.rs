//! `routes`: what every proxied route comes to, and what is believed of it.

use nginx_wslint::report::routes::{RouteList, RouteView, Style, cards};

use super::args::{LintArgs, RoutesArgs};
use super::lint::{Session, problem_lines};
use super::{CLEAN, FAILED, Failure, output};

/// Columns of a card.
const WIDTH: usize = 80;

/// Prints the routes of the files that were asked for; 2 when a file could not be understood.
pub(super) fn run(args: &RoutesArgs) -> Result<u8, Failure> {
    let lint = LintArgs { input: args.input.clone(), settings: args.settings.clone(), ..LintArgs::default() };
    let session = Session::new(&lint)?;
    let version = session.linter.options.version;
    let mut list = RouteList::default();
    let mut code = CLEAN;
    for job in &session.jobs {
        let linted = session.lint(job, &session.overlay);
        let asked = |route: &&nginx_wslint::websocket::Route| {
            job.whole || session.asked.contains(linted.tree.source(route.block).path())
        };
        list.routes
            .extend(linted.routes.all.iter().filter(asked).map(|route| RouteView::new(&linted.tree, route, version)));
        for line in problem_lines(&linted) {
            output::note(&line);
            code = FAILED;
        }
    }
    if args.json {
        output::print(list.to_json()?.as_bytes());
    } else if list.routes.is_empty() {
        output::note("no proxied routes");
    } else {
        output::print(cards(&list.routes, Style { color: output::colored(args.color), width: WIDTH }).as_bytes());
    }
    Ok(code)
}
