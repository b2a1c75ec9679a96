//! What an `include` names.

use std::path::{Component, Path, PathBuf};

use super::reader::Reader;
use super::tree::TreeOptions;

/// What became of an `include`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Included {
    /// These files, in nginx's order.
    Files(Vec<PathBuf>),
    /// A file known by its name and without any directive that matters here.
    Harmless,
    /// Nobody can say what it brings: the file, or the folder of the pattern, is not here.
    Unread,
}

/// Paths that exist only on the server and where they lie here: by names that the [`Reader`] knows.
#[derive(Clone, Debug, Default)]
pub struct IncludeMap(pub Vec<(PathBuf, PathBuf)>);

impl IncludeMap {
    fn apply(&self, path: &Path) -> Option<PathBuf> {
        self.0.iter().find_map(|(from, to)| Some(to.join(path.strip_prefix(from).ok()?)))
    }
}

/// Files that every distribution ships and that set no proxy directive and define no variable, so that their absence
/// leaves nothing open.
const HARMLESS: &[&str] = &[
    "mime.types",
    "fastcgi_params",
    "fastcgi.conf",
    "uwsgi_params",
    "scgi_params",
    "koi-utf",
    "koi-win",
    "win-utf",
    "fastcgi-php.conf",
    "options-ssl-nginx.conf",
    "ssl-dhparams.pem",
    "snakeoil.conf",
];

/// Debian's `/etc/nginx/proxy_params`, present on every Debian and Ubuntu machine (nginx-common 1.22.1): four headers.
/// Newer packages write `$host` for `$http_host`; to this tool both are a Host line.
const PROXY_PARAMS: &str = "proxy_set_header Host $http_host;\nproxy_set_header X-Real-IP $remote_addr;\n\
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\nproxy_set_header X-Forwarded-Proto $scheme;\n";

/// The text of a well-known file that need not be here to be known.
pub(super) fn well_known(path: &Path) -> Option<&'static str> {
    (path.file_name()? == "proxy_params").then_some(PROXY_PARAMS)
}

/// Finds the files of `include pattern`, as nginx does: relative to `prefix` (the folder of its main file), a plain
/// name must exist, a glob may match nothing (`ngx_conf_include`). What `map` says comes before that, and a path in
/// `/etc/nginx` is looked for beside a root that is elsewhere: the machine's own nginx is another one.
pub(super) fn resolve(pattern: &str, prefix: &Path, map: &IncludeMap, reader: &dyn Reader) -> Included {
    let written = Path::new(pattern);
    let is_glob = pattern.contains(['*', '?', '[']);
    let as_written = normal(&prefix.join(written));
    let mut candidates: Vec<PathBuf> = map.apply(written).map(|path| normal(&path)).into_iter().collect();
    if let Ok(rest) = written.strip_prefix("/etc/nginx") {
        candidates.push(normal(&prefix.join(rest)));
    }
    candidates.push(as_written.clone());
    for candidate in &candidates {
        if is_glob {
            let files = candidate.to_str().and_then(|pattern| reader.glob(pattern));
            // A folder without such files may not be the one that is meant.
            if let Some(files) = files.filter(|files| !files.is_empty() || *candidate == as_written) {
                return Included::Files(files.iter().map(|file| normal(file)).collect());
            }
        } else if reader.exists(candidate) {
            return Included::Files(vec![candidate.clone()]);
        }
    }
    let name = written.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if HARMLESS.contains(&name) || pattern.contains("modules-enabled") {
        return Included::Harmless;
    }
    if well_known(written).is_some() {
        return Included::Files(vec![as_written]);
    }
    Included::Unread
}

/// The files that `include pattern` brings into the tree of `root`, in nginx's order; none where they are not here.
pub fn included_files(pattern: &str, root: &Path, options: &TreeOptions, reader: &dyn Reader) -> Vec<PathBuf> {
    let prefix = options.prefix.as_deref().or(root.parent()).unwrap_or(Path::new(""));
    match resolve(pattern, prefix, &options.include_map, reader) {
        Included::Files(paths) => paths,
        Included::Harmless | Included::Unread => Vec::new(),
    }
}

/// `path` without `.` and with `..` resolved by name, so that one file has one name.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Memory;

    fn files(pattern: &str, there: &[&str]) -> Included {
        let mut memory = Memory::new();
        for path in there {
            memory.insert(*path, "");
        }
        resolve(pattern, Path::new("/repo/nginx"), &IncludeMap::default(), &memory)
    }

    #[test]
    fn includes_are_relative_to_the_root_and_fall_back_beside_it() {
        let here = Included::Files(vec!["/repo/nginx/snippets/ws.conf".into()]);
        assert_eq!(files("snippets/ws.conf", &["/repo/nginx/snippets/ws.conf"]), here);
        assert_eq!(files("./snippets/../snippets/ws.conf", &["/repo/nginx/snippets/ws.conf"]), here);
        assert_eq!(files("/etc/nginx/snippets/ws.conf", &["/repo/nginx/snippets/ws.conf"]), here);
        assert_eq!(files("/etc/nginx/snippets/ws.conf", &[]), Included::Unread);
        assert_eq!(files("/etc/nginx/mime.types", &[]), Included::Harmless);
    }

    #[test]
    fn the_nginx_of_the_machine_is_not_that_of_the_root() {
        let own = ["/etc/nginx/sites-enabled/default", "/repo/nginx/sites-enabled/app"];
        let beside = Included::Files(vec!["/repo/nginx/sites-enabled/app".into()]);
        assert_eq!(files("/etc/nginx/sites-enabled/*", &own), beside);
        let machine = Included::Files(vec!["/etc/nginx/sites-enabled/default".into()]);
        assert_eq!(files("/etc/nginx/sites-enabled/*", &own[..1]), machine);
        let mut memory = Memory::new();
        own.iter().chain(&["/repo/deploy/sites-enabled/app"]).for_each(|path| _ = memory.insert(*path, ""));
        let map = IncludeMap(vec![("/etc/nginx".into(), "/repo/deploy".into())]);
        assert_eq!(
            resolve("/etc/nginx/sites-enabled/*", Path::new("/repo/nginx"), &map, &memory),
            Included::Files(vec!["/repo/deploy/sites-enabled/app".into()])
        );
    }

    #[test]
    fn server_paths_are_mapped_to_where_they_lie_here() {
        let mut memory = Memory::new();
        memory.insert("/repo/deploy/app/a.conf", "");
        let map = IncludeMap(vec![("/opt/conf".into(), "/repo/deploy".into())]);
        assert_eq!(
            resolve("/opt/conf/app/*.conf", Path::new("/repo/nginx"), &map, &memory),
            Included::Files(vec!["/repo/deploy/app/a.conf".into()])
        );
    }
}
