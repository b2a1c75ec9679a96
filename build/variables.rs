//! `grammar/variables.toml` as written, and the tables made of it.

use std::collections::HashMap;
use std::fmt::Write;

use serde::Deserialize;
use toml::Spanned;

use crate::Mistake;
use crate::directives::version;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    module: Vec<Spanned<Module>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    name: String,
    r#in: Vec<Protocol>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    prefixes: Vec<String>,
    since: Option<String>,
    #[serde(default)]
    commercial: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
enum Protocol {
    Http,
    Stream,
}

/// Checks the table and writes the Rust source of `VARIABLES` and `PREFIXES`, each sorted by name.
pub(crate) fn render(table: &Table) -> Result<String, Mistake> {
    let mut seen: HashMap<(&str, Protocol), &str> = HashMap::new();
    let (mut names, mut prefixes) = (Vec::new(), Vec::new());
    for spanned in &table.module {
        let module = spanned.get_ref();
        let mistake = |message| Mistake { at: spanned.span().start, message };
        let since = version(module.since.as_deref()).map_err(mistake)?;
        for protocol in &module.r#in {
            let kinds =
                module.names.iter().map(|name| (name, false)).chain(module.prefixes.iter().map(|name| (name, true)));
            for (name, is_prefix) in kinds {
                if let Some(other) = seen.insert((name, *protocol), &module.name) {
                    return Err(mistake(format!("`{name}` in {protocol:?} again, after {other}")));
                }
                let row = format!(
                    "Variable {{ name: {name:?}, protocol: Protocol::{protocol:?}, since: {since}, module: {:?}, \
                     commercial: {} }}",
                    module.name, module.commercial
                );
                if is_prefix { &mut prefixes } else { &mut names }.push((name, row));
            }
        }
    }
    let mut code = String::new();
    for (table, mut rows) in [("VARIABLES", names), ("PREFIXES", prefixes)] {
        rows.sort_by_key(|(name, _)| *name);
        let _ = writeln!(code, "static {table}: [Variable; {}] = [", rows.len());
        for (_, row) in rows {
            let _ = writeln!(code, "    {row},");
        }
        code.push_str("];\n");
    }
    Ok(code)
}
