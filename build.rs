//! Turns `grammar/directives.toml` and `grammar/variables.toml` into static tables, and reads the files of `rules/`.
//!
//! Reading TOML at start would cost more than the rest of a run on a small file. An error in a table is an error of the
//! build, with the file and the line.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is how a build script speaks to cargo")]

#[allow(dead_code, missing_docs, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/websocket/confidence.rs"]
mod confidence;
#[path = "build/directives.rs"]
mod directives;
#[allow(dead_code, missing_docs, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/websocket/signals/phrases.rs"]
mod phrases;
#[path = "build/rules.rs"]
mod rules;
#[allow(dead_code, missing_docs, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/rules/schema.rs"]
mod schema;
#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/rules/spanned.rs"]
mod spanned;
#[allow(dead_code, missing_docs, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/websocket/signals/tables.rs"]
mod tables;
#[path = "build/variables.rs"]
mod variables;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use serde::de::DeserializeOwned;

/// The names of facts, which only the schema for editors lists.
#[allow(dead_code, reason = "the library uses it")]
fn facts() -> impl Iterator<Item = (&'static str, ())> {
    std::iter::empty()
}

/// An error in a table: where it stands, if that is not in the message, and what is wrong.
pub(crate) struct Mistake {
    /// Byte offset in the TOML text.
    at: usize,
    /// What is wrong, in one line.
    message: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let out = env::var("OUT_DIR")?;
    translate("grammar/directives.toml", &Path::new(&out).join("directives.rs"), directives::render)?;
    translate("grammar/variables.toml", &Path::new(&out).join("variables.rs"), variables::render)?;
    println!("cargo::rerun-if-changed=rules");
    for shared in [
        "rules/schema.rs",
        "rules/spanned.rs",
        "websocket/confidence.rs",
        "websocket/signals/phrases.rs",
        "websocket/signals/tables.rs",
    ] {
        println!("cargo::rerun-if-changed=src/{shared}");
    }
    rules::list(Path::new("rules"), Path::new(&out))?;
    fs::write(Path::new(&out).join("signals.bin"), rules::signals(Path::new("rules/signals.toml"))?)?;
    Ok(())
}

/// Reads the table at `from`, renders it as Rust and writes that to `to`.
fn translate<T: DeserializeOwned>(
    from: &str,
    to: &Path,
    render: impl Fn(&T) -> Result<String, Mistake>,
) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={from}");
    let text = fs::read_to_string(from)?;
    let table = toml::from_str(&text).map_err(|error| format!("{from}: {error}"))?;
    let code = render(&table).map_err(|mistake| {
        let line = text[..mistake.at].lines().count();
        format!("{from}:{line}: {}", mistake.message)
    })?;
    fs::write(to, code)?;
    Ok(())
}
