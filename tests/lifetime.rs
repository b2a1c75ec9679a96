//! What the rules of the group `lifetime` and `hygiene` claim and one handshake cannot show: connections that count for as
//! long as they are open, reloads, and what plain requests carry.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::backend::{Backend, Behaviour, Record};
use support::client::{Client, Style};
use support::nginx::{Nginx, nginx};
use support::outcome::Outcome;
use support::site::{Context, Site};

const WEBSOCKET: &str = "proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;";

/// Rule `connection-limit`: a WebSocket counts for as long as it is open.
#[test]
fn a_limit_of_connections_counts_open_websockets() {
    let Some(nginx) = nginx() else { return };
    for (limit, status) in [(1, 503), (2, 101)] {
        let running = Site::new(
            Context::Http,
            &format!(
                "limit_conn_zone $binary_remote_addr zone=clients:1m;
                 server {{ listen 80; location /ws {{ limit_conn clients {limit}; proxy_pass http://127.0.0.1:3000; {WEBSOCKET} }} }}"
            ),
        )
        .started(&nginx);
        let _open = running.open("/ws").map_err(|outcome| outcome.to_string()).unwrap();
        let second = running.client.handshake_as(Style::Chrome, "/ws");
        assert_eq!(second.status(), Some(status), "{second}");
    }
}

/// Rule `map-disables-keepalive`: with `'' close` plain requests tell the upstream to close the connection.
#[test]
fn the_map_decides_whether_plain_requests_close_the_connection() {
    let Some(nginx) = nginx() else { return };
    // Since 1.29.7 every upstream block keeps connections.
    let kept_by_default = nginx.version >= (1, 29, 7);
    for (plain, keepalive, kept, sent) in [
        ("close", "keepalive 8;", false, vec!["close"]),
        ("''", "keepalive 8;", true, vec![]),
        ("close", "", false, vec!["close"]),
        ("''", "", kept_by_default, vec![]),
    ] {
        let running = Site::new(
            Context::Http,
            &format!(
                "map $http_upgrade $connection_upgrade {{ default upgrade; '' {plain}; }}
                 upstream app {{ server 127.0.0.1:3000; {keepalive} }}
                 server {{ listen 80; location / {{ proxy_pass http://app; proxy_http_version 1.1;
                    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }} }}"
            ),
        )
        .started(&nginx);
        let requests = 5;
        for _ in 0..requests {
            running.get("/").unwrap();
        }
        let received = running.received();
        assert_eq!(received[0].request.all("Connection"), sent);
        let connections: BTreeSet<u16> = received.iter().map(|one| one.connection).collect();
        assert_eq!(connections.len(), if kept { 1 } else { requests }, "{plain} {keepalive}");
        assert_eq!(running.handshake("/"), Outcome::Open);
    }
}

/// Rule `forwarded-connection-header`: the backend is told what the client says.
#[test]
fn a_forwarded_connection_header_is_what_the_client_says() {
    let Some(nginx) = nginx() else { return };
    for (connection, sent) in [("$http_connection", "keep-alive"), ("upgrade", "upgrade")] {
        let running = Site::new(
            Context::Http,
            &format!(
                "server {{ listen 80; location / {{ proxy_pass http://127.0.0.1:3000; proxy_http_version 1.1;
                    proxy_set_header Connection {connection}; }} }}"
            ),
        )
        .started(&nginx);
        running.get("/").unwrap();
        assert_eq!(running.received()[0].request.all("Connection"), [sent]);
    }
}

/// nginx with a master process, or with something else than `http`, on a port of its own.
struct Master {
    process: Child,
    client: Client,
    _folder: tempfile::TempDir,
}

impl Master {
    /// Starts nginx; `PORT` in the text stands for the port that the client asks.
    fn start(nginx: &Nginx, text: &str) -> Master {
        let folder = tempfile::tempdir().unwrap();
        let port = support::sandbox::free_port();
        let text = format!("daemon off; pid nginx.pid; error_log error.log info; worker_processes 1;\n{text}");
        std::fs::write(folder.path().join("nginx.conf"), text.replace("PORT", &port.to_string())).unwrap();
        let process = Command::new(&nginx.binary)
            .args(["-p".as_ref(), folder.path().as_os_str(), "-c".as_ref(), "nginx.conf".as_ref()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = Client {
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            host: format!("127.0.0.1:{port}"),
            origin: format!("http://127.0.0.1:{port}"),
            headers: Vec::new(),
            patience: Duration::from_secs(10),
        };
        let master = Master { process, client, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(master.client.addr).is_err() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        master
    }

    fn signal(&self, name: &str) -> bool {
        let pid = self.process.id().to_string();
        Command::new("kill").args([name, &pid]).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        // The fast end: workers of both generations close their connections at once.
        self.signal("-TERM");
        let _ = self.process.wait();
    }
}

/// Rule `no-shutdown-timeout`: after a reload the old worker keeps its WebSockets, until the timeout if there is one.
#[test]
fn a_reload_keeps_open_websockets_until_the_shutdown_timeout() {
    let Some(nginx) = nginx() else { return };
    let backend = Backend::start("app", Behaviour::default(), Record::default());
    for (timeout, lives) in [("", true), ("worker_shutdown_timeout 1s;", false)] {
        let master = Master::start(
            &nginx,
            &format!(
                "{timeout} events {{}}
                 http {{ access_log off; server {{ listen 127.0.0.1:PORT;
                    location / {{ proxy_pass http://127.0.0.1:{}; {WEBSOCKET} }} }} }}",
                backend.port
            ),
        );
        let mut session = master.client.open(Style::Chrome, "/ws").map_err(|outcome| outcome.to_string()).unwrap();
        assert!(master.signal("-HUP"));
        assert_eq!(session.idle(Duration::from_secs(4)).is_none(), lives, "`{timeout}`");
    }
}

/// Rule `short-stream-timeout`: `proxy_timeout` cuts an idle WebSocket.
#[test]
fn a_stream_is_cut_after_its_timeout() {
    let Some(nginx) = nginx() else { return };
    let load = nginx.module("ngx_stream_module.so").map(|file| format!("load_module {};", file.display()));
    let backend = Backend::start("app", Behaviour::default(), Record::default());
    for (timeout, lives) in [("1s", false), ("10m", true)] {
        let master = Master::start(
            &nginx,
            &format!(
                "{} events {{}} stream {{ server {{ listen 127.0.0.1:PORT; proxy_pass 127.0.0.1:{}; proxy_timeout {timeout}; }} }}",
                load.as_deref().unwrap_or_default(),
                backend.port
            ),
        );
        let mut session = master.client.open(Style::Chrome, "/ws").map_err(|outcome| outcome.to_string()).unwrap();
        assert_eq!(session.idle(Duration::from_secs(3)).is_none(), lives, "{timeout}");
    }
}
