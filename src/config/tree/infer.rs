//! Where a file stands that is read by itself.

use super::File;
use crate::config::context::Context;
use crate::config::directives::Name;
use crate::syntax::NodeId;

/// Where a file without further knowledge is included: the context that allows most of its top-level statements.
pub(super) fn context(file: &File) -> Context {
    const CANDIDATES: [Context; 7] = [
        Context::Main,
        Context::Http,
        Context::Server,
        Context::Location,
        Context::Upstream,
        Context::Stream,
        Context::StreamServer,
    ];
    let mut votes = [0_u32; CANDIDATES.len()];
    let mut node = NodeId(0);
    while (node.0 as usize) < file.ast.nodes().len() {
        let this = file.ast.node(node);
        if let Some(name) = file.ast.words(node).first().and_then(|word| Name::of(&word.value(&file.source))) {
            // `http` and `events` stand nowhere else, and with them the file is a main file whatever else is in it.
            if matches!(name.text(), "http" | "events") && this.is_block() {
                return Context::Main;
            }
            for (vote, context) in votes.iter_mut().zip(CANDIDATES) {
                *vote +=
                    u32::from(name.entry_in(context).is_some_and(|entry| entry.opens.is_some() == this.is_block()));
            }
        }
        node = file.ast.behind(node);
    }
    // A tie goes to http: what is shared as a fragment is most often a file of conf.d.
    let order = [1, 2, 3, 0, 4, 5, 6];
    let best = order.into_iter().rev().max_by_key(|&index| votes[index]).unwrap_or(1);
    CANDIDATES[best]
}
