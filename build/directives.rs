//! `grammar/directives.toml` as written, its checks, and the tables made of it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use serde::Deserialize;
use toml::Spanned;

use crate::Mistake;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    module: Vec<Module>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    name: String,
    #[serde(default)]
    commercial: bool,
    directives: Vec<Spanned<Directive>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Directive {
    name: String,
    r#in: Vec<Place>,
    args: String,
    inherit: Option<Inherit>,
    opens: Option<Place>,
    defines: Option<Defines>,
    since: Option<String>,
    until: Option<String>,
}

/// The names of contexts in the file; `Any` stands for every context whose lines are directives.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
enum Place {
    Any,
    Main,
    Events,
    Http,
    Server,
    Location,
    If,
    ServerIf,
    #[serde(rename = "limit_except")]
    LimitExcept,
    Upstream,
    Stream,
    StreamServer,
    StreamUpstream,
    Mail,
    MailServer,
    Entries,
    Foreign,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Inherit {
    Scalar,
    Replace,
    Append,
    Inner,
    None,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Defines {
    First,
    Second,
    Last,
    Entries,
}

/// Checks the table and writes the Rust source of `ENTRIES` and `NAMES`.
pub(crate) fn render(table: &Table) -> Result<String, Mistake> {
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut places: HashMap<(&str, Place), &str> = HashMap::new();
    for module in &table.module {
        for spanned in &module.directives {
            let directive = spanned.get_ref();
            let mistake = |message| Mistake { at: spanned.span().start, message };
            for place in &directive.r#in {
                if let Some(other) = places.insert((&directive.name, *place), &module.name) {
                    return Err(mistake(format!("`{}` in {place:?} again, after {other}", directive.name)));
                }
            }
            let entry = entry(module, directive).map_err(|what| mistake(format!("`{}`: {what}", directive.name)))?;
            names.entry(&directive.name).or_default().push(entry);
        }
    }
    Ok(write_tables(&names))
}

/// One `Entry { … }`.
fn entry(module: &Module, directive: &Directive) -> Result<String, String> {
    if directive.opens.is_some() == directive.inherit.is_some() {
        return Err("exactly one of `opens` and `inherit`".to_owned());
    }
    let contexts = match directive.r#in.as_slice() {
        [] => return Err("no context".to_owned()),
        [Place::Any] => "ContextSet::DIRECTIVES".to_owned(),
        list if list.contains(&Place::Any) => return Err("`any` stands alone".to_owned()),
        list => format!("ContextSet::of(&{list:?})").replace('[', "[Context::").replace(", ", ", Context::"),
    };
    let opens = match directive.opens {
        Some(Place::Any) => return Err("opens no such context".to_owned()),
        Some(place) => format!("Some(Context::{place:?})"),
        None => "None".to_owned(),
    };
    let defines = directive.defines.map_or("None".to_owned(), |which| format!("Some(Defines::{which:?})"));
    let (counts, flag) = args(&directive.args).ok_or_else(|| format!("args = {:?}", directive.args))?;
    Ok(format!(
        "Entry {{ contexts: {contexts}, args: Args {{ counts: {counts:#x}, flag: {flag} }}, inherit: Inherit::{inherit:?}, \
         opens: {opens}, defines: {defines}, since: {since}, until: {until}, module: {name:?}, commercial: {commercial} }}",
        inherit = directive.inherit.unwrap_or(Inherit::None),
        since = version(directive.since.as_deref())?,
        until = version(directive.until.as_deref())?,
        name = module.name,
        commercial = module.commercial,
    ))
}

/// A version as `Some((1, 29, 3))`.
pub(crate) fn version(text: Option<&str>) -> Result<String, String> {
    let Some(text) = text else { return Ok("None".to_owned()) };
    let numbers: Option<Vec<u16>> = text.split('.').map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some([major, minor, patch]) => Ok(format!("Some(({major}, {minor}, {patch}))")),
        _ => Err(format!("{text:?} is no version")),
    }
}

/// How many arguments are allowed, one bit per count (bit 8: eight and more), and whether the one is `on` or `off`.
fn args(text: &str) -> Option<(u16, bool)> {
    if text == "flag" {
        return Some((1 << 1, true));
    }
    let mut counts = 0;
    for part in text.split(',') {
        let (from, to) = match part.split_once('-') {
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None => match part.strip_suffix('+') {
                Some(from) => (from.parse().ok()?, 8),
                None => (part.parse().ok()?, part.parse().ok()?),
            },
        };
        for count in from..=to {
            counts |= 1_u16.checked_shl(count).filter(|_| count <= 8)?;
        }
    }
    Some((counts, false))
}

/// All names sorted, with the entries of each side by side.
fn write_tables(names: &BTreeMap<&str, Vec<String>>) -> String {
    let mut code = String::new();
    let total: usize = names.values().map(Vec::len).sum();
    let _ = writeln!(code, "static ENTRIES: [Entry; {total}] = [");
    for entry in names.values().flatten() {
        let _ = writeln!(code, "    {entry},");
    }
    let _ = writeln!(code, "];\nstatic NAMES: [Row; {}] = [", names.len());
    let mut from = 0;
    for (name, entries) in names {
        let to = from + entries.len();
        let _ = writeln!(code, "    Row {{ text: {name:?}, from: {from}, to: {to} }},");
        from = to;
    }
    code.push_str("];\n");
    code
}
