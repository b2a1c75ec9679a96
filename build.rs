//! Lists the rule files, so that adding a rule is adding a file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=rules");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut list = String::from("/// Group, id and text of each built-in rule.\nconst BUILTIN: &[(&str, &str, &str)] = &[\n");
    for group in ["handshake", "routing", "lifetime", "hygiene", "security"] {
        let folder = Path::new(&root).join("rules").join(group);
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut files: Vec<_> = entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
            let id = file.file_stem().unwrap_or_default().to_string_lossy();
            writeln!(list, "    ({group:?}, {id:?}, include_str!({:?})),", file.display().to_string())
                .map_err(io::Error::other)?;
        }
    }
    list.push_str("];\n");
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("builtin_rules.rs"), list)
}
