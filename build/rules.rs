//! Lists the rule files, so that adding a rule is adding a file.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The groups in the order of the catalogue: the folders of `rules/`.
const GROUPS: [&str; 5] = ["handshake", "routing", "lifetime", "hygiene", "security"];

/// A table of group, id and text of every file in the folders of `rules`.
pub(crate) fn list(rules: &Path) -> Result<String, Box<dyn Error>> {
    let mut code =
        String::from("/// Group, id and text of each built-in rule.\nconst BUILTIN: &[(&str, &str, &str)] = &[\n");
    for group in GROUPS {
        let Ok(entries) = fs::read_dir(rules.join(group)) else { continue };
        let mut files = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        for file in files {
            let id = file.file_stem().unwrap_or_default().to_string_lossy();
            let path = fs::canonicalize(&file)?.display().to_string();
            writeln!(code, "    ({group:?}, {id:?}, include_str!({path:?})),")?;
        }
    }
    code.push_str("];\n");
    Ok(code)
}
