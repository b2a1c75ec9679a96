//! Whether nginx accepts the buffer sizes of a block together.

use super::super::condition::{Hit, Scope};
use super::super::finding::{Place, WordPart};
use super::{Fact, directive, when};
use crate::config::{Context, DirectiveId, Tree};

pub(super) const FACTS: &[Fact] = facts! {
    "refused-buffers" "nginx refuses the buffer sizes in effect in the block; the word is what it says" refused_buffers;
    "buffers-unseen" "text that is not here may set the other buffer sizes" buffers_unseen;
    "room-for-buffer" "larger `proxy_buffers` would do; the word is their argument" room;
    "own-buffers" "the block sets `proxy_buffers` itself" own_buffers;
};

const NAMES: [&str; 3] = ["proxy_buffer_size", "proxy_buffers", "proxy_busy_buffers_size"];

/// A page of memory, from which the defaults come: 4k on every machine that is common for servers.
const PAGE: u64 = 4096;

/// The sizes in effect in a block, in bytes.
struct Sizes {
    /// `proxy_buffer_size`: for the head of an answer, and for each direction of a WebSocket.
    head: u64,
    /// `proxy_buffers`: how many, and how large each.
    number: u64,
    each: u64,
    /// `proxy_busy_buffers_size`.
    busy: u64,
}

impl Sizes {
    /// None where a size cannot be read, or is none.
    fn of(tree: &Tree, block: DirectiveId) -> Option<Self> {
        let arg = |name: &str, index: usize| {
            tree.effective(block, name).map(|effective| tree.arg(effective.line(), index).and_then(|text| bytes(&text)))
        };
        let head = arg("proxy_buffer_size", 1).unwrap_or(Some(PAGE))?;
        let each = arg("proxy_buffers", 2).unwrap_or(Some(PAGE))?;
        let number = arg("proxy_buffers", 1).unwrap_or(Some(8))?;
        let busy = arg("proxy_busy_buffers_size", 1).unwrap_or_else(|| Some(2 * head.max(each)))?;
        (number >= 2 && each > 0).then_some(Self { head, number, each, busy })
    }

    /// What nginx says against them (`ngx_http_proxy_merge_loc_conf`; NGINX facts part D, 1.22.1 and 1.31.5).
    fn refusal(&self) -> Option<&'static str> {
        if self.busy < self.head.max(self.each) {
            return Some(
                "\"proxy_busy_buffers_size\" must be equal to or greater than the maximum of the value of \"proxy_buffer_size\" and one of the \"proxy_buffers\"",
            );
        }
        (self.busy > (self.number - 1) * self.each).then_some(
            "\"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one buffer",
        )
    }
}

/// A size as nginx reads it (`ngx_parse_size`): a number, with `k` or `m` in either case.
fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1 << 10),
        b'm' | b'M' => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// The block of the line that is asked about, if the line is the one to name there: one finding for a block.
fn block_to_name(scope: Scope<'_>) -> Option<DirectiveId> {
    let line = directive(scope)?;
    let block = scope.tree.directive(line).parent;
    // `stream` has a `proxy_buffer_size` too, and none of the others.
    if matches!(scope.tree.directive(line).context, Context::Stream | Context::StreamServer) {
        return None;
    }
    let named = NAMES.iter().find_map(|name| scope.tree.own(block, name).last().copied())?;
    (named == line).then_some(block)
}

fn refused_buffers(scope: Scope<'_>) -> Option<Hit> {
    let block = block_to_name(scope)?;
    let refusal = Sizes::of(scope.tree, block)?.refusal()?;
    // Values of `http` are checked where a server takes them as they are; one that sets any of them is asked for itself.
    let takes = |&server: &DirectiveId| NAMES.iter().all(|name| scope.tree.own(server, name).is_empty());
    if scope.tree.is(block, "http") && !scope.tree.own(block, "server").iter().any(takes) {
        return None;
    }
    Some(Hit { words: vec![refusal.to_owned()], ..Hit::at(Place::head(directive(scope)?)) })
}

fn buffers_unseen(scope: Scope<'_>) -> Option<Hit> {
    let block = scope.tree.directive(directive(scope)?).parent;
    let unseen = |name: &str| scope.tree.effective(block, name).is_none() && scope.tree.is_open_for(block, name);
    when(NAMES.iter().any(|name| unseen(name)) || scope.tree.is_open(block))
}

/// Enough buffers of a size for what may be busy at once: those that are there and more of them, or, where none are
/// set, four of the size of the head.
fn room(scope: Scope<'_>) -> Option<Hit> {
    let tree = scope.tree;
    let block = block_to_name(scope)?;
    let sizes = Sizes::of(tree, block)?;
    let written = |name: &str, index: usize| {
        tree.effective(block, name).and_then(|effective| Some(tree.arg(effective.line(), index)?.into_owned()))
    };
    let (each, text) = match written("proxy_buffers", 2) {
        Some(text) => (sizes.each, text),
        None => (sizes.head, written("proxy_buffer_size", 1)?),
    };
    if sizes.busy < sizes.head.max(each) || each == 0 {
        return None;
    }
    let number = (sizes.busy.div_ceil(each) + 1).max(4);
    Some(Hit { words: vec![format!("{number} {text}")], places: vec![Place::head(block)] })
}

fn own_buffers(scope: Scope<'_>) -> Option<Hit> {
    let block = scope.tree.directive(directive(scope)?).parent;
    let line = *scope.tree.own(block, "proxy_buffers").last()?;
    Some(Hit::at(Place { directive: line, part: WordPart::Head }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_refused_as_nginx_refuses_them() {
        let sizes = |head, number, each| Sizes { head, number, each, busy: 2 * u64::max(head, each) };
        assert!(sizes(4096, 8, 4096).refusal().is_none());
        assert!(sizes(8192, 8, 4096).refusal().is_none());
        assert!(sizes(14336, 8, 4096).refusal().is_none());
        assert!(sizes(16384, 8, 4096).refusal().is_some());
        assert!(sizes(131_072, 4, 262_144).refusal().is_none());
        assert!(sizes(65_536, 4, 32_768).refusal().is_some());
        assert_eq!(bytes("16K"), Some(16384));
        assert_eq!((bytes("1g"), bytes("128kb"), bytes("$size")), (None, None, None));
    }
}
