//! The blocks of a text: servers, locations, upstreams, maps.

use gen_lsp_types::{
    BaseSymbolInformation, DocumentSymbol, DocumentSymbolResponse, Location, SymbolInformation, SymbolKind,
};
use nginx_wslint::syntax::{Ast, NodeId, Source, Span, parse};

use super::documents::Document;
use super::positions::{Encoding, Lines};

/// Blocks deeper than this are not told of: no server has them, and each level costs room on the stack.
const DEEPEST: usize = 64;

/// The outline of a text, by its own words alone: nested, or one after the other for clients that know no nesting.
pub(super) fn of(document: &Document, encoding: Encoding, nested: bool) -> DocumentSymbolResponse {
    let source = Source::new(document.path.clone(), document.text.clone().into_bytes());
    let ast = parse(&source);
    let outline = Outline { ast: &ast, source: &source, lines: document.lines(encoding) };
    let blocks = outline.blocks(NodeId(0), NodeId(ast.nodes().len() as u32), DEEPEST);
    if nested {
        return DocumentSymbolResponse::DocumentSymbolList(blocks);
    }
    let mut flat = Vec::new();
    flatten(document, None, blocks, &mut flat);
    DocumentSymbolResponse::SymbolInformationList(flat)
}

struct Outline<'t> {
    ast: &'t Ast,
    source: &'t Source,
    lines: Lines<'t>,
}

impl Outline<'_> {
    /// The blocks among the statements from one number up to another, without those inside them.
    fn blocks(&self, from: NodeId, to: NodeId, levels: usize) -> Vec<DocumentSymbol> {
        let mut all = Vec::new();
        let mut next = from;
        while next < to {
            let node = self.ast.node(next);
            if node.is_block() && levels > 0 {
                all.extend(self.block(next, levels - 1));
            }
            next = self.ast.behind(next);
        }
        all
    }

    #[allow(deprecated)] // A field that the protocol still has.
    fn block(&self, id: NodeId, levels: usize) -> Option<DocumentSymbol> {
        let node = self.ast.node(id);
        let words = self.ast.words(id);
        let head = Span { start: words.first()?.span.start, end: words.last()?.span.end };
        let keyword = words.first()?.value(self.source);
        let children = self.blocks(NodeId(id.0 + 1), self.ast.behind(id), levels);
        let rest: Vec<_> = words.iter().skip(1).map(|word| word.value(self.source)).collect();
        let mut name = std::iter::once(&keyword).chain(&rest).map(|word| &**word).collect::<Vec<_>>().join(" ");
        if keyword == "server" && rest.is_empty() {
            let names = self.args_of(id, "server_name").unwrap_or_default();
            name = format!("server {names}").trim_end().to_owned();
        }
        let detail = match &*keyword {
            "server" => self.args_of(id, "listen"),
            "location" | "if" => self.pass_of(id),
            _ => None,
        };
        Some(DocumentSymbol {
            name,
            detail,
            kind: kind(&keyword),
            tags: None,
            deprecated: None,
            range: self.lines.range(node.span),
            selection_range: self.lines.range(head),
            children: Some(children),
        })
    }

    /// The statements directly inside a block.
    fn inside(&self, block: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.ast.behind(block);
        let first = NodeId(block.0 + 1);
        std::iter::successors((first < end).then_some(first), move |&id| {
            let next = self.ast.behind(id);
            (next < end).then_some(next)
        })
    }

    /// The arguments of the first such line in a block.
    fn args_of(&self, block: NodeId, name: &str) -> Option<String> {
        let line = self.inside(block).find(|&id| self.is(id, |word| word == name))?;
        Some(self.args(line))
    }

    /// Where a block hands its requests on to.
    fn pass_of(&self, block: NodeId) -> Option<String> {
        let line = self.inside(block).find(|&id| self.is(id, |word| word.ends_with("_pass")))?;
        Some(format!("-> {}", self.args(line)))
    }

    fn is(&self, id: NodeId, test: impl Fn(&str) -> bool) -> bool {
        self.ast.words(id).first().is_some_and(|word| test(&word.value(self.source)))
    }

    fn args(&self, id: NodeId) -> String {
        let words: Vec<_> = self.ast.words(id).iter().skip(1).map(|word| word.value(self.source)).collect();
        words.join(" ")
    }
}

fn kind(keyword: &str) -> SymbolKind {
    match keyword {
        "http" | "stream" | "mail" | "events" => SymbolKind::Module,
        "server" => SymbolKind::Class,
        "location" => SymbolKind::Method,
        "upstream" => SymbolKind::Interface,
        "map" | "geo" | "split_clients" => SymbolKind::Variable,
        _ => SymbolKind::Namespace,
    }
}

#[allow(deprecated)] // A field that the protocol still has.
fn flatten(document: &Document, around: Option<&str>, blocks: Vec<DocumentSymbol>, flat: &mut Vec<SymbolInformation>) {
    for block in blocks {
        flat.push(SymbolInformation {
            deprecated: None,
            location: Location { uri: document.uri.clone(), range: block.range },
            base_symbol_information: BaseSymbolInformation {
                name: block.name.clone(),
                kind: block.kind,
                tags: None,
                container_name: around.map(str::to_owned),
            },
        });
        flatten(document, Some(&block.name), block.children.unwrap_or_default(), flat);
    }
}
