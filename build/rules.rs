//! Lists the rule files, so that adding a rule is adding a file, and reads them once for all runs of the program.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::schema::RuleFile;

/// The groups in the order of the catalogue: the folders of `rules/`.
const GROUPS: [&str; 5] = ["handshake", "routing", "lifetime", "hygiene", "security"];

/// A table of group, id and text of every file in the folders of `rules`, and what the files say, in the same order.
pub(crate) fn list(rules: &Path) -> Result<(String, Vec<u8>), Box<dyn Error>> {
    let mut code =
        String::from("/// Group, id and text of each built-in rule.\nconst BUILTIN: &[(&str, &str, &str)] = &[\n");
    let mut read: Vec<RuleFile> = Vec::new();
    for group in GROUPS {
        let Ok(entries) = fs::read_dir(rules.join(group)) else { continue };
        let mut files = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        for file in files {
            let id = file.file_stem().unwrap_or_default().to_string_lossy();
            let path = fs::canonicalize(&file)?.display().to_string();
            writeln!(code, "    ({group:?}, {id:?}, include_str!({path:?})),")?;
            let text = fs::read_to_string(&file)?;
            read.push(toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?);
        }
    }
    code.push_str("];\n");
    Ok((code, postcard::to_allocvec(&read)?))
}

/// Signals in a form that is read faster than the TOML that people write.
pub(crate) fn signals(file: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", file.display());
    let table: toml::Table =
        toml::from_str(&fs::read_to_string(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_json::to_string(&table)?)
}
