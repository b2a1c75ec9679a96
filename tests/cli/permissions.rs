//! Files that may not be read or written. The superuser may do both, so that there is nothing to test then.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use crate::run::{Files, folder, read, run};

const APP: &str = "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n        proxy_set_header Host $host;\n    }\n}\n";

fn set_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_may_not_be_read() {
    let folder = folder(&Files::from([("app.conf".into(), APP.into())]));
    let path = folder.path().join("app.conf");
    set_mode(&path, 0o000);
    if std::fs::read(&path).is_ok() {
        return;
    }
    let result = run(folder.path(), &["app.conf"], b"");
    assert_eq!(result.status, 2, "{}", result.shown());
    assert!(String::from_utf8_lossy(&result.stderr).contains("app.conf: "), "{}", result.shown());
}

#[test]
fn a_read_only_file_is_not_written() {
    let files = Files::from([("app.conf".into(), APP.into())]);
    let folder = folder(&files);
    set_mode(&folder.path().join("app.conf"), 0o444);
    let result = run(folder.path(), &["--fix", "app.conf"], b"");
    assert_eq!(result.status, 2, "{}", result.shown());
    assert!(String::from_utf8_lossy(&result.stderr).contains("nothing was written"), "{}", result.shown());
    assert_eq!(read(folder.path()), files);
}

#[test]
fn a_link_to_nowhere_is_told_and_the_rest_of_its_folder_is_read() {
    let files = Files::from([
        ("nginx.conf".into(), b"events {}\nhttp {\n    include conf.d/*.conf;\n    include gone.conf;\n}\n".to_vec()),
        ("conf.d/a.conf".into(), APP.into()),
    ]);
    let folder = folder(&files);
    std::os::unix::fs::symlink("nowhere", folder.path().join("conf.d/dangling.conf")).unwrap();
    let result = run(folder.path(), &["nginx.conf"], b"");
    let said = String::from_utf8_lossy(&result.stdout);
    assert!(said.contains("error[unreadable] conf.d/dangling.conf: "), "{}", result.shown());
    assert!(said.contains("conf.d/a.conf:2:") || said.contains("conf.d/a.conf:3:"), "{}", result.shown());
    let unread: Vec<&str> = said.lines().filter(|line| line.starts_with("not read: ")).collect();
    assert_eq!(unread, ["not read: `gone.conf`, included at nginx.conf:4"]);
}

#[test]
fn links_are_followed_and_modes_kept() {
    let folder = folder(&Files::from([("sites-available/app".into(), APP.into())]));
    let real = folder.path().join("sites-available/app");
    set_mode(&real, 0o640);
    std::fs::create_dir(folder.path().join("sites-enabled")).unwrap();
    let link = folder.path().join("sites-enabled/app");
    std::os::unix::fs::symlink("../sites-available/app", &link).unwrap();
    run(folder.path(), &["--fix", "sites-enabled/app"], b"");
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&real).unwrap().contains("proxy_set_header Upgrade $http_upgrade;"));
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}
