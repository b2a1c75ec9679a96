//! What is called healthy, what counts for the verdict, and what is not blamed.

use std::time::Duration;

use super::support::backend::{Backend, Behaviour, Record};
use super::support::faulty::{handshake, status};
use super::support::master::{Master, until};
use super::support::nginx::nginx;
use super::support::sandbox::free_port;
use super::{GOOD, doctor, start, write};

/// The text on one line, as wrapping would hide what is looked for.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_configuration_alone_is_not_healthy() {
    let Some(nginx) = nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), free_port(), "return 200 pong;");
    let said = doctor(&nginx, folder.path(), &[]);
    assert_eq!(said.status, 2, "{}", said.text);
    let text = plain(&said.text);
    assert!(text.contains("unknown Nothing wrong was found, but no handshake was tried"), "{}", said.text);
    assert!(text.contains("unseen: handshake: the configuration offers no WebSocket"), "{}", said.text);
}

#[test]
fn where_nothing_listens_that_is_the_cause() {
    let Some(nginx) = nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), free_port(), &format!("{GOOD} proxy_pass http://127.0.0.1:{};", free_port()));
    let said = doctor(&nginx, folder.path(), &[]);
    assert_eq!(said.status, 1, "{}", said.text);
    assert!(plain(&said.text).contains("nothing listens on this port there"), "{}", said.text);
}

#[test]
fn lines_from_before_a_reload_of_other_routes_and_of_its_own_do_not_count() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    let good = std::fs::read_to_string(site.folder.path().join("nginx.conf")).unwrap();
    let reload = || {
        let before = site.master.workers();
        site.master.signal("HUP", site.master.pid());
        until("only new workers", || site.master.workers().iter().all(|pid| !before.contains(pid)));
    };
    write(site.folder.path(), site.port, &format!("{GOOD} proxy_pass http://127.0.0.1:{};", free_port()));
    reload();
    assert_eq!(status(&mut handshake(site.port, "/ws", "")), 502);
    let url = format!("ws://127.0.0.1:{}/ws", site.port);
    let args = [url.as_str(), "--host", "chat.example.com"];
    let said = doctor(&nginx, site.folder.path(), &args);
    assert_eq!(said.status, 1, "{}", said.text);
    // One of somebody else, one of its own.
    assert!(plain(&said.text).contains("error.log: 1 x refused"), "{}", said.text);
    assert!(plain(&said.text).contains("Not counted: 1 x refused, of this checkup's own"), "{}", said.text);
    // Lines know whole seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let api = format!("location /api {{ proxy_pass http://127.0.0.1:{}; }}\nlocation /ws", free_port());
    std::fs::write(site.folder.path().join("nginx.conf"), good.replace("location /ws", &api)).unwrap();
    reload();
    assert_eq!(status(&mut handshake(site.port, "/api", "")), 502);
    let said = doctor(&nginx, site.folder.path(), &args);
    assert_eq!(said.status, 0, "{}", said.text);
    let text = plain(&said.text);
    assert!(text.contains("since nginx was loaded") && !text.contains("error.log: 1 x refused"), "{}", said.text);
    assert!(text.contains("Not counted: 2 x refused"), "{}", said.text);
    assert!(text.contains("Not counted: 1 x refused, of other routes"), "{}", said.text);
}

#[test]
fn a_location_that_answers_by_itself_is_not_told_to_proxy() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, &format!("{GOOD} proxy_pass http://127.0.0.1:1; }} location / {{ return 200 pong; #"));
    let url = format!("ws://127.0.0.1:{}/", site.port);
    let said = doctor(&nginx, site.folder.path(), &[&url]);
    let text = plain(&said.text);
    assert_eq!(said.status, 1, "{}", said.text);
    assert!(
        text.contains("problem[answered-by-nginx] nginx answers 200 itself, by `return 200 pong`"),
        "{}",
        said.text
    );
    assert!(text.contains("this server has them at `/ws`"), "{}", said.text);
    assert!(!text.contains("missing-upgrade-header"), "{}", said.text);
}

#[test]
fn a_change_that_was_not_loaded_is_the_cause() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, "proxy_http_version 1.1; proxy_read_timeout 1h;");
    let backend = Backend::start("backend", Behaviour::default(), Record::default());
    std::thread::sleep(Duration::from_millis(50));
    write(site.folder.path(), site.port, &format!("{GOOD} proxy_pass http://127.0.0.1:{};", backend.port));
    let said = doctor(&nginx, site.folder.path(), &[]);
    assert_eq!(said.status, 1, "{}", said.text);
    assert!(plain(&said.text).contains("problem[not-reloaded] nginx runs an older configuration"), "{}", said.text);
}

#[cfg(unix)]
#[test]
fn a_backend_on_a_unix_socket_is_tried() {
    use std::io::{Read, Write};
    let Some(nginx) = nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).unwrap_or(0);
            let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let line = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
            let key = tungstenite::handshake::derive_accept_key(line.as_bytes());
            let _ = match request.contains("\r\nUpgrade: websocket") {
                true => write!(
                    stream,
                    "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
                ),
                false => write!(stream, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(3)));
            let _ = stream.read(&mut buffer);
        }
    });
    write(
        folder.path(),
        free_port(),
        &format!("proxy_http_version 1.1; proxy_read_timeout 1h; proxy_pass http://unix:{};", socket.display()),
    );
    let _master = Master::start(&nginx, folder.path());
    let said = doctor(&nginx, folder.path(), &[]);
    assert_eq!(said.status, 1, "{}", said.text);
    let text = plain(&said.text);
    assert!(text.contains(&format!("ws://unix:{}:/ws: 101, open", socket.display())), "{}", said.text);
    assert!(text.contains("problem[proxy-at-fault]") && text.contains("missing-upgrade-header"), "{}", said.text);
}

/// Loads what stands in the folder's nginx.conf now.
fn reload(site: &super::Site) {
    let before = site.master.workers();
    site.master.signal("HUP", site.master.pid());
    until("only new workers", || site.master.workers().iter().all(|pid| !before.contains(pid)));
}

#[test]
fn each_handshake_is_explained_by_its_own_lines_alone() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, "proxy_http_version 1.1; proxy_read_timeout 1h;");
    let text = std::fs::read_to_string(site.folder.path().join("nginx.conf")).unwrap();
    let dead = format!("location /down/ws {{ {GOOD} proxy_pass http://127.0.0.1:{}; }}\n}}\n}}\n", free_port());
    std::fs::write(
        site.folder.path().join("nginx.conf"),
        format!("{}{dead}", text.trim_end().trim_end_matches('}').trim_end().trim_end_matches('}')),
    )
    .unwrap();
    reload(&site);
    let said = doctor(&nginx, site.folder.path(), &["--output-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!(json["handshakes"].as_array().unwrap().len(), 2, "{}", said.text);
    let told = |number: usize| {
        let problems = json["problems"].as_array().unwrap().iter();
        let mut advice = problems.filter(|one| one["handshake"] == number).map(|one| one["advice"].to_string());
        advice.any(|advice| advice.contains("connect() failed"))
    };
    assert_eq!((told(0), told(1)), (false, true), "{}", said.text);
}

#[test]
fn a_backend_in_a_variable_is_not_called_a_protocol() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    let text = std::fs::read_to_string(site.folder.path().join("nginx.conf")).unwrap();
    let port = free_port();
    let text = text.replace("proxy_pass http", &format!("set $b ws://127.0.0.1:{port};\nproxy_pass $b; # http"));
    std::fs::write(site.folder.path().join("nginx.conf"), text).unwrap();
    reload(&site);
    let said = doctor(&nginx, site.folder.path(), &[]);
    let text = plain(&said.text);
    assert!(text.contains("backend not looked at: its address in `proxy_pass` holds variables"), "{}", said.text);
    assert!(
        text.contains("error[websocket-scheme]") && !text.contains("nothing that the linter finds"),
        "{}",
        said.text
    );
    assert!(!text.contains("Also found"), "{}", said.text);
    // The log has been read already.
    assert!(text.contains("nginx: `invalid URL prefix"), "{}", said.text);
    assert!(!text.contains("Read nginx's error log"), "{}", said.text);
}

#[test]
fn the_prefix_is_that_of_the_running_nginx_or_the_one_named() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    // Beside the file alone its relative paths lead nowhere.
    let file = site.folder.path().join("nginx.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::create_dir(site.folder.path().join("inner")).unwrap();
    let text = text.replace("access_log off;", "access_log inner/access.log;");
    std::fs::write(&file, &text).unwrap();
    reload(&site);
    // As it is written on the command line of the master or not: it is the same file.
    std::fs::create_dir(site.folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink(&file, site.folder.path().join("link/nginx.conf")).unwrap();
    for folder in [site.folder.path().to_owned(), site.folder.path().join("link/.."), site.folder.path().join("link")] {
        let said = doctor(&nginx, &folder, &[]);
        assert_eq!(said.status, 0, "{}: {}", folder.display(), said.text);
        assert!(plain(&said.text).contains("nginx accepts it"), "{}", said.text);
    }
    // What does not run has the prefix that is said.
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("nginx.conf"), &text).unwrap();
    let said = doctor(&nginx, other.path(), &[]);
    assert!(plain(&said.text).contains("nginx refuses the configuration"), "{}", said.text);
    let said = doctor(&nginx, other.path(), &["--prefix", site.folder.path().to_str().unwrap()]);
    assert!(plain(&said.text).contains("nginx accepts it"), "{}", said.text);
}

#[test]
fn a_folder_stands_for_the_nginx_conf_in_it() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    std::fs::write(site.folder.path().join("a.conf"), "server { listen 80 }").unwrap();
    let folder = site.folder.path().to_str().unwrap();
    let root = |folder: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
            .args(["doctor", "--isolated", "--timeout", "3", "--root", folder, "--nginx"])
            .arg(&nginx.binary)
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    };
    let said = root(folder);
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(said.status.code(), Some(0), "{text}");
    assert!(text.contains("nginx.conf (1 file)") && !text.contains("a.conf"), "{text}");
    std::fs::create_dir(site.folder.path().join("conf.d")).unwrap();
    let said = root(&format!("{folder}/conf.d"));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(2), "{text}");
    assert!(text.contains("conf.d: is a folder without an nginx.conf; name the main file"), "{text}");
}

#[test]
fn what_is_no_configuration_leaves_nothing_to_look_at() {
    let Some(nginx) = nginx() else { return };
    let folder = tempfile::tempdir().unwrap();
    let noise = [&[0x93, 0x81, 0x1d, b'F', 0xbf, 0x08, 0xfe][..], &[0xe2, 0x1c].repeat(100), b" ", &[0; 40]].concat();
    std::fs::write(folder.path().join("nginx.conf"), noise).unwrap();
    let said = doctor(&nginx, folder.path(), &[]);
    assert_eq!(said.status, 1, "{}", said.text);
    assert!(plain(&said.text).contains("connections not looked at"), "{}", said.text);
    assert!(said.text.lines().all(|line| line.chars().count() <= 80), "{}", said.text);
    assert!(!said.text.contains('\u{fffd}'), "{}", said.text);
}

#[test]
fn of_several_handshakes_each_is_named_with_its_own_log() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    let file = site.folder.path().join("nginx.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    let (dead, other) = (free_port(), free_port());
    let pass = text.split("proxy_pass http://").nth(1).unwrap().split(';').next().unwrap();
    let text = text
        .replace(
            "location /ws {",
            &format!(
                "location /dead/ws {{ {GOOD} proxy_pass http://127.0.0.1:{dead}; }}
                 location /gone/ws {{ {GOOD} proxy_pass http://127.0.0.1:{other}; }}
                 location /half/ws {{ {GOOD} proxy_pass http://half; }}
                 location /ws {{"
            ),
        )
        .replace("map $http", &format!("upstream half {{ server 127.0.0.1:{dead}; server {pass}; }}\nmap $http"));
    std::fs::write(&file, text).unwrap();
    reload(&site);
    let said = doctor(&nginx, site.folder.path(), &[]);
    let text = plain(&said.text);
    let front = format!("ws://127.0.0.1:{}", site.port);
    assert!(text.contains(&format!("problem[backend-at-fault] {front}/dead/ws: It fails")), "{}", said.text);
    assert!(text.contains(&format!("backend-at-fault: {front}/gone/ws: It fails")), "{}", said.text);
    // What nginx wrote stands with the cause, before where it is in the configuration.
    let (log, place) = (said.text.find(" nginx: `connect() failed"), said.text.find("config: "));
    assert!(log.is_some() && log < place, "{}", said.text);
    // nginx goes on to the next server, and so does this; the first is named.
    let half = said.text.split("/half/ws as").nth(1).unwrap();
    let half = plain(half.split("handshake").next().unwrap());
    assert!(half.starts_with("chat.example.com: 101, open"), "{}", said.text);
    assert!(half.contains(&format!("! backend ws://{pass}/half/ws: 101, open")), "{half}");
    assert!(half.contains(&format!("ws://127.0.0.1:{dead}/half/ws: nothing listens there")), "{half}");
}

#[test]
fn a_file_of_conf_d_is_tested_in_the_configuration_that_includes_it() {
    let Some(nginx) = nginx() else { return };
    let site = start(&nginx, GOOD);
    let file = site.folder.path().join("nginx.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    let (http, server) = text.split_at(text.find("server {").unwrap());
    let server = server.trim_end().trim_end_matches('}');
    std::fs::create_dir(site.folder.path().join("conf.d")).unwrap();
    std::fs::write(site.folder.path().join("conf.d/nginx.conf"), server).unwrap();
    std::fs::write(&file, format!("{http} include {}/conf.d/*.conf; }}", site.folder.path().display())).unwrap();
    reload(&site);
    let said = doctor(&nginx, &site.folder.path().join("conf.d"), &[]);
    assert_eq!(said.status, 0, "{}", said.text);
    assert!(plain(&said.text).contains("nginx accepts it"), "{}", said.text);
}

/// Who looks, root or not, changes nothing about the configuration.
#[cfg(unix)]
#[test]
fn what_the_user_may_not_open_is_no_fault_of_the_configuration() {
    let Some(nginx) = nginx() else { return };
    // Only root can be somebody else.
    let is_root = || std::process::Command::new("id").arg("-u").output().is_ok_and(|said| said.stdout == b"0\n");
    let has_setpriv = || std::process::Command::new("setpriv").arg("--version").output().is_ok();
    if !is_root() || !has_setpriv() {
        return;
    }
    let site = start(&nginx, GOOD);
    // What root wrote there stays root's.
    std::os::unix::fs::chown(site.folder.path(), Some(65534), None).unwrap();
    let said = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_nginx-wslint")])
        .args(["doctor", "--isolated", "--timeout", "3", "--nginx"])
        .arg(&nginx.binary)
        .arg("--root")
        .arg(site.folder.path().join("nginx.conf"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(said.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&said.stderr));
    assert!(plain(&text).contains("nginx -t not looked at: this user may not: "), "{text}");
}
