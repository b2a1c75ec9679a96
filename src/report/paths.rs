//! What a file is called where the report is read: relative to the repository, as a path or as an address.

use std::path::{Component, Path, PathBuf};

/// Where a run takes place. By default nowhere: files are called what they were called on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The working folder, absolute.
    pub here: PathBuf,
    /// The folder of the repository around it, if there is one.
    pub repository: Option<PathBuf>,
}

impl Base {
    /// A file's path below the repository, or below the working folder where there is none, with `/` between its parts.
    /// A file outside of both keeps its own path.
    pub fn relative(&self, file: &str) -> String {
        let path = normal(&self.here.join(file));
        let root = self.repository.as_deref().unwrap_or(&self.here);
        let inside = path.strip_prefix(root).ok().filter(|inside| inside.components().next().is_some());
        inside.map_or_else(|| file.strip_prefix("./").unwrap_or(file).to_owned(), joined)
    }

    /// The same as a URI: relative, or with `file:` for what lies outside (RFC 3986, RFC 8089).
    pub fn uri(&self, file: &str) -> String {
        let path = self.relative(file);
        let scheme = if Path::new(&path).is_absolute() { "file://" } else { "" };
        let mut uri = scheme.to_owned();
        for byte in path.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    uri.push(char::from(byte));
                }
                _ => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        uri
    }
}

/// A path without `.` and, as far as the path itself tells, without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn joined(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_the_repository_does() {
        let base = Base { here: "/repo/deploy".into(), repository: Some("/repo".into()) };
        assert_eq!(base.relative("nginx.conf"), "deploy/nginx.conf");
        assert_eq!(base.relative("./a/../b.conf"), "deploy/b.conf");
        assert_eq!(base.relative("../site.conf"), "site.conf");
        assert_eq!(base.relative("/repo/x.conf"), "x.conf");
        assert_eq!(base.relative("/etc/nginx/nginx.conf"), "/etc/nginx/nginx.conf");
        let alone = Base { here: "/srv".into(), repository: None };
        assert_eq!(alone.relative("/srv/a.conf"), "a.conf");
        assert_eq!(Base::default().relative("./a.conf"), "a.conf");
        assert_eq!(Base::default().relative("<stdin>"), "<stdin>");
    }

    #[test]
    fn an_address_has_no_character_of_its_own_meaning() {
        let base = Base { here: "/repo".into(), repository: Some("/repo".into()) };
        assert_eq!(base.uri("my site:1#a?.conf"), "my%20site%3A1%23a%3F.conf");
        assert_eq!(base.uri("größe/100%.conf"), "gr%C3%B6%C3%9Fe/100%25.conf");
        assert_eq!(base.uri("/etc/nginx/nginx.conf"), "file:///etc/nginx/nginx.conf");
    }
}
