//! The `map` blocks behind the two headers: one that fits is used again, else one is added once.

use super::layout::Layout;
use super::rewrite::{FileEdit, Rewriter, Withheld};
use crate::config::{Context, DirectiveId, FileId, ROOT, Request, Tree};
use crate::websocket::{concerns_upgrade, has_upgrade_token};

/// What a map is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// `Connection` where connections to the upstream are closed after each request.
    Connection,
    /// `Connection` where they are kept.
    KeptConnection,
    /// `Upgrade` where only WebSockets may pass (NGINX facts part K).
    WebsocketOnly,
}

impl Purpose {
    /// The body's entries. Keys are plain strings: they match in any case, and a pattern would overwrite `$1` where the
    /// location is one (NGINX facts part F).
    fn entries(self) -> [&'static str; 2] {
        match self {
            Self::Connection => ["default upgrade;", "''      close;"],
            Self::KeptConnection => ["default upgrade;", "''      '';"],
            Self::WebsocketOnly => ["default   '';", "websocket websocket;"],
        }
    }

    /// Names to give the variable, the usual one first. Where text that is not here may define variables, the usual
    /// name is left to it: of two maps the last one read would win for every route.
    fn names(self, open: bool) -> &'static [&'static str] {
        match (self, open) {
            (Self::Connection, false) => &["connection_upgrade", "websocket_connection"],
            (Self::Connection, true) => &["websocket_connection"],
            (Self::KeptConnection, false) => &["connection_upgrade", "connection_upgrade_keepalive"],
            (Self::KeptConnection, true) => &["websocket_connection_keepalive"],
            (Self::WebsocketOnly, _) => &["websocket_upgrade"],
        }
    }

    /// Whether an existing map does the same.
    fn fits(self, tree: &Tree, map: DirectiveId) -> bool {
        let handshake = tree.evaluate_map(map, Request::Handshake);
        let plain = tree.evaluate_map(map, Request::Plain);
        if handshake.open || plain.open || handshake.undefined.is_some() {
            return false;
        }
        match self {
            Self::Connection => {
                handshake.known.iter().all(|text| has_upgrade_token(text))
                    && (plain.is_exactly("close") || plain.is_exactly(""))
            }
            Self::KeptConnection => handshake.known.iter().all(|text| has_upgrade_token(text)) && plain.is_exactly(""),
            // Beside WebSockets nothing may pass, so the map may not hand anything on by default.
            Self::WebsocketOnly => {
                let lets_others = tree.children(map).any(|entry| {
                    let (key, value) = (tree.name(entry), tree.arg(entry, 1).unwrap_or_default());
                    (key == "default" && !value.is_empty()) || key.starts_with('~') || value.contains('$')
                });
                handshake.is_exactly("websocket") && plain.is_exactly("") && !lets_others
            }
        }
    }
}

impl Rewriter<'_> {
    /// The variable to write, with the edit that defines it where no map that fits is in sight.
    pub(super) fn map_variable(
        &self,
        purpose: Purpose,
        block: DirectiveId,
    ) -> Result<(String, Vec<FileEdit>), Withheld> {
        let maps = self.tree.ids().filter(|&id| {
            self.tree.is(id, "map")
                && self.tree.is_block(id)
                && self.tree.directive(id).context == Context::Http
                && concerns_upgrade(self.tree, id)
        });
        for map in maps {
            let variable = self.tree.arg(map, 2).unwrap_or_default().trim_start_matches('$').to_owned();
            let alone = self.tree.definitions(&variable.to_ascii_lowercase()).len() == 1;
            if alone && purpose.fits(self.tree, map) {
                return Ok((format!("${variable}"), Vec::new()));
            }
        }
        let open = self.tree.variables_are_open();
        let names = purpose.names(open);
        let unused = |name: &&str| self.tree.definitions(name).is_empty() && !self.is_mentioned(name);
        let name = names.iter().copied().find(|name| unused(&name));
        let name =
            name.ok_or_else(|| Withheld::new(format!("every usual name for the map is taken: `${}`", names[0])))?;
        Ok((format!("${name}"), vec![self.define(purpose, name, block)?]))
    }

    /// The edit that defines a variable by a map in the http context of `block`.
    pub(super) fn define(&self, purpose: Purpose, variable: &str, block: DirectiveId) -> Result<FileEdit, Withheld> {
        let place = self.http_place(block)?;
        let layout = Layout::new(self.tree, place.file);
        let unit = layout.unit();
        let mut lines = vec![format!("map $http_upgrade ${variable} {{")];
        lines.extend(purpose.entries().map(|entry| format!("{unit}{entry}")));
        lines.push("}".into());
        let edit = match place.before {
            Some(directive) => layout.before(directive, &lines),
            None => layout.first_in(place.block, &lines),
        };
        Ok(FileEdit { file: place.file, edit })
    }

    /// Where a map that `block` needs can stand: in http, before the first server, but behind a `map_hash_…`, which
    /// nginx refuses once it has read a map (`ngx_http_map_block` sets the defaults).
    fn http_place(&self, block: DirectiveId) -> Result<Place, Withheld> {
        let http = self
            .tree
            .ancestors(block)
            .find(|&around| self.tree.directive(around).context == Context::Http || self.tree.is(around, "http"))
            .map(|around| if self.tree.is(around, "http") { around } else { self.tree.directive(around).parent })
            .or_else(|| (self.tree.directive(ROOT).context == Context::Http).then_some(ROOT))
            .ok_or_else(|| Withheld::new("the `map` it needs belongs in the http block, which is not in sight"))?;
        // A file that is included in http holds its own map as well as the main file does.
        let candidates = [self.tree.directive(block).file, self.file_of_block(http)];
        for file in candidates {
            if !self.may_edit(file) {
                continue;
            }
            let mut before = None;
            for child in self.tree.children(http).filter(|&child| self.tree.directive(child).file == file) {
                if self.tree.name(child).starts_with("map_hash_") {
                    before = None;
                } else if before.is_none() && (self.tree.is(child, "server") || self.tree.is(child, "upstream")) {
                    before = Some(child);
                }
            }
            if before.is_some() {
                return Ok(Place { file, block: http, before });
            }
            if file == self.file_of_block(http)
                && !self.tree.children(http).any(|child| self.tree.name(child).starts_with("map_hash_"))
            {
                return Ok(Place { file, block: http, before: None });
            }
        }
        Err(Withheld::new("the `map` it needs belongs in a file that is not to be edited"))
    }

    fn file_of_block(&self, block: DirectiveId) -> FileId {
        self.tree.directive(block).file
    }

    /// Whether a variable is used anywhere, defined or not.
    fn is_mentioned(&self, variable: &str) -> bool {
        let plain = format!("${variable}");
        let braced = format!("${{{variable}}}");
        self.tree.files().iter().any(|file| {
            let text = file.source.text();
            text.contains(&plain) || text.contains(&braced)
        })
    }
}

struct Place {
    file: FileId,
    block: DirectiveId,
    before: Option<DirectiveId>,
}
