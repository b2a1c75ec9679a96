//! `init`: a settings file to start from.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::settings::NAMES;
use super::{CLEAN, Failure, files, output};

/// The file with `{roots}` where the main files go.
const TEMPLATE: &str = include_str!("init.toml");
/// More main files than these are left for people to choose from.
const MOST_ROOTS: usize = 10;

/// Writes a commented settings file into `folder`, with the main files below it as roots. One that is there is left alone.
pub(super) fn run(folder: &Path) -> Result<u8, Failure> {
    output::check_folder(folder)?;
    let path = folder.join(NAMES[0]);
    let path = path.strip_prefix(".").unwrap_or(&path);
    if let Some(there) = NAMES.iter().map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok()) {
        let there = there.strip_prefix(".").unwrap_or(&there);
        return Err(Failure(format!("{}: is there already and was left as it is", there.display())));
    }
    let mut roots = files::main_files(folder);
    roots.truncate(MOST_ROOTS);
    // Whoever has made the file meanwhile keeps it.
    let written = std::fs::File::create_new(path).and_then(|mut file| file.write_all(text(&roots).as_bytes()));
    written.map_err(|error| output::cannot_write(path, &error))?;
    let mut said = format!("wrote {}", path.display());
    if !roots.is_empty() {
        let names: Vec<String> = roots.iter().map(|root| root.display().to_string()).collect();
        let _ = write!(said, "; main files: {}", names.join(", "));
    }
    output::print(format!("{}\n", nginx_wslint::report::escape::visible(&said)).as_bytes());
    Ok(CLEAN)
}

fn text(roots: &[PathBuf]) -> String {
    let names: Vec<String> = roots.iter().filter_map(|root| root.to_str()).map(quoted).collect();
    let line = match &names[..] {
        [] => "# roots = [\"nginx.conf\"]".to_owned(),
        names => format!("roots = [{}]", names.join(", ")),
    };
    TEMPLATE.replace("{roots}", &line)
}

/// A string as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_quotes_in_them_are_written_so_that_they_can_be_read() {
        let text = text(&[PathBuf::from("a \"b\"/nginx.conf"), PathBuf::from("c\\d/nginx.conf")]);
        let read: toml::Table = text.parse().unwrap();
        let roots: Vec<&str> = read["roots"].as_array().unwrap().iter().filter_map(toml::Value::as_str).collect();
        assert_eq!(roots, ["a \"b\"/nginx.conf", "c\\d/nginx.conf"]);
    }
}
