//! What nginx writes of itself: limits, reloads, workers that die.

use std::net::TcpStream;
use std::path::Path;

use super::support::faulty::{Fault, faulty, handshake, status};
use super::support::master::{Master, until};
use super::support::nginx::nginx;
use super::support::sandbox::free_port;
use super::{causes, summary};

fn write_configuration(folder: &Path, limits: &str, ports: (u16, u16), more: &str) {
    let (http, backend) = ports;
    let text = format!(
        "user root; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log info; {limits}
        http {{
            access_log off;
            server {{
                listen 127.0.0.1:{http};
                location / {{
                    proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1;
                    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
                }}
            }}
            {more}
        }}",
        folder.display()
    );
    std::fs::write(folder.join("nginx.conf"), text).unwrap();
}

/// Opens WebSockets until one is refused.
fn open_all(port: u16) -> Vec<TcpStream> {
    let mut all = Vec::new();
    for _ in 0..60 {
        let mut stream = handshake(port, "/ws", "");
        let answer = status(&mut stream);
        all.push(stream);
        if answer != 101 {
            return all;
        }
    }
    panic!("none of {} was refused", all.len());
}

fn has(log: &Path, id: &str) -> bool {
    causes(&summary(log)).iter().any(|(known, _)| known == id)
}

#[test]
fn limits_are_recognised() {
    let Some(nginx) = nginx() else { return };
    let backend = faulty(Fault::None);
    for (limits, id) in [
        ("events { worker_connections 20; }", "connections-used-up"),
        ("worker_rlimit_nofile 30; events { worker_connections 100; }", "files-used-up"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let http = free_port();
        write_configuration(folder.path(), limits, (http, backend), "");
        let _master = Master::start(&nginx, folder.path());
        let _open = open_all(http);
        until(id, || has(&folder.path().join("error.log"), id));
    }
}

#[test]
fn refused_reloads_and_lost_workers_are_recognised() {
    let Some(nginx) = nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("error.log");
    let ports = (free_port(), faulty(Fault::None));
    let limits = "events { worker_connections 64; }";
    write_configuration(folder.path(), limits, ports, "");
    let master = Master::start(&nginx, folder.path());
    for (more, id) in [
        ("upstream nobody { server nohost.invalid:80; }", "host-not-found"),
        ("server { location / { add_header A $connection_upgrade; } }", "unknown-variable"),
        ("server { listen 127.0.0.1:1; location / { proxy_buffer_size 64k; } }", "buffer-sizes"),
        ("server { listen 127.0.0.1:1; location / { proxy_pass ws://127.0.0.1:1; } }", "websocket-scheme"),
        ("server { listen 127.0.0.1:1; location / { proxy_no_such_thing on; } }", "not-taken-over"),
    ] {
        write_configuration(folder.path(), limits, ports, more);
        master.signal("HUP", master.pid());
        until(id, || has(&log, id));
    }
    write_configuration(folder.path(), limits, ports, "");
    let old = master.workers();
    let mut open = handshake(ports.0, "/ws", "");
    assert_eq!(status(&mut open), 101);
    master.signal("HUP", master.pid());
    until("reload", || has(&log, "reload"));
    until("a new worker", || master.workers().iter().any(|pid| !old.contains(pid)));
    let new = *master.workers().iter().find(|pid| !old.contains(pid)).unwrap();
    master.signal("KILL", new);
    until("worker-died", || has(&log, "worker-died"));
    // nginx 1.31.3 no longer complains of sockets that are open when it is stopped.
    if nginx.version >= (1, 31, 3) {
        return;
    }
    // Quit waits for the open WebSocket; to be stopped then leaves it open.
    master.signal("QUIT", master.pid());
    until("the workers quit", || {
        std::fs::read_to_string(&log).unwrap().matches("gracefully shutting down").count() >= 2
    });
    drop(master);
    until("left-open", || has(&log, "left-open"));
}
