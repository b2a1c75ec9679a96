//! The `map` blocks behind the two headers: one that fits is used again, else one is added once.

use std::cell::RefCell;
use std::collections::HashMap;

use super::layout::Layout;
use super::rewrite::{FileEdit, Rewriter, Withheld};
use crate::config::{Context, DirectiveId, FileId, ROOT, Request, Tree};
use crate::rules::Place as RulePlace;
use crate::websocket::{concerns_upgrade, has_upgrade_token};

/// What a map is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What serves a purpose in a tree.
#[derive(Clone, Debug)]
enum Choice {
    /// The variable of a map that is there.
    Known(String),
    /// A name that is free.
    New(&'static str),
    /// No name is free.
    Taken(&'static str),
}

/// A variable and the http block it is to be defined in.
type Definition = (String, DirectiveId);

/// What was found out for one fix and serves the next: the tree does not change while its edits are written.
#[derive(Debug, Default)]
pub(super) struct Known {
    choices: RefCell<HashMap<Purpose, Choice>>,
    /// For a finding, by its rule and place, whether it is about all that a line serves.
    pub(super) serves_only: RefCell<HashMap<(String, RulePlace, DirectiveId), bool>>,
    edits: RefCell<HashMap<Definition, Result<Vec<FileEdit>, Withheld>>>,
}

impl Rewriter<'_> {
    /// The variable to write, with the edit that defines it where no map that fits is in sight.
    pub(super) fn map_variable(
        &self,
        purpose: Purpose,
        block: DirectiveId,
    ) -> Result<(String, Vec<FileEdit>), Withheld> {
        let choice = self.known.choices.borrow().get(&purpose).cloned();
        let choice = choice.unwrap_or_else(|| {
            let choice = self.choose(purpose);
            self.known.choices.borrow_mut().insert(purpose, choice.clone());
            choice
        });
        match choice {
            Choice::Known(variable) => Ok((variable, Vec::new())),
            Choice::New(name) => Ok((format!("${name}"), self.define(purpose, name, block)?)),
            Choice::Taken(name) => Err(Withheld::new(format!("every usual name for the map is taken: `${name}`"))),
        }
    }

    fn choose(&self, purpose: Purpose) -> Choice {
        let tree = self.tree;
        let maps = tree.all("map").iter().copied().filter(|&id| {
            tree.is_block(id) && tree.directive(id).context == Context::Http && concerns_upgrade(tree, id)
        });
        for map in maps {
            let variable = tree.arg(map, 2).unwrap_or_default().trim_start_matches('$').to_owned();
            let alone = tree.definitions(&variable.to_ascii_lowercase()).len() == 1;
            if alone && purpose.fits(tree, map) {
                return Choice::Known(format!("${variable}"));
            }
        }
        let names = purpose.names(tree.variables_are_open());
        // A name that is used and defined nowhere is waiting for this very map, when nothing is out of sight.
        let waiting = !tree.variables_are_open();
        let free = |name: &&str| tree.definitions(name).is_empty() && (waiting || !self.is_mentioned(name));
        names.iter().copied().find(free).map_or(Choice::Taken(names[0]), Choice::New)
    }

    /// The edit that defines a variable by a map in the http context of `block`.
    pub(super) fn define(
        &self,
        purpose: Purpose,
        variable: &str,
        block: DirectiveId,
    ) -> Result<Vec<FileEdit>, Withheld> {
        let tree = self.tree;
        let http = tree
            .ancestors(block)
            .find(|&around| tree.is(around, "http"))
            .or_else(|| (tree.directive(ROOT).context == Context::Http).then_some(ROOT))
            .ok_or_else(|| Withheld::new("the `map` it needs belongs in the http block, which is not in sight"))?;
        let key = (variable.to_owned(), http);
        if let Some(known) = self.known.edits.borrow().get(&key) {
            return known.clone();
        }
        let edit = self.http_place(http).map(|place| {
            let layout = Layout::new(tree, place.file);
            let unit = layout.unit();
            let mut lines = vec![format!("map $http_upgrade ${variable} {{")];
            lines.extend(purpose.entries().map(|entry| format!("{unit}{entry}")));
            lines.push("}".into());
            let edits = match place.before {
                Some(directive) => layout.before(directive, &lines),
                None => vec![layout.first_in(http, &lines)],
            };
            edits.into_iter().map(|edit| FileEdit { file: place.file, edit }).collect()
        });
        self.known.edits.borrow_mut().insert(key, edit.clone());
        edit
    }

    /// Where in http a map can stand, one place for all routes: in front of the first server or upstream of the file that
    /// holds the block, or of the `include` that brings it, or of the first file included that may be written, but behind
    /// every `map_hash_…`, which nginx refuses once it has read a map (`ngx_http_map_block` sets the defaults; "directive is
    /// duplicate" on 1.22.1).
    fn http_place(&self, http: DirectiveId) -> Result<Place, Withheld> {
        let place = self.http_place_in(http, &|file| self.may_edit(file));
        let place = place.or_else(|| self.http_place_in(http, &|file| self.may_propose(file)));
        place.ok_or_else(|| Withheld::new("the `map` it needs belongs in a file that is not among those given"))
    }

    /// The same in files for which `fits` holds.
    fn http_place_in(&self, http: DirectiveId, fits: &dyn Fn(FileId) -> bool) -> Option<Place> {
        let tree = self.tree;
        let hash = ["map_hash_max_size", "map_hash_bucket_size"];
        let hash = hash.iter().filter_map(|name| tree.own(http, name).last().copied()).max();
        let behind = |id: &DirectiveId| hash.is_none_or(|hash| hash < *id);
        let mut blocks: Vec<DirectiveId> =
            ["server", "upstream"].iter().flat_map(|name| tree.own(http, name)).copied().filter(behind).collect();
        blocks.sort();
        let holder = tree.directive(http).file;
        let of = |id: &DirectiveId| tree.directive(*id).file;
        if fits(holder) {
            let before = blocks.iter().copied().find(|id| of(id) == holder).or_else(|| {
                let brings = blocks.iter().find_map(|&id| self.include_around(id, holder));
                let mut unread =
                    tree.unread().iter().filter(|unread| unread.block == http).map(|unread| unread.include);
                brings.or_else(|| unread.rfind(|include| of(include) == holder)).filter(behind)
            });
            if before.is_some() || hash.is_none() {
                return Some(Place { file: holder, before });
            }
        }
        // A file that is included in http holds the map as well as the main file does.
        let before = blocks.into_iter().find(|id| of(id) != holder && fits(of(id)))?;
        Some(Place { file: of(&before), before: Some(before) })
    }

    /// The same as [`map_variable`](Self::map_variable), but only where all of it may be written.
    pub(super) fn written_map(
        &self,
        purpose: Purpose,
        block: DirectiveId,
    ) -> Result<(String, Vec<FileEdit>), Withheld> {
        let (variable, edits) = self.map_variable(purpose, block)?;
        match edits.iter().all(|edit| self.may_edit(edit.file)) {
            true => Ok((variable, edits)),
            false => Err(Withheld::new("the `map` it needs belongs in a file that is not among those given")),
        }
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
    before: Option<DirectiveId>,
}
