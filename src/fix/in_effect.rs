//! What is in effect in a block for one directive, in words that can be compared between two trees.

use std::collections::{BTreeMap, BTreeSet};

use super::prove::Kind;
use crate::config::{Context, DirectiveId, Inherit, Name, ROOT, Tree};

/// Directives that fill one list or one field, so that a line of either of them at a lower level discards what is
/// inherited of both (`ngx_http_access_merge_loc_conf`; `ngx_http_core_root`).
const TOGETHER: [&[&str]; 2] = [&["allow", "deny"], &["alias", "root"]];

/// The directives that count together with this one, itself among them; none where it stands alone.
pub(super) fn together_with(name: &str) -> &'static [&'static str] {
    TOGETHER.into_iter().find(|group| group.contains(&name)).unwrap_or_default()
}

/// Lines that are in effect, by what tells them apart: the header for lists of headers, the directive else.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told(BTreeMap<String, Vec<String>>);

impl Told {
    /// What is not the same, and what is there once too often in `after`.
    pub(super) fn differences(&self, after: &Self) -> impl Iterator<Item = (String, Kind)> {
        let names: BTreeSet<&String> = self.0.keys().chain(after.0.keys()).collect();
        let mut all = Vec::new();
        for what in names {
            let (left, right) = (self.0.get(what), after.0.get(what));
            if left != right {
                all.push((what.clone(), Kind::Other));
            }
            let count = |lines: Option<&Vec<String>>| lines.map_or(0, Vec::len);
            if is_sent_once(what) && count(right) > count(left).max(1) {
                all.push((what.clone(), Kind::Twice));
            }
        }
        all.into_iter()
    }
}

/// A request header of which a backend takes one line. A `Connection` without the token does no harm in front of the
/// right one (NGINX facts part B).
fn is_sent_once(what: &str) -> bool {
    what.starts_with("proxy_set_header ") && what != "proxy_set_header connection"
}

/// The lines of `name` in effect in a block.
pub(super) fn in_effect(tree: &Tree, block: DirectiveId, name: &str) -> Told {
    let mut told = BTreeMap::new();
    let group = together_with(name);
    for line in lines(tree, block, if group.is_empty() { std::slice::from_ref(&name) } else { group }) {
        let mut words: Vec<String> = tree.args(line).map(std::borrow::Cow::into_owned).collect();
        let name = tree.name(line);
        let what = match lists_headers(&name) && !words.is_empty() {
            true => format!("{name} {}", words.remove(0).to_ascii_lowercase()),
            false => name.into_owned(),
        };
        told.entry(what).or_insert_with(Vec::new).push(words.join(" "));
    }
    Told(told)
}

/// Lists whose lines stand for a header or parameter each.
fn lists_headers(name: &str) -> bool {
    ["_set_header", "_hide_header", "_pass_header", "_param"].iter().any(|end| name.ends_with(end))
        || matches!(name, "add_header" | "add_trailer")
}

fn lines(tree: &Tree, block: DirectiveId, names: &[&str]) -> Vec<DirectiveId> {
    let at = |level: DirectiveId| {
        let mut own: Vec<DirectiveId> = names.iter().flat_map(|name| tree.own(level, name)).copied().collect();
        own.sort();
        own
    };
    let levels: Vec<DirectiveId> = std::iter::once(block).chain(tree.ancestors(block)).collect();
    let inherit = names.first().and_then(|name| inherit(tree, block, name));
    let adds_up = inherit == Some(Inherit::Append) || names.iter().any(|name| is_merged(tree, block, name));
    if adds_up {
        return levels.into_iter().rev().flat_map(at).collect();
    }
    levels.into_iter().map(at).find(|own| !own.is_empty()).unwrap_or_default()
}

/// Whether headers of the levels add up here (`add_header_inherit merge`, since 1.29.3).
fn is_merged(tree: &Tree, block: DirectiveId, name: &str) -> bool {
    let Some(switch) = [("add_header", "add_header_inherit"), ("add_trailer", "add_trailer_inherit")]
        .into_iter()
        .find_map(|(list, switch)| (list == name).then_some(switch))
    else {
        return false;
    };
    tree.effective(block, switch).is_some_and(|effective| tree.arg(effective.line(), 1).as_deref() == Some("merge"))
}

/// How a directive is handed down from inside a block, or at least from where it means anything.
fn inherit(tree: &Tree, block: DirectiveId, name: &str) -> Option<Inherit> {
    let known = Name::of(name)?;
    let inside = tree.children(block).next().map(|child| tree.directive(child).context);
    let entry = inside.and_then(|inside| known.entry_in(inside)).or_else(|| known.entries().first());
    entry.map(|entry| entry.inherit)
}

/// Whether nginx accepts one line of this directive in a block ("is duplicate").
pub(super) fn is_single(tree: &Tree, block: DirectiveId, name: &str) -> bool {
    let Some(inherit) = inherit(tree, block, name) else { return false };
    let in_main = block == ROOT && tree.is_complete();
    inherit == Inherit::Scalar
        || (in_main && inherit == Inherit::None && !matches!(name, "include" | "load_module" | "env"))
}

/// Whether a setting has any meaning in a block: what belongs to a module that hands requests on means nothing where
/// nothing is handed on. Where text is out of sight, something may be.
pub(super) fn concerns(tree: &Tree, block: DirectiveId, name: &str) -> bool {
    let modules = ["proxy", "uwsgi", "scgi", "fastcgi", "grpc"];
    let Some(module) = modules.into_iter().find(|module| name.starts_with(&format!("{module}_"))) else { return true };
    let pass = format!("{module}_pass");
    let is_inner = |inner: &&DirectiveId| !tree.own(**inner, &pass).is_empty();
    !tree.own(block, &pass).is_empty()
        || tree.is_open(block)
        || (block == ROOT && !tree.is_complete())
        || (!matches!(tree.directive(block).context, Context::Http | Context::Main)
            && ["if", "limit_except"].iter().any(|name| tree.own(block, name).iter().any(|inner| is_inner(&inner))))
}
