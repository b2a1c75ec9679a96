//! A configuration as a user wrote it, and its run on a real nginx.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::backend::{Behaviour, Received, locked};
use super::client::{Client, Session, Style};
use super::message::Message;
use super::nginx::{Nginx, Process, StartError};
use super::outcome::Outcome;
use super::rewrite::{Options, Rewriter};
use super::sandbox::Sandbox;
use super::survey::{Survey, Tree, place};

/// The block in which a configuration's first file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// It is a whole `nginx.conf`.
    Main,
    /// It is included in `http`.
    Http,
    /// It is included in a `server`.
    Server,
    /// It is included in a `location`, here `/`.
    Location,
}

/// A configuration and what is known of its surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    root: String,
    context: Context,
    files: BTreeMap<String, String>,
    http: String,
    server: Option<String>,
    host: Option<String>,
    headers: Vec<(String, String)>,
    behaviour: Behaviour,
    behaviours: BTreeMap<String, Behaviour>,
    down: BTreeSet<String>,
    options: Options,
    patience: Duration,
}

/// The file that includes a fragment.
const WRAPPER: &str = "etc/wrapper.conf";

/// Files that distributions install beside `nginx.conf`, and what to take where nginx came without them.
const STOCK_FILES: [(&str, &str); 6] = [
    ("mime.types", "types { text/html html; }"),
    (
        "proxy_params",
        "proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;",
    ),
    ("fastcgi_params", ""),
    ("fastcgi.conf", ""),
    ("uwsgi_params", ""),
    ("scgi_params", ""),
];

impl Site {
    /// A configuration of one file, which stands in `context`.
    pub(crate) fn new(context: Context, text: &str) -> Site {
        Site {
            root: place("nginx.conf"),
            context,
            files: BTreeMap::from([(place("nginx.conf"), text.to_owned())]),
            http: String::new(),
            server: None,
            host: None,
            headers: Vec::new(),
            behaviour: Behaviour::default(),
            behaviours: BTreeMap::new(),
            down: BTreeSet::new(),
            options: Options::default(),
            patience: Duration::from_secs(2),
        }
    }

    /// Gives the first file another path than `nginx.conf`, as nginx's messages are to show it.
    pub(crate) fn named(mut self, path: &str) -> Site {
        let text = self.files.remove(&self.root).unwrap();
        self.root = place(path);
        self.files.insert(self.root.clone(), text);
        self
    }

    /// A further file, by the path that the configuration includes it by (relative, or absolute).
    pub(crate) fn file(mut self, path: &str, text: &str) -> Site {
        self.files.insert(place(path), text.to_owned());
        self
    }

    /// Directives of `http` around a fragment, such as a `map` that it uses.
    pub(crate) fn in_http(mut self, text: &str) -> Site {
        self.http = text.to_owned();
        self
    }

    /// Tests the server with this `server_name`; else it is the first that passes requests to an upstream.
    pub(crate) fn server(mut self, name: &str) -> Site {
        self.server = Some(name.to_owned());
        self
    }

    /// The `Host` that the client sends; else it is the server's first name, with the port that was written if a browser would
    /// send it.
    pub(crate) fn host(mut self, host: &str) -> Site {
        self.host = Some(host.to_owned());
        self
    }

    /// A header line in all requests of the client.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Site {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How the servers behind nginx behave, but those of [`Site::backend`].
    pub(crate) fn backends(mut self, behaviour: Behaviour) -> Site {
        self.behaviour = behaviour;
        self
    }

    /// How the server at one address behaves. The address has host and port, as in `backend:8080`; this machine is
    /// `127.0.0.1`.
    pub(crate) fn backend(mut self, address: &str, behaviour: Behaviour) -> Site {
        self.behaviours.insert(address.to_owned(), behaviour);
        self
    }

    /// Nothing listens at this address; written as in [`Site::backend`].
    pub(crate) fn down(mut self, address: &str) -> Site {
        self.down.insert(address.to_owned());
        self
    }

    /// Divides read, send and stream timeouts, so that 60 s can be waited for.
    pub(crate) fn shrink_timeouts(mut self, divisor: u64) -> Site {
        self.options.shrink_timeouts = Some(divisor);
        self
    }

    /// Leads the requests of a server that passes them to itself there.
    pub(crate) fn keep_loops(mut self) -> Site {
        self.options.keep_loops = true;
        self
    }

    /// Leaves `https://` in `proxy_pass`, though the servers behind speak plain HTTP.
    pub(crate) fn keep_upstream_tls(mut self) -> Site {
        self.options.keep_upstream_tls = true;
        self
    }

    /// How long the client waits for an answer: two seconds unless said otherwise.
    pub(crate) fn patience(mut self, patience: Duration) -> Site {
        self.patience = patience;
        self
    }

    /// Starts nginx with this configuration and requests `target` as a WebSocket.
    pub(crate) fn handshake(&self, nginx: &Nginx, target: &str) -> Outcome {
        match self.start(nginx) {
            Ok(running) => running.handshake(target),
            Err(refusal) => refusal,
        }
    }

    /// Starts nginx with this configuration. The error is [`Outcome::Refused`].
    pub(crate) fn start(&self, nginx: &Nginx) -> Result<Running, Outcome> {
        for _ in 0..5 {
            match self.try_start(nginx) {
                Err(StartError::PortTaken) => {}
                Err(StartError::Refused(message)) => return Err(Outcome::Refused(message)),
                Ok(running) => return Ok(running),
            }
        }
        panic!("five times another program took a port: is one listed twice?\n{:?}", self.files);
    }

    /// Starts nginx with a configuration that it has to accept.
    #[track_caller]
    pub(crate) fn started(&self, nginx: &Nginx) -> Running {
        self.start(nginx).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    fn try_start(&self, nginx: &Nginx) -> Result<Running, StartError> {
        let mut sandbox = Sandbox::new(self.behaviour.clone(), self.behaviours.clone(), self.down.clone());
        let (root, files) = self.all_files(nginx);
        let tree = match Tree::read(&files) {
            Ok(tree) => tree,
            Err(place) => return Err(refused_unread(nginx, &sandbox, &root, &files, &place)),
        };
        let survey = Survey::of(&tree);
        let entry = Survey::entry(&tree, &root, self.server.as_deref()).unwrap_or_default();
        let mut rewriter =
            Rewriter { nginx, tree: &tree, survey: &survey, sandbox: &mut sandbox, options: self.options };
        let rewritten = files.iter().map(|(place, text)| (place.clone(), rewriter.file(place, text, *place == root)));
        let rewritten: BTreeMap<String, String> = rewritten.collect();
        write_files(&sandbox, &rewritten);
        let process =
            Process::start(nginx, sandbox.folder(), &sandbox.folder().join(&root)).map_err(|error| match error {
                StartError::Refused(message) => StartError::Refused(sandbox.as_written(&message)),
                StartError::PortTaken => StartError::PortTaken,
            })?;
        let default_port = if entry.tls { 443 } else { 80 };
        let host = self.host.clone().unwrap_or_else(|| {
            if entry.port == default_port { entry.name.clone() } else { format!("{}:{}", entry.name, entry.port) }
        });
        let client = Client {
            addr: SocketAddr::from(([127, 0, 0, 1], sandbox.listen_port(&entry.listen))),
            origin: format!("{}://{host}", if entry.tls { "https" } else { "http" }),
            host,
            headers: self.headers.clone(),
            patience: self.patience,
        };
        Ok(Running { process, client, sandbox })
    }

    /// The files with those around them, and which of them nginx starts with.
    fn all_files(&self, nginx: &Nginx) -> (String, BTreeMap<String, String>) {
        let mut files = self.files.clone();
        for (name, otherwise) in STOCK_FILES {
            if files.values().any(|text| text.contains(name)) {
                let stock = || nginx.stock_file(name).unwrap_or_else(|| otherwise.to_owned());
                files.entry(place(name)).or_insert_with(stock);
            }
        }
        let include = format!(
            "include {};",
            self.root.strip_prefix("etc/").unwrap_or_else(|| self.root.trim_start_matches("root"))
        );
        let inside = match self.context {
            Context::Main => return (self.root.clone(), files),
            Context::Http => include,
            Context::Server => format!("server {{ {include} }}"),
            Context::Location => format!("server {{ location / {{ {include} }} }}"),
        };
        files.insert(WRAPPER.to_owned(), format!("http {{ {} {inside} }}", self.http));
        (WRAPPER.to_owned(), files)
    }
}

fn write_files(sandbox: &Sandbox, files: &BTreeMap<String, String>) {
    // Where nginx writes before it has read its configuration, and where `root html` points.
    for folder in ["logs", "html"] {
        std::fs::create_dir_all(sandbox.folder().join(folder)).unwrap();
    }
    for (place, text) in files {
        let path = sandbox.folder().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A file whose syntax this harness cannot read has to be one that nginx cannot read either: it is given to nginx as it is, for
/// its own words about it.
fn refused_unread(
    nginx: &Nginx,
    sandbox: &Sandbox,
    root: &str,
    files: &BTreeMap<String, String>,
    unread: &str,
) -> StartError {
    write_files(sandbox, files);
    match Process::start(nginx, sandbox.folder(), &sandbox.folder().join(root)) {
        Err(StartError::Refused(message)) => StartError::Refused(sandbox.as_written(&message)),
        _ => panic!("nginx reads {unread}, but the harness does not:\n{}", files[unread]),
    }
}

/// nginx with a site, the servers behind it and a client before it.
pub(crate) struct Running {
    // Dropped in this order: nginx goes before the servers it is connected to.
    #[expect(dead_code, reason = "ends nginx when dropped")]
    process: Process,
    /// The client, to be adjusted where a test needs it.
    pub(crate) client: Client,
    sandbox: Sandbox,
}

impl Running {
    /// Requests a WebSocket in every way that has to work; see [`Client::handshake`].
    pub(crate) fn handshake(&self, target: &str) -> Outcome {
        self.client.handshake(target)
    }

    /// Opens a WebSocket and leaves it open.
    pub(crate) fn open(&self, target: &str) -> Result<Session, Outcome> {
        self.client.open(Style::Chrome, target)
    }

    /// How long an idle connection lives, if it ends before `until`.
    pub(crate) fn idle(&self, target: &str, until: Duration) -> Result<Option<Duration>, Outcome> {
        Ok(self.open(target)?.idle(until))
    }

    /// A plain GET.
    pub(crate) fn get(&self, target: &str) -> io::Result<Message> {
        self.client.get(target)
    }

    /// A plain POST.
    pub(crate) fn post(&self, target: &str, body: &str) -> io::Result<Message> {
        self.client.post(target, body)
    }

    /// Whether a plain GET and a plain POST of `target` reach a server that answers them. The error says which does not.
    pub(crate) fn carries_plain(&self, target: &str) -> Result<(), String> {
        let body = "a plain request";
        for (method, answer) in [("GET", self.get(target)), ("POST", self.post(target, body))] {
            let answer = answer.map_err(|error| format!("{method} {target}: {error}"))?;
            if answer.status() != 200 {
                return Err(format!("{method} {target}: {}: {}", answer.start, answer.text().trim()));
            }
            if method == "POST" && !answer.text().ends_with(body) {
                return Err(format!("POST {target}: the body did not arrive: {}", answer.text()));
            }
        }
        Ok(())
    }

    /// The requests that the servers behind received, in order, with ports and paths as the user wrote them. Empties the record.
    pub(crate) fn received(&self) -> Vec<Received> {
        let mut taken = std::mem::take(&mut *locked(&self.sandbox.record));
        for received in &mut taken {
            for (_, value) in &mut received.request.headers {
                *value = self.sandbox.as_written(value);
            }
        }
        taken
    }

    /// nginx's error log, at level info.
    pub(crate) fn error_log(&self) -> String {
        let log = std::fs::read(self.sandbox.folder().join("error.log")).unwrap_or_default();
        self.sandbox.as_written(&String::from_utf8_lossy(&log))
    }
}
