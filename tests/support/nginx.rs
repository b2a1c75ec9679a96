//! The real nginx: found on the machine, run as an ordinary child process in a folder of its own.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};
use std::{env, fs};

/// An nginx binary and what it says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Nginx {
    pub(crate) binary: PathBuf,
    /// For example `(1, 22, 1)`.
    pub(crate) version: (u32, u32, u32),
    /// The arguments of `configure`, as `nginx -V` prints them.
    configure: String,
}

const VARIABLE: &str = "NGINX_WSLINT_TEST_NGINX";
const REQUIRED: [&str; 2] = ["CI", "NGINX_WSLINT_REQUIRE_NGINX"];

/// The nginx to prove on: the one named by `NGINX_WSLINT_TEST_NGINX`, or `nginx` on the PATH.
///
/// `None` where there is none; it says so once, and the test passes unproved. Where `CI` or
/// `NGINX_WSLINT_REQUIRE_NGINX` is set a missing nginx is a failure.
pub(crate) fn nginx() -> Option<Nginx> {
    static NOTICE: Once = Once::new();
    let named = env::var_os(VARIABLE).filter(|name| !name.is_empty());
    let found = Nginx::at(named.as_deref().map_or(Path::new("nginx"), Path::new));
    if found.is_none() {
        assert!(named.is_none(), "{VARIABLE} names no working nginx: {named:?}");
        let required = REQUIRED.iter().find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
        assert!(required.is_none(), "no nginx to prove on, and {required:?} demands one (set {VARIABLE})");
        // Not `eprintln`: the output of a test that passes is not shown.
        NOTICE.call_once(|| drop(writeln!(io::stderr(), "proofs not run: no nginx (set {VARIABLE})")));
    }
    found
}

impl Nginx {
    /// The binary at a path or on the PATH; `None` if it does not run or tells no version.
    pub(crate) fn at(binary: &Path) -> Option<Nginx> {
        let said = Command::new(binary).arg("-V").stdin(Stdio::null()).output().ok()?;
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let number = said.lines().find_map(|line| line.split_once("nginx version: nginx/"))?.1;
        let mut parts = number.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok());
        let version = (parts.next()?, parts.next()?, parts.next()?);
        let configure = said.split_once("configure arguments:").map_or("", |(_, rest)| rest).trim().to_owned();
        Some(Nginx { binary: binary.to_owned(), version, configure })
    }

    /// Whether this nginx was built with, or without, something: `--with-stream=dynamic`.
    pub(crate) fn configured(&self, option: &str) -> bool {
        self.configure.split_whitespace().any(|argument| argument == option)
    }

    /// A loadable module by its file name, if it is installed.
    pub(crate) fn module(&self, file: &str) -> Option<PathBuf> {
        let folder = self.argument("--modules-path=").or_else(|| self.argument("--prefix="))?;
        Some(folder.join(file)).filter(|path| path.exists())
    }

    /// A file beside the installed `nginx.conf`, such as `mime.types`.
    pub(crate) fn stock_file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.argument("--conf-path=")?.parent()?.join(name)).ok()
    }

    fn argument(&self, option: &str) -> Option<PathBuf> {
        self.configure.split_whitespace().find_map(|argument| argument.strip_prefix(option)).map(PathBuf::from)
    }
}

/// nginx's messages without time and process number: `[emerg] unknown directive "x" in …`.
fn without_stamps(printed: &str) -> String {
    let message = |line: &str| {
        let line = line.strip_prefix("nginx: ").unwrap_or(line);
        let Some((before, rest)) = line.split_once('[') else { return line.to_owned() };
        let stamped = before.trim_end().ends_with(|c: char| c.is_ascii_digit());
        match rest.split_once(": ") {
            Some((level, text)) if stamped => format!("[{} {text}", level.split(' ').next().unwrap_or("")),
            _ => line.to_owned(),
        }
    };
    printed.lines().map(message).collect::<Vec<_>>().join("\n")
}

/// A running nginx: one process in the foreground, ended when dropped.
pub(crate) struct Process {
    child: Child,
}

/// Why nginx did not start.
pub(crate) enum StartError {
    /// Another program took a port in the meantime; worth another try with other ports.
    PortTaken,
    /// nginx rejects the configuration; what it printed.
    Refused(String),
}

impl Process {
    /// Starts nginx with `folder` as its prefix, and returns when it listens. The error log is `folder/error.log`, at
    /// level info: what ends a WebSocket is logged there and no higher.
    pub(crate) fn start(nginx: &Nginx, folder: &Path, configuration: &Path) -> Result<Process, StartError> {
        let (pid, printed) = (folder.join("nginx.pid"), folder.join("stderr"));
        let globals = format!(
            "daemon off; master_process off; pid {}; error_log {} info;",
            pid.display(),
            folder.join("error.log").display()
        );
        let mut child = Command::new(&nginx.binary)
            .args(["-p".as_ref(), folder.as_os_str(), "-c".as_ref(), configuration.as_os_str()])
            .args(["-g", &globals])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&printed).unwrap())
            .spawn()
            .unwrap();
        // nginx writes its number after it has opened its sockets (nginx.c, main).
        let deadline = Instant::now() + Duration::from_secs(20);
        while fs::metadata(&pid).map_or(0, |file| file.len()) == 0 {
            if child.try_wait().unwrap().is_some() {
                let printed = String::from_utf8_lossy(&fs::read(&printed).unwrap()).into_owned();
                // EADDRINUSE by its number, Linux's or that of the BSDs: its text is the C library's.
                let taken = ["(98: ", "(48: "].iter().any(|number| printed.contains(number));
                return Err(if taken { StartError::PortTaken } else { StartError::Refused(without_stamps(&printed)) });
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                panic!("nginx neither starts nor ends");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Process { child })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
