//! Whether a handshake reaches the route at all.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use super::browser::About;
use super::dead_paths::no_request_has;
use super::loops::leads_to_itself;
use super::redirects::redirects_all;
use super::refused::{by_test, denied};
use super::rewritten::away;
use super::shadows::{answers_as_well, leads_there_too, shadowed_wholly};
use crate::config::{DirectiveId, Modifier, Reached, Tree};
use crate::websocket::Route;

pub(super) const FACTS: &[Fact] = facts! {
    "kept-away" "no handshake gets to the route, whatever keeps it away" |scope| kept_away(scope).map(|(_, hit)| hit);
    "answered-before" "`return` or `try_files` answers before the request is handed on" |scope| because(scope, Why::Answered);
    "files-before" "`try_files` in the location itself answers, and with a status" files_before;
    "files-spare-root" "`try_files` lets a request for the root itself pass, which is a folder" files_spare_root;
    "never-entered" "the location is named and nothing refers to it, or it is internal and nothing leads to it"
        |scope| because(scope, Why::Unentered);
    "path-of-no-request" "the location's path is that of no request" |scope| because(scope, Why::Unasked);
    "ignored-server" "an earlier server has the names and addresses of the route's server" |scope| because(scope, Why::Ignored);
    "leads-to-itself" "the address is one of the route's own server, where the same location answers again" |scope| because(scope, Why::Looped);
    "refused-by-test" "an `if` that every handshake of a browser meets answers it" |scope| because(scope, Why::Tested);
    "denied-to-all" "`deny all` answers every handshake" |scope| because(scope, Why::Denied);
    "rewritten-away" "a `rewrite` takes every handshake to a location that carries none" |scope| because(scope, Why::Rewritten);
    "no-handshake-arrives" "no handshake at all gets to the route, so that nothing else about it matters yet" none_arrives;
};

/// What keeps all handshakes of a route away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Why {
    Unentered,
    Unasked,
    Ignored,
    Answered,
    Tested,
    Denied,
    Rewritten,
    Looped,
}

type Cause = fn(Scope<'_>) -> Option<Hit>;

/// Whether all handshakes end elsewhere: not those of some clients, nor those to some paths alone.
fn none_arrives(scope: Scope<'_>) -> Option<Hit> {
    if shadowed_wholly(scope) {
        return Some(Hit::default());
    }
    let (why, hit) = kept_away(scope)?;
    let some = match why {
        Why::Tested => by_test(scope).is_some_and(|(_, about)| about == About::Credentials),
        Why::Answered => files_spare_root(scope).is_some(),
        _ => false,
    };
    (!some).then_some(hit)
}

/// The first cause, in the order in which nginx comes to them.
fn kept_away(scope: Scope<'_>) -> Option<(Why, Hit)> {
    const CAUSES: [(Why, Cause); 8] = [
        (Why::Ignored, ignored_server),
        (Why::Unentered, never_entered),
        (Why::Unasked, no_request_has),
        (Why::Answered, answered_before),
        (Why::Tested, |scope| by_test(scope).map(|(hit, _)| hit)),
        (Why::Rewritten, away),
        (Why::Denied, denied),
        (Why::Looped, leads_to_itself),
    ];
    let first = || CAUSES.into_iter().find_map(|(why, cause)| Some((why, cause(scope)?)));
    scope.known.kept_away.get_or_init(first).clone()
}

fn because(scope: Scope<'_>, wanted: Why) -> Option<Hit> {
    kept_away(scope).filter(|(why, _)| *why == wanted).map(|(_, hit)| hit)
}

/// nginx warns of a `conflicting server name` and goes on without the second one (`ngx_http_server_names`).
fn ignored_server(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let server = route.server?;
    let other = *scope.routes.overruled.get(&server)?;
    let template = |block: DirectiveId| tree.file(tree.directive(block).file).ast.template().is_some();
    let path = route.location.as_ref().map(|location| location.path.as_str()).filter(|path| path.starts_with('/'))?;
    let open = [server, other].iter().any(|&block| tree.is_open(block) || template(block));
    // The same is written twice: then the first one carries it.
    let carried = match tree.reach(other, path) {
        Reached::Location(block) => leads_there_too(scope, route, block) || answers_as_well(scope, route, block),
        Reached::Redirect(_) | Reached::Unknown => true,
        Reached::Server => false,
    };
    let named = tree.own(server, "server_name").first().copied();
    let places = vec![Place::head(named.unwrap_or(server)), Place::head(other)];
    (!open && !carried).then(|| Hit { places, words: Vec::new() })
}

/// The statement that answers every request of the route instead of its `*_pass`.
fn answered_before(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let block = route.location_block?;
    let inside = if route.block == block { None } else { Some(route.block) };
    // The rewrite phase of the server comes first, then that of the location with its `if` blocks.
    let levels = [route.server, Some(block), inside];
    for level in levels.into_iter().flatten() {
        if let Some((line, code)) = returns_always(scope, level, route) {
            return (!is_handled(tree, route, line, &code)).then(|| said(tree, line));
        }
    }
    files_first(scope)
}

pub(super) fn said(tree: &Tree, line: DirectiveId) -> Hit {
    let words = std::iter::once(tree.name(line)).chain(tree.args(line)).collect::<Vec<_>>().join(" ");
    Hit { places: vec![Place::head(line)], words: vec![words] }
}

/// A `return`, or a `rewrite` that redirects, of a block that no request of the route gets past, and its status: nothing
/// before it ends the rewriting (`ngx_http_rewrite_handler`).
fn returns_always(scope: Scope<'_>, block: DirectiveId, route: &Route) -> Option<(DirectiveId, String)> {
    let tree = scope.tree;
    if tree.is_open(block) || scope.routes.jumps.runs_code(block) {
        return None;
    }
    let returned = tree.own(block, "return").first().map(|&line| (line, tree.arg(line, 1).unwrap_or_default().into()));
    let redirected =
        tree.own(block, "rewrite").iter().find_map(|&line| Some((line, redirects_all(tree, line, route)?)));
    let (line, code) = returned.into_iter().chain(redirected).min()?;
    let ends = |block: DirectiveId| ["rewrite", "break"].into_iter().flat_map(move |name| tree.own(block, name));
    let inner = tree.own(block, "if").iter().flat_map(|&inner| ends(inner));
    let before = ends(block).chain(inner).any(|&other| other < line);
    // A request that some `if` answers before may be led on to the route by its status.
    let led_on = tree.own(block, "if").iter().filter(|&&inner| inner < line).any(|&inner| {
        let mut answers = tree.own(inner, "return").iter();
        answers.any(|&answer| tree.arg(answer, 1).is_some_and(|code| is_handled(tree, route, answer, &code)))
    });
    if led_on {
        return None;
    }
    // What an `if` with the route in it ends, it ends for the route.
    let in_route = route.block != block && ends(route.block).next().is_some();
    (!before && !in_route).then_some((line, code))
}

/// Whether an `error_page` leads the status with which a line answers to a location that hands it on.
pub(super) fn is_handled(tree: &Tree, route: &Route, line: DirectiveId, code: &str) -> bool {
    let code = code.trim_start_matches('=');
    let pages = tree.effective(tree.directive(line).parent, "error_page").map_or(&[][..], |effective| effective.lines);
    pages.iter().any(|&page| {
        let covers = tree.args(page).any(|word| word == code);
        let target = tree.args(page).last().unwrap_or_default();
        covers && leads_on(tree, route, &target)
    })
}

/// Whether a jump to a target may end where something else than a file answers.
fn leads_on(tree: &Tree, route: &Route, target: &str) -> bool {
    if !target.starts_with('/') || target.contains('$') {
        return true;
    }
    let Some(server) = route.server else { return true };
    let path = target.split('?').next().unwrap_or_default();
    match tree.reach(server, path) {
        Reached::Location(block) => !serves_files(tree, block, path),
        Reached::Server => false,
        Reached::Redirect(_) | Reached::Unknown => true,
    }
}

/// Whether a location has nothing but files to answer with, of which `path` is one.
fn serves_files(tree: &Tree, block: DirectiveId, path: &str) -> bool {
    let other = |id: DirectiveId| {
        let name = tree.name(id);
        // `try_files $uri /index.html` for `/index.html` itself.
        let last = tree.args(id).last();
        if name == "try_files" && last.is_some_and(|last| last.starts_with('=') || last == path) {
            return false;
        }
        tree.directive(id).name.is_none()
            || tree.is_block(id)
            || name.ends_with("_pass")
            || name.contains("_by_lua")
            || name.starts_with("js_")
            || ["rewrite", "return", "try_files", "error_page"].contains(&&*name)
    };
    !tree.is_open(block) && !tree.children(block).any(other)
}

/// `try_files` in the location itself hands a request on only when there is such a file; a handshake asks for none, and
/// goes where the last argument says (`ngx_http_try_files_handler`; NGINX facts part H).
fn files_first(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let line = tree.own(route.location_block.filter(|&block| block == route.block)?, "try_files").last().copied()?;
    let args: Vec<_> = tree.args(line).collect();
    let (last, files) = args.split_last()?;
    let asks = |file: &&std::borrow::Cow<'_, str>| {
        ["$uri", "$document_uri", "$request_uri", "$request_filename"].iter().any(|name| file.starts_with(name))
    };
    let none_there = !files.is_empty() && files.iter().all(|file| asks(&file));
    let ends = match last.strip_prefix('=') {
        Some(code) => !is_handled(tree, route, line, code),
        None => !leads_on(tree, route, last),
    };
    (none_there && ends && !tree.is_open(route.block)).then(|| said(tree, line))
}

fn files_before(scope: Scope<'_>) -> Option<Hit> {
    let hit = answered_before(scope)?;
    let line = hit.places.first()?.directive;
    let status = scope.tree.args(line).last().is_some_and(|last| last.starts_with('='));
    (scope.tree.is(line, "try_files") && status).then_some(hit)
}

/// `$uri/` finds the folder of the server's files for `/`, and the request goes on (1.22.1).
fn files_spare_root(scope: Scope<'_>) -> Option<Hit> {
    let hit = because(scope, Why::Answered)?;
    let tree = scope.tree;
    let line = hit.places.first()?.directive;
    let root = scope.route()?.location.as_ref().is_some_and(|location| !location.is_regex() && location.path == "/");
    let folder = tree.args(line).any(|file| ["$uri/", "$document_uri/"].contains(&&*file));
    (root && folder && tree.is(line, "try_files")).then_some(hit)
}

fn never_entered(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let route = scope.route()?;
    let (block, server) = (route.location_block?, route.server?);
    let location = route.location.as_ref()?;
    let around = tree.location(tree.directive(block).parent);
    // One that does not begin as the pattern is written is refused, which is another rule's.
    let held = |around: &crate::config::Location| around.is_regex() && location.path.starts_with(&around.path);
    if around.is_some_and(|around| held(&around)) && !location.is_regex() {
        // See `Tree::reach`: nginx accepts it and never looks there.
        let why = "nginx tries no prefix inside a location that is a pattern";
        return Some(Hit { words: vec![why.into()], ..Hit::at(Place::head(block)) });
    }
    if tree.ancestors(block).any(|around| tree.is_open(around)) || tree.is_open(block) {
        return None;
    }
    let at = Hit::at(Place::head(block));
    if location.modifier == Modifier::Named {
        // An `error_page` above all servers may lead there.
        if !tree.is_complete() {
            return None;
        }
        let found = !scope.routes.jumps.may_reach_name(server, &location.path);
        return (found && !backend_may_lead(scope, server, block))
            .then(|| Hit { words: vec!["nothing refers to it".into()], ..at });
    }
    // An endpoint alone: other internal locations serve what a backend names in `X-Accel-Redirect`.
    let internal = !tree.own(block, "internal").is_empty() && route.intent.only && !location.is_regex();
    let entered =
        scope.routes.subrequest_targets.contains(&block) || scope.routes.jumps.may_reach_path(server, &location.path);
    let alone = internal && !entered && !backend_may_lead(scope, server, block);
    alone.then(|| Hit { words: vec!["it is `internal`, and nothing leads to it".into()], ..at })
}

/// Whether a backend of the server may send requests on to a location: `X-Accel-Redirect` in its answer names one, or a
/// path (`ngx_http_upstream_process_headers`).
fn backend_may_lead(scope: Scope<'_>, server: DirectiveId, block: DirectiveId) -> bool {
    let tree = scope.tree;
    let ignores = |route: &Route| {
        let name = format!("{}_ignore_headers", route.module.prefix());
        let lines = tree.effective(route.block, &name).map_or(&[][..], |effective| effective.lines);
        lines.iter().any(|&line| tree.args(line).any(|word| word.eq_ignore_ascii_case("X-Accel-Redirect")))
    };
    let entered = |route: &Route| match route.location.as_ref().filter(|location| location.modifier == Modifier::Named)
    {
        Some(location) => scope.routes.jumps.may_reach_name(server, &location.path),
        None => true,
    };
    let mut others = scope.routes.in_server(server).filter(|route| route.location_block != Some(block));
    others.any(|route| entered(route) && !ignores(route))
}
