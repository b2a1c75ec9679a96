//! How many WebSockets nginx can hold, and for how long.

use super::super::condition::{Hit, Scope};
use super::super::finding::Place;
use super::Fact;
use crate::config::{ROOT, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "limited-connections" "`limit_conn` counts the connections of the route" limited_connections;
    "default-worker-connections" "a worker holds 512 connections, the default" default_worker_connections;
    "few-open-files" "`worker_rlimit_nofile` is below `worker_connections`" few_open_files;
    "no-shutdown-timeout" "nothing limits how long an old worker lives after a reload" no_shutdown_timeout;
};

fn limited_connections(scope: Scope<'_>) -> Option<Hit> {
    let lines = scope.tree.effective(scope.route()?.block, "limit_conn")?.lines;
    Some(Hit::lines(lines.iter().copied()))
}

fn default_worker_connections(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let events = *tree.own(ROOT, "events").first().filter(|_| tree.is_complete())?;
    let unset = tree.own(events, "worker_connections").is_empty() && !tree.is_open(events) && !tree.is_open(ROOT);
    unset.then(|| Hit::at(Place::head(events)))
}

/// The number that a line of the main context, or of `events`, gives.
fn number(tree: &Tree, block: crate::config::DirectiveId, name: &str) -> Option<u64> {
    tree.arg(*tree.own(block, name).last()?, 1)?.parse().ok()
}

fn few_open_files(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let events = *tree.own(ROOT, "events").first()?;
    let files = number(tree, ROOT, "worker_rlimit_nofile")?;
    let connections = number(tree, events, "worker_connections").unwrap_or(512);
    let line = *tree.own(ROOT, "worker_rlimit_nofile").last()?;
    (files < connections).then(|| Hit::at(Place::head(line)))
}

/// The place is the `http` block, the words its name.
fn no_shutdown_timeout(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let unset = tree.own(ROOT, "worker_shutdown_timeout").is_empty() && tree.is_complete() && !tree.is_open(ROOT);
    let block = ["http", "stream"].into_iter().find_map(|name| tree.own(ROOT, name).first().copied())?;
    unset.then(|| Hit::at(Place::head(block)))
}
