//! Only a part of a configuration is named: it is judged as a part of its tree, and nothing is said of the rest.

use std::fs;

use crate::run::{self, Files, Run, run};

const MAP: &str = "map $http_upgrade $connection_upgrade {\n    default upgrade;\n    '' close;\n}\n";
const SNIPPET: &str = "proxy_pass http://127.0.0.1:3000;\nproxy_http_version 1.1;\nproxy_read_timeout 1h;\n";
const SITE: &str = "server {\n    location /ws {\n        include snippets/proxy.conf;\n    }\n}\n";
const OTHER: &str = "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:3001;\n    }\n}\n";

fn main_file(includes: &str) -> String {
    format!("events {{}}\nhttp {{\n{MAP}include {includes};\n}}\n")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    run::folder(&files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect::<Files>())
}

fn said(folder: &tempfile::TempDir, args: &[&str]) -> Run {
    run(folder.path(), &[&["--output-format", "concise"], args].concat(), b"")
}

/// That the one thing said is that the snippet's route does not upgrade, which only its tree tells.
fn assert_seen_in_tree(run: &Run, name: &str) {
    let out = String::from_utf8_lossy(&run.stdout);
    assert_eq!((run.status, out.lines().count()), (1, 1), "{}", run.shown());
    assert!(out.starts_with(&format!("{name}:1:1: error[missing-upgrade-header]")), "{}", run.shown());
}

#[test]
fn a_snippet_is_seen_from_the_nearest_main_file_that_reaches_it() {
    let main = main_file("sites/*.conf");
    let folder = folder(&[
        ("nginx.conf", &main),
        ("sites/app.conf", SITE),
        ("sites/other.conf", OTHER),
        ("snippets/proxy.conf", SNIPPET),
        // Nearer, and of another tree.
        ("snippets/nginx.conf", "events {}\nhttp {\n}\n"),
    ]);
    assert_seen_in_tree(&said(&folder, &["snippets/proxy.conf"]), "snippets/proxy.conf");
    // By itself nobody can tell what it is for.
    fs::remove_file(folder.path().join("nginx.conf")).unwrap();
    assert_eq!(said(&folder, &["snippets/proxy.conf"]).status, 0);
}

#[test]
fn several_parts_of_one_tree_are_each_told_once() {
    let main = main_file("sites/*.conf");
    let folder = folder(&[
        ("nginx.conf", &main),
        ("sites/app.conf", SITE),
        ("sites/other.conf", OTHER),
        ("snippets/proxy.conf", SNIPPET),
    ]);
    let run = said(&folder, &["snippets/proxy.conf", "sites/app.conf", "sites/other.conf"]);
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    let files: Vec<&str> = out.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(files.iter().filter(|file| **file == "snippets/proxy.conf").count(), 1, "{out}");
    assert!(files.contains(&"sites/other.conf") && !files.contains(&"nginx.conf"), "{out}");
}

#[test]
fn a_main_file_of_any_name_is_named_on_the_command_line_or_in_the_settings() {
    let main = main_file("../sites/*.conf").replace("}\n}\n", "}\n");
    let files = [
        ("deploy/main.conf", main.as_str()),
        ("sites/app.conf", &SITE.replace("snippets", "../snippets")),
        ("snippets/proxy.conf", SNIPPET),
    ];
    let there = folder(&files);
    assert_eq!(said(&there, &["snippets/proxy.conf"]).status, 0, "nothing leads to the main file");
    assert_seen_in_tree(&said(&there, &["--root", "deploy/main.conf", "snippets/proxy.conf"]), "snippets/proxy.conf");
    fs::write(there.path().join("nginx-wslint.toml"), "roots = [\"deploy/main.conf\"]\n").unwrap();
    assert_seen_in_tree(&said(&there, &["snippets/proxy.conf"]), "snippets/proxy.conf");
    assert_eq!(said(&there, &["--isolated", "snippets/proxy.conf"]).status, 0);
    // Settings are seen from their own folder.
    let inside = run(&there.path().join("snippets"), &["--output-format", "concise", "proxy.conf"], b"");
    assert_seen_in_tree(&inside, "proxy.conf");
}

#[test]
fn what_exists_on_the_server_only_is_found_through_the_settings() {
    let main = main_file("/srv/app/sites/*.conf");
    let there = folder(&[
        ("nginx.conf", &main),
        ("deploy/sites/app.conf", &SITE.replace("snippets", "/srv/app/snippets")),
        ("deploy/snippets/proxy.conf", SNIPPET),
    ]);
    assert_eq!(said(&there, &["deploy/snippets/proxy.conf"]).status, 0);
    let settings = "roots = [\"nginx.conf\"]\n\n[[include.map]]\nfrom = \"/srv/app\"\nto = \"deploy\"\n";
    fs::write(there.path().join("nginx-wslint.toml"), settings).unwrap();
    assert_seen_in_tree(&said(&there, &["deploy/snippets/proxy.conf"]), "deploy/snippets/proxy.conf");
}

#[cfg(unix)]
mod links {
    use super::*;

    /// `sites-available/app`, which nginx reads as `sites-enabled/app`.
    fn enabled() -> tempfile::TempDir {
        let main = main_file("sites-enabled/*");
        let site = SITE.replace("include snippets/proxy.conf;", "include snippets/proxy.conf;\n        # the chat");
        let folder = folder(&[("nginx.conf", &main), ("sites-available/app", &site), ("snippets/proxy.conf", SNIPPET)]);
        fs::create_dir(folder.path().join("sites-enabled")).unwrap();
        std::os::unix::fs::symlink("../sites-available/app", folder.path().join("sites-enabled/app")).unwrap();
        folder
    }

    #[test]
    fn a_site_is_seen_through_its_link_and_called_as_it_was_asked_for() {
        let folder = enabled();
        let broken = fs::read_to_string(folder.path().join("sites-available/app"))
            .unwrap()
            .replace("include snippets/proxy.conf;", "proxy_pass http://127.0.0.1:3000;\n proxy_http_version 1.1;");
        fs::write(folder.path().join("sites-available/app"), broken).unwrap();
        for name in ["sites-available/app", "sites-enabled/app"] {
            let run = said(&folder, &[name]);
            let out = String::from_utf8_lossy(&run.stdout).into_owned();
            assert_eq!((run.status, out.lines().count()), (1, 1), "{}", run.shown());
            assert!(out.starts_with(&format!("{name}:3:9: error[missing-upgrade-header]")), "{out}");
        }
    }

    #[test]
    fn a_repair_is_written_to_the_file_behind_the_link() {
        let folder = enabled();
        let path = folder.path().join("sites-available/app");
        let broken = SITE.replace("include snippets/proxy.conf;", SNIPPET);
        fs::write(&path, &broken).unwrap();
        let diff = run(folder.path(), &["--diff", "sites-available/app"], b"");
        let diff = String::from_utf8_lossy(&diff.stdout).into_owned();
        assert!(diff.starts_with("--- a/sites-available/app\n"), "{diff}");
        let fixed = run(folder.path(), &["--fix", "--stdin-filename", "sites-available/app", "-"], broken.as_bytes());
        let text = String::from_utf8_lossy(&fixed.stdout).into_owned();
        assert!(text.contains("proxy_set_header Upgrade $http_upgrade;"), "{}", fixed.shown());
        assert!(text.contains("proxy_set_header Connection $connection_upgrade;"), "the map of the tree: {text}");
        assert_eq!(fs::read_to_string(&path).unwrap(), broken, "standard input is not written to disk");
        let run = run(folder.path(), &["--fix", "sites-available/app"], b"");
        assert_eq!(run.status, 0, "{}", run.shown());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(fs::symlink_metadata(folder.path().join("sites-enabled/app")).unwrap().is_symlink());
    }
}

#[test]
fn an_included_file_of_any_name_is_mended_in_a_folder_that_is_named_unless_excluded() {
    let site = "server {\n    listen 80;\n    location /ws {\n        include ws.inc;\n    }\n}\n";
    let wrong = format!(
        "{SNIPPET}proxy_set_header Upgrade $connection_upgrade;\nproxy_set_header Connection $connection_upgrade;\n"
    );
    let files = [("nginx.conf", &*main_file("site.conf")), ("site.conf", site), ("ws.inc", &wrong)];
    let repaired = |folder: &tempfile::TempDir| {
        run(folder.path(), &["--fix", "."], b"");
        fs::read_to_string(folder.path().join("ws.inc")).unwrap().contains("proxy_set_header Upgrade $http_upgrade;")
    };
    assert!(repaired(&folder(&files)));
    let excluding = [&files[..], &[("nginx-wslint.toml", "exclude = [\"*.inc\"]\n")]].concat();
    assert!(!repaired(&folder(&excluding)));
}
