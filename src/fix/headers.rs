//! Header lines: what a route has to send besides what it sends already.

use std::collections::{HashMap, HashSet};

use super::layout::Layout;
use super::maps::Purpose;
use super::rewrite::{FileEdit, Rewriter, Withheld};
use crate::config::{DirectiveId, FileId, Tree};
use crate::rules::{Finding, HeaderValue, Plan};
use crate::syntax::NodeId;
use crate::syntax::edit::Edit;
use crate::websocket::{Headers, Routes, State, has_upgrade_token, is_for, keeps_connections, value};

const NAME: &str = "proxy_set_header";

impl Rewriter<'_> {
    /// Edits that make a block send these headers. Where the block has no header lines of its own, those it inherits
    /// come along, for its first own line would discard them (NGINX facts part E).
    pub(super) fn headers(
        &self,
        finding: &Finding<'_>,
        plan: &mut Plan,
        block: DirectiveId,
        lines: &[(String, HeaderValue)],
    ) -> Result<Vec<FileEdit>, Withheld> {
        let file = self.tree.directive(block).file;
        self.check(file)?;
        self.check_allowed(block, NAME)?;
        let own = self.tree.own(block, NAME);
        let inherited = match self.tree.effective(block, NAME) {
            Some(effective) if own.is_empty() => effective.lines,
            _ => &[],
        };
        let lines_to_rewrite = self.lines_to_rewrite(finding, file, own, inherited, lines);
        let mut edits = Vec::new();
        let mut statements: Vec<String> = Vec::new();
        for ((name, wanted), known) in lines.iter().zip(lines_to_rewrite) {
            let text = self.header_text(finding, plan, block, name, wanted, &mut edits)?;
            let text = self.quoted_like(own, text);
            if let Some(line) = known {
                let pointed_at = finding.place.directive;
                if line != pointed_at && own.contains(&pointed_at) && is_for(self.tree, pointed_at, name) {
                    return Err(Withheld::new(format!(
                        "the `{name}` line of an included file that other routes share would stay as it is"
                    )));
                }
                self.check_whole(line)?;
                let span = self.tree.words(line).last().map(|word| word.span).unwrap_or_default();
                edits.push(FileEdit { file: self.tree.directive(line).file, edit: Edit { span, text } });
                continue;
            }
            // The other line goes on being sent in front of this one, which only a `Connection` without the token bears
            // (NGINX facts part B).
            let others = own.iter().filter(|&&line| is_for(self.tree, line, name));
            if let Some(other) = others.map(|&line| value(self.tree, line)).find(|text| !text.is_empty())
                && (name != "Connection" || other.contains('$') || has_upgrade_token(&other))
            {
                return Err(Withheld::new(format!(
                    "an included file that other routes share sends `{name}` too, and two lines of it may break them"
                )));
            }
            statements.push(format!("{NAME} {name} {text};"));
        }
        if statements.is_empty() {
            return Ok(edits);
        }
        let carried = inherited.iter().filter(|&&line| !lines.iter().any(|(name, _)| is_for(self.tree, line, name)));
        statements.splice(0..0, carried.map(|&line| self.repeated(line)));
        if self.tree.is_open_for(block, NAME) {
            let unread = self.tree.is_open(block) || self.tree.ancestors(block).any(|around| self.tree.is_open(around));
            let what = if unread { "an include that cannot be read" } else { "the file that includes this one" };
            plan.withhold(format!("{what} may set headers too, and these lines would discard or double them"));
        }
        let layout = Layout::new(self.tree, file);
        let direct = |line: &&DirectiveId| self.tree.directive(**line).file == file;
        let last = own.iter().rev().find(direct).copied();
        let anchor = last
            .or_else(|| own.last().and_then(|&line| self.include_around(line, file)))
            .or_else(|| self.anchor(block, file, NAME));
        let edit = match anchor {
            Some(anchor) => layout.after(anchor, &statements),
            None => layout.first_in(block, &statements),
        };
        edits.push(FileEdit { file, edit });
        Ok(edits)
    }

    /// For each header the line whose value is to be rewritten, if there is one: a line of the block itself, or a line of a
    /// snippet or an outer block that is wrong for all it serves. A block that is about to get its first own line keeps
    /// none of those it inherits, so there they are rewritten all or none.
    fn lines_to_rewrite(
        &self,
        finding: &Finding<'_>,
        file: FileId,
        own: &[DirectiveId],
        inherited: &[DirectiveId],
        lines: &[(String, HeaderValue)],
    ) -> Vec<Option<DirectiveId>> {
        let find = |name: &str| {
            let set = |line: &DirectiveId| is_for(self.tree, *line, name);
            let here = |line: &DirectiveId| self.tree.directive(*line).file == file;
            let shared = |line: &DirectiveId| {
                self.may_edit(self.tree.directive(*line).file)
                    && !value(self.tree, *line).is_empty()
                    && self.serves_only(finding, *line)
            };
            let all = || own.iter().chain(inherited).rev().copied().filter(set);
            // Of several lines for one header, the one that the finding points at.
            let pointed_at = own.iter().copied().filter(set).filter(here).find(|&line| line == finding.place.directive);
            let of_block = pointed_at.or_else(|| own.iter().rev().copied().filter(set).find(here));
            of_block.or_else(|| all().find(shared))
        };
        let found: Vec<Option<DirectiveId>> = lines.iter().map(|(name, _)| find(name)).collect();
        if own.is_empty() && found.contains(&None) { vec![None; lines.len()] } else { found }
    }

    /// A variable in the quotes in which all lines of the block write theirs.
    fn quoted_like(&self, own: &[DirectiveId], text: String) -> String {
        let quotes = own.iter().map(|&line| self.value_text(line)).filter(|value| value.contains('$'));
        let mut quotes = quotes.map(|value| value.chars().next().filter(|first| matches!(first, '"' | '\'')));
        match quotes.next() {
            Some(Some(quote)) if text.starts_with('$') && quotes.all(|other| other == Some(quote)) => {
                format!("{quote}{text}{quote}")
            }
            _ => text,
        }
    }

    /// A header line in the words in which its author wrote it.
    fn repeated(&self, line: DirectiveId) -> String {
        let source = self.tree.source(line);
        let words: Vec<&str> = self.tree.words(line).iter().map(|word| source.slice(word.span)).collect();
        format!("{};", words.join(" "))
    }

    fn header_text(
        &self,
        finding: &Finding<'_>,
        plan: &mut Plan,
        block: DirectiveId,
        name: &str,
        wanted: &HeaderValue,
        edits: &mut Vec<FileEdit>,
    ) -> Result<String, Withheld> {
        let route = finding.route.and_then(|index| self.routes.all.get(index));
        match wanted {
            HeaderValue::Text(text) => Ok(text.clone()),
            HeaderValue::Inherited => {
                // What the block itself says rightly, it need not take from around it.
                let own = Headers::of(self.tree, block);
                let own = if name.eq_ignore_ascii_case("Upgrade") { own.upgrade } else { own.connection };
                let same = |line: &&DirectiveId| is_for(self.tree, **line, name);
                if let Some(&line) = own.lines.last().filter(same).filter(|_| own.state == State::Right) {
                    return Ok(self.value_text(line));
                }
                let lost = self.tree.lost(block, NAME);
                let line = lost.and_then(|lost| lost.lines.iter().copied().find(|&line| is_for(self.tree, line, name)));
                let line = line.ok_or_else(|| Withheld::new(format!("no line for `{name}` is in sight above")))?;
                Ok(self.value_text(line))
            }
            HeaderValue::Upgrade => {
                if !route.is_some_and(|route| self.routes.is_restricted(route)) {
                    return Ok("$http_upgrade".into());
                }
                match self.written_map(Purpose::WebsocketOnly, block) {
                    Ok((variable, map)) => {
                        edits.extend(map);
                        Ok(variable)
                    }
                    Err(Withheld(why)) => {
                        plan.withhold(format!("the server restricts access, and {why}"));
                        Ok("$http_upgrade".into())
                    }
                }
            }
            HeaderValue::UpgradeWebsocket => {
                let (variable, map) = self.map_variable(Purpose::WebsocketOnly, block)?;
                edits.extend(map);
                Ok(variable)
            }
            HeaderValue::ConnectionMap => {
                let (variable, map) = self.map_variable(self.connection_purpose(finding), block)?;
                edits.extend(map);
                Ok(variable)
            }
            HeaderValue::Connection => {
                // A line that is right already stays as it is.
                if let Some(route) = route.filter(|route| route.headers.connection.state == State::Right)
                    && let Some(&line) = route.headers.connection.lines.last()
                {
                    return Ok(self.value_text(line));
                }
                let purpose = self.connection_purpose(finding);
                let is_only = route.is_some_and(|route| route.intent.only);
                let (variable, map) = match self.written_map(purpose, block) {
                    Err(_) if is_only => return Ok("\"upgrade\"".into()),
                    Err(_) => self.map_variable(purpose, block)?,
                    Ok(written) => written,
                };
                edits.extend(map);
                Ok(variable)
            }
        }
    }

    /// Whether the finding is about every route that a line serves, so that rewriting it changes no other.
    fn serves_only(&self, finding: &Finding<'_>, line: DirectiveId) -> bool {
        // A finding of many routes asks the same of the line that they share for each of them.
        let key = (finding.rule.id.clone(), finding.place, line);
        if let Some(&known) = self.known.serves_only.borrow().get(&key) {
            return known;
        }
        let concerned: HashSet<usize> = finding.routes().collect();
        let served = self.served.get_or_init(|| Served::new(self.tree, self.routes));
        let only = served.by(self.tree, line).all(|route| concerned.contains(&route));
        self.known.serves_only.borrow_mut().insert(key, only);
        only
    }

    fn value_text(&self, line: DirectiveId) -> String {
        let word = self.tree.words(line).last().map(|word| word.span).unwrap_or_default();
        self.tree.source(line).slice(word).to_owned()
    }

    /// Which map keeps what plain requests of the finding's route get today.
    pub(super) fn connection_purpose(&self, finding: &Finding<'_>) -> Purpose {
        let route = finding.route.and_then(|index| self.routes.all.get(index));
        if route.is_some_and(|route| keeps_connections(self.tree, route)) {
            Purpose::KeptConnection
        } else {
            Purpose::Connection
        }
    }
}

/// Which routes each header line serves. A line of a file that is included several times stands in several blocks.
#[derive(Debug)]
pub(super) struct Served {
    blocks: HashMap<(FileId, NodeId), Vec<DirectiveId>>,
    routes: HashMap<DirectiveId, Vec<usize>>,
}

impl Served {
    fn new(tree: &Tree, routes: &Routes) -> Self {
        let mut served = Self { blocks: HashMap::new(), routes: HashMap::new() };
        for &id in tree.all(NAME) {
            let line = tree.directive(id);
            served.blocks.entry((line.file, line.node)).or_default().push(line.parent);
        }
        for (index, route) in routes.all.iter().enumerate() {
            if let Some(effective) = tree.effective(route.block, NAME) {
                served.routes.entry(effective.origin).or_default().push(index);
            }
        }
        served
    }

    fn by(&self, tree: &Tree, line: DirectiveId) -> impl Iterator<Item = usize> + '_ {
        let line = tree.directive(line);
        let blocks = self.blocks.get(&(line.file, line.node)).into_iter().flatten();
        blocks.filter_map(|block| self.routes.get(block)).flatten().copied()
    }
}
