//! What a rule found: places and plans, no text yet.

use super::rule::Rule;
use super::severity::Severity;
use crate::config::{DirectiveId, FileId, Tree};
use crate::syntax::Span;
use crate::websocket::Confidence;

/// The part of a directive to point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordPart {
    /// All its words, without a block's body.
    Head,
    /// The word of that number; 0 is the name.
    Word(usize),
    /// The last word.
    Value,
    /// No part of it: text of the same file, such as a comment that speaks of it.
    Text(Span),
}

/// A place in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The directive.
    pub directive: DirectiveId,
    /// Which part of it.
    pub part: WordPart,
}

impl Place {
    /// All words of a directive.
    pub fn head(directive: DirectiveId) -> Self {
        Self { directive, part: WordPart::Head }
    }

    /// The last word of a directive.
    pub fn value(directive: DirectiveId) -> Self {
        Self { directive, part: WordPart::Value }
    }

    /// Where that is.
    pub fn locate(self, tree: &Tree) -> (FileId, Span) {
        let file = tree.directive(self.directive).file;
        if let WordPart::Text(span) = self.part {
            return (file, span);
        }
        let words = tree.words(self.directive);
        let word = match self.part {
            WordPart::Head | WordPart::Text(_) => None,
            WordPart::Word(index) => words.get(index),
            WordPart::Value => words.last(),
        };
        (file, word.map_or_else(|| tree.head(self.directive), |word| word.span))
    }
}

/// Whether a fix may be applied unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// `--fix` applies it.
    Safe,
    /// `--fix --unsafe-fixes` applies it.
    Unsafe,
    /// Only said.
    Advice,
}

impl Safety {
    /// As written in rules and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Advice => "advice",
        }
    }
}

/// What a header line is to say; which words that takes is decided where the edit is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HeaderValue {
    /// The client's own `Upgrade`.
    Upgrade,
    /// The client's own `Upgrade` if it is `websocket`, by a map.
    UpgradeWebsocket,
    /// `upgrade` for a handshake, what it is now for a plain request.
    Connection,
    /// `upgrade` for a handshake alone, by a map.
    ConnectionMap,
    /// What the block that was lost says; for the name `*` all its lines that are missing here.
    Inherited,
    /// These words.
    Text(String),
}

/// A step of a repair.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The block is to send these headers, whatever it sends besides.
    Headers {
        /// The block whose effective lines count.
        block: DirectiveId,
        /// Names and values.
        lines: Vec<(String, HeaderValue)>,
    },
    /// The directive is to be in effect in the block with this value.
    Set {
        /// The block.
        block: DirectiveId,
        /// The directive.
        directive: String,
        /// Its argument.
        value: String,
    },
    /// The word is to be written otherwise.
    Replace {
        /// The word.
        place: Place,
        /// The new text.
        text: String,
    },
    /// The directive is to go.
    Remove(DirectiveId),
    /// The comment is to go.
    Uncomment(Place),
    /// The block is to move up to http.
    Hoist(DirectiveId),
    /// The variable that the value of this line consists of is to be defined.
    Define(DirectiveId),
}

/// A repair as the rule declares it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether it may be applied unasked.
    pub safety: Safety,
    /// What it does, as an instruction: "add `proxy_http_version 1.1;`".
    pub title: String,
    /// Why it is less safe than the rule says by itself.
    pub withheld: Option<String>,
    /// Its steps.
    pub ops: Vec<Op>,
    /// Directives whose effective value may differ afterwards, on this block alone.
    pub changes: Vec<String>,
    /// It is as safe where text that is not here may set the same.
    pub holds_in_open_world: bool,
    /// Rules that may speak up afterwards.
    pub reveals: Vec<String>,
}

/// Something a rule found.
#[derive(Clone, Debug)]
pub struct Finding<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where.
    pub place: Place,
    /// Other places that belong to it.
    pub related: Vec<(Place, String)>,
    /// The route, by its number in [`crate::websocket::Routes::all`].
    pub route: Option<usize>,
    /// More routes for which the same is wrong at the very same place, such as a line that they all inherit.
    pub more_routes: Vec<usize>,
    /// The conclusion rests on the absence of something that text which is not here may hold.
    pub open: bool,
    /// Its repair, if there is one.
    pub fix: Option<Plan>,
}

impl Finding<'_> {
    /// All routes that it is about, by their numbers.
    pub fn routes(&self) -> impl Iterator<Item = usize> + '_ {
        self.route.into_iter().chain(self.more_routes.iter().copied())
    }
}
