//! Places of a tree as addresses and ranges.

use std::cell::OnceCell;

use gen_lsp_types::{Location, Range};
use nginx_wslint::config::{DirectiveId, FileId, Tree};
use nginx_wslint::syntax::Span;

use super::documents::Documents;
use super::positions::{Encoding, Lines};

/// The files of a tree, each with its lines once they are needed.
pub(super) struct Places<'a> {
    tree: &'a Tree,
    documents: &'a Documents,
    encoding: Encoding,
    lines: Vec<OnceCell<Lines<'a>>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(tree: &'a Tree, documents: &'a Documents, encoding: Encoding) -> Self {
        let lines = tree.files().iter().map(|_| OnceCell::new()).collect();
        Self { tree, documents, encoding, lines }
    }

    pub(super) fn lines(&self, file: FileId) -> &Lines<'a> {
        self.lines[file.0 as usize].get_or_init(|| Lines::new(self.tree.file(file).source.text(), self.encoding))
    }

    pub(super) fn range(&self, file: FileId, span: Span) -> Range {
        self.lines(file).range(span)
    }

    /// A place as the client can go to; none in a text that stands in for a file of the system, or without an address.
    pub(super) fn location(&self, file: FileId, span: Span) -> Option<Location> {
        let known = self.tree.file(file);
        let uri = self.documents.uri(known.source.path()).filter(|_| !known.well_known)?;
        Some(Location { uri, range: self.range(file, span) })
    }

    /// The words of a directive.
    pub(super) fn head(&self, id: DirectiveId) -> Option<Location> {
        self.location(self.tree.directive(id).file, self.tree.head(id))
    }
}
