//! `doctor` on a real nginx: healthy, broken, reloaded, and where there is nothing to look at.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;
mod verdicts;

use std::path::Path;
use std::process::{Command, Stdio};

use support::backend::{Backend, Behaviour, Record};
use support::faulty::{handshake, status};
use support::master::{Master, until};
use support::nginx::{Nginx, nginx};
use support::sandbox::free_port;
use tempfile::TempDir;

/// What the program printed and how it ended.
struct Said {
    status: i32,
    text: String,
}

/// Runs `doctor` with a folder's nginx.conf and the nginx that is tested.
fn doctor(nginx: &Nginx, folder: &Path, args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(["doctor", "--isolated", "--timeout", "3", "--nginx"])
        .arg(&nginx.binary)
        .args(["--root".as_ref(), folder.join("nginx.conf").as_os_str()])
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    Said { status: output.status.code().unwrap(), text }
}

const GOOD: &str = "proxy_http_version 1.1; proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade; proxy_read_timeout 1h;";

/// nginx in a folder of its own with one location, in front of a backend.
struct Site {
    master: Master,
    folder: TempDir,
    port: u16,
    _backend: Backend,
}

fn start(nginx: &Nginx, directives: &str) -> Site {
    let backend = Backend::start("backend", Behaviour::default(), Record::default());
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    write(folder.path(), port, &format!("{directives} proxy_pass http://127.0.0.1:{};", backend.port));
    let master = Master::start(nginx, folder.path());
    Site { master, folder, port, _backend: backend }
}

fn write(folder: &Path, port: u16, location: &str) {
    let text = format!(
        "user root; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log info;
        events {{ worker_connections 64; }}
        http {{
            access_log off;
            map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
            server {{
                listen 127.0.0.1:{port};
                server_name chat.example.com;
                location /ws {{
                    {1}
                }}
            }}
        }}",
        folder.display(),
        location.replace("; ", ";\n")
    );
    std::fs::write(folder.join("nginx.conf"), text).unwrap();
}

#[test]
fn a_site_that_works_is_healthy() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    let said = doctor(&nginx, site.folder.path(), &[]);
    assert_eq!(said.status, 0, "{}", said.text);
    assert!(said.text.contains("healthy Nothing wrong was found"), "{}", said.text);
    // Every part was looked at, and the URL and the backend were found in the configuration.
    assert!(!said.text.contains("not looked at"), "{}", said.text);
    assert!(
        said.text.contains(&format!("ws://127.0.0.1:{}/ws as chat.example.com: 101, open", site.port)),
        "{}",
        said.text
    );
    // Other nginx may run on this machine.
    let master = format!("master {}", site.master.pid());
    let line = said.text.lines().find(|line| line.contains(&master)).unwrap_or_else(|| panic!("{}", said.text));
    assert!(line.ends_with(", 1 worker"), "{}", said.text);
    assert!(said.text.lines().all(|line| line.chars().count() <= 80), "{}", said.text);
}

#[test]
fn a_broken_route_is_named_with_its_rule_and_its_repair() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, "proxy_http_version 1.1; proxy_read_timeout 1h;");
    let url = format!("ws://127.0.0.1:{}/ws", site.port);
    for args in [&[][..], &[url.as_str(), "--host", "chat.example.com"]] {
        let said = doctor(&nginx, site.folder.path(), args);
        assert_eq!(said.status, 1, "{}", said.text);
        for wanted in [
            "problem[proxy-at-fault] It works straight to the backend and not through nginx",
            "error[missing-upgrade-header]",
            "+ proxy_set_header Upgrade $http_upgrade;",
        ] {
            let plain = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(plain.contains(wanted), "{wanted} in\n{}", said.text);
        }
    }
    let said = doctor(&nginx, site.folder.path(), &["--output-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!((said.status, json["health"].as_str()), (1, Some("problem")));
    assert_eq!(json["problems"][0]["rules"][0], "missing-upgrade-header");
    let parts = json["steps"].as_array().unwrap().iter().map(|one| one["part"].as_str().unwrap());
    let mut steps: Vec<&str> = parts.collect();
    // One for each nginx on this machine.
    steps.dedup();
    assert_eq!(steps, ["lint", "nginx -t", "handshake", "backend", "log", "connections", "processes"]);
}

#[test]
fn what_nginx_logs_of_the_handshake_is_told() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    write(site.folder.path(), site.port, &format!("{GOOD} proxy_pass http://127.0.0.1:{};", free_port()));
    let before = site.master.workers();
    site.master.signal("HUP", site.master.pid());
    until("only a new worker", || site.master.workers().iter().all(|pid| !before.contains(pid)));
    let said = doctor(&nginx, site.folder.path(), &[]);
    assert_eq!(said.status, 1, "{}", said.text);
    assert!(said.text.contains("problem[backend-at-fault]"), "{}", said.text);
    let plain = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("connect() failed (111: Connection refused) while connecting to upstream"), "{}", said.text);
    assert!(!plain.contains("Also wrong"), "{}", said.text);
}

#[test]
fn a_configuration_that_nginx_refuses_comes_first() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    write(site.folder.path(), site.port, &format!("{GOOD} proxy_no_such_thing on; proxy_pass http://127.0.0.1:1;"));
    let said = doctor(&nginx, site.folder.path(), &[]);
    assert_eq!(said.status, 1, "{}", said.text);
    let plain = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("problem[configuration] nginx refuses the configuration"), "{}", said.text);
    assert!(plain.contains("unknown directive \"proxy_no_such_thing\""), "{}", said.text);
}

#[test]
fn old_workers_that_an_open_websocket_keeps_are_shown() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    let mut open = handshake(site.port, "/ws", "");
    assert_eq!(status(&mut open), 101);
    let old = site.master.workers();
    site.master.signal("HUP", site.master.pid());
    let title = format!("/proc/{}/cmdline", old[0]);
    until("the old worker goes", || std::fs::read_to_string(&title).unwrap().contains("shutting down"));
    let said = doctor(&nginx, site.folder.path(), &[]);
    assert_eq!(said.status, 0, "{}", said.text);
    let plain = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("1 old worker still shutting down"), "{}", said.text);
    // The client's side and the backend's.
    assert!(plain.contains(&format!("{} is shutting down, 2 connections open", old[0])), "{}", said.text);
    assert!(said.text.contains(&format!("to port {}", site.port)), "{}", said.text);
}

#[test]
fn where_nothing_can_be_looked_at_the_exit_status_is_2() {
    let missing = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(["doctor", "--root", "/no/such/nginx.conf"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("/no/such/nginx.conf: cannot be read"));
    let nothing = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(["doctor", "--isolated", "--nginx", "/no/such/nginx"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(nothing.stdout).unwrap();
    assert_eq!(nothing.status.code(), Some(2), "{text}");
    assert!(text.contains("unknown Neither a configuration"), "{text}");
}
