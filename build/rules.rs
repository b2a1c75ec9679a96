//! Lists the rule files, so that adding a rule is adding a file, and reads them once for all runs of the program.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::schema::{Example, RuleFile};
use crate::tables::Tables;

/// The groups in the order of the catalogue: the folders of `rules/`.
const GROUPS: [&str; 5] = ["handshake", "routing", "lifetime", "hygiene", "security"];

/// Writes to `out` a table of group, id and text of every file in the folders of `rules`, and beside it, in the same order,
/// what the files say: their examples apart, for those who ask for them.
pub(crate) fn list(rules: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut code =
        String::from("/// Group, id and text of each built-in rule.\nconst BUILTIN: &[(&str, &str, &str)] = &[\n");
    let mut read: Vec<RuleFile> = Vec::new();
    let mut examples: Vec<Vec<Example>> = Vec::new();
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
            let mut rule: RuleFile = toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
            examples.push(std::mem::take(&mut rule.example));
            read.push(rule);
        }
    }
    code.push_str("];\n");
    for (name, what, bytes) in [
        ("BUILTIN_FILES", "What the files say but their examples.", postcard::to_allocvec(&read)?),
        ("BUILTIN_EXAMPLES", "The examples of each.", postcard::to_allocvec(&examples)?),
    ] {
        let file = format!("{}.bin", name.to_lowercase());
        writeln!(code, "/// {what}\nconst {name}: &[u8] = include_bytes!({file:?});")?;
        fs::write(out.join(file), bytes)?;
    }
    fs::write(out.join("builtin_rules.rs"), code)?;
    Ok(())
}

/// Signals in a form that is read faster than the TOML that people write.
pub(crate) fn signals(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", file.display());
    let tables: Tables =
        toml::from_str(&fs::read_to_string(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(postcard::to_allocvec(&tables)?)
}
