//! Comments by which a user decides whether a route carries WebSockets: `# nginx-wslint: websocket`, `not-websocket`.
//!
//! One that stands in a location, above it or behind its braces decides for that location. For all of a server one decides
//! that stands above the server or behind its braces, and only `not-websocket` does.

use std::collections::HashSet;

use super::route::Routes;
use crate::config::{DirectiveId, FileId, ROOT, Tree};
use crate::syntax::{Span, comments_at, comments_of};

/// What every instruction in a comment begins with.
pub const PREFIX: &str = "nginx-wslint";

/// What stands behind the program's name, if that is how a comment begins.
pub fn instruction(comment: &str) -> Option<&str> {
    let rest = comment.trim_start_matches('#').trim_start();
    let (name, rest) = rest.split_at_checked(PREFIX.len())?;
    let ends = rest.starts_with([':', ' ', '\t']) || rest.is_empty();
    (name.eq_ignore_ascii_case(PREFIX) && ends).then(|| rest.trim_start_matches([' ', '\t']))
}

/// What a comment decides: whether there are WebSockets. None for any other comment.
pub fn decision(comment: &str) -> Option<bool> {
    match instruction(comment)?.strip_prefix(':')?.split_whitespace().next()? {
        "websocket" => Some(true),
        "not-websocket" => Some(false),
        _ => None,
    }
}

/// Whether no comment of a tree decides anything.
pub(super) fn decide_nothing(tree: &Tree) -> bool {
    tree.files().iter().all(|file| {
        let mut comments = file.ast.comments().iter().map(|&comment| file.source.slice(comment));
        comments.all(|comment| decision(comment).is_none())
    })
}

/// What the comments for a block decide, in their order.
pub(super) fn steered(tree: &Tree, block: DirectiveId) -> Vec<bool> {
    deciding(tree, block).into_iter().map(|(_, _, websocket)| websocket).collect()
}

/// The comments that decide something for a block, and what.
fn deciding(tree: &Tree, block: DirectiveId) -> Vec<(FileId, Span, bool)> {
    let mut all = Vec::new();
    let mut add = |file: FileId, comments: Vec<(Span, &str)>| {
        for (span, comment) in comments {
            let known = all.iter().any(|&(other, at, _)| (other, at) == (file, span));
            all.extend(decision(comment).filter(|_| !known).map(|websocket| (file, span, websocket)));
        }
    };
    let at = |id: DirectiveId| {
        let file = tree.file(tree.directive(id).file);
        comments_at(&file.ast, &file.source, tree.directive(id).node)
    };
    let own = tree.directive(block).file;
    if tree.is(block, "server") && !tree.is(tree.directive(block).parent, "stream") {
        add(own, at(block));
        return all;
    }
    if block != ROOT {
        let file = tree.file(own);
        let mut comments = comments_of(&file.ast, &file.source, tree.directive(block).node);
        // What stands behind the braces of an inner block is said of that one.
        for inner in tree.children(block).filter(|&inner| tree.is_block(inner) && tree.directive(inner).file == own) {
            let inside = at(inner);
            comments.retain(|comment| !inside.contains(comment));
        }
        add(own, comments);
    }
    for line in tree.children(block).filter(|&line| !tree.is_block(line)) {
        if block == ROOT || tree.directive(line).file != own {
            add(tree.directive(line).file, at(line));
        }
    }
    all
}

/// The places of all comments that decide something for some route.
pub fn deciding_comments(tree: &Tree, routes: &Routes) -> HashSet<(FileId, Span)> {
    let mut used = HashSet::new();
    let mut seen = HashSet::new();
    for route in &routes.all {
        let blocks = [Some(route.block), route.location_block, route.server];
        for (depth, block) in blocks.into_iter().enumerate() {
            let Some(block) = block.filter(|&block| seen.insert((block, depth < 2))) else { continue };
            let counts = |&(_, _, websocket): &(FileId, Span, bool)| !websocket || depth < 2;
            used.extend(deciding(tree, block).into_iter().filter(counts).map(|(file, span, _)| (file, span)));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_an_instruction_of_its_own() {
        assert_eq!(decision("# nginx-wslint: websocket"), Some(true));
        assert_eq!(decision("#nginx-wslint:not-websocket it is long polling"), Some(false));
        for other in
            ["# nginx-wslint: websockets", "# websocket", "# nginx-wslint websocket", "# x # nginx-wslint: websocket"]
        {
            assert_eq!(decision(other), None, "{other}");
        }
    }
}
