//! The nginx program, asked about its configuration.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::processes::Running;

/// How long nginx may take to read its configuration: names of upstreams are looked up on the way.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that is read of what it says.
const MOST: u64 = 64 << 20;

/// A program and the arguments that lead it to its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nginx {
    /// The program.
    pub program: PathBuf,
    /// `-c FILE`, `-p FOLDER`.
    pub arguments: Vec<OsString>,
    /// The master that was started so.
    pub master: Option<u32>,
}

/// What the program said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Whether it was content.
    pub success: bool,
    /// The configuration, for `-T`.
    pub out: Vec<u8>,
    /// Its messages.
    pub messages: String,
}

impl Nginx {
    /// The nginx of a name or path, else that of a running master, else the one in the search path. With `root`, the
    /// master is the one that runs that file, and without such a one nginx is given it, with the `prefix` if there is one.
    pub fn find(named: Option<&Path>, running: Option<&Running>, root: Option<&Path>, prefix: Option<&Path>) -> Self {
        let masters = running.into_iter().flat_map(|running| running.masters().map(move |one| (running, one)));
        let started: Vec<Self> = masters
            .map(|(running, one)| {
                let (program, arguments) = running.started_as(one);
                Self { program, arguments, master: Some(one.pid) }
            })
            .collect();
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let fits = |nginx: &&Self| match root {
            Some(root) => nginx.main_file().is_some_and(|file| is_same(&file, root)),
            // A master outlives its files.
            None => nginx.arguments.iter().map(Path::new).all(|path| !path.is_absolute() || path.exists()),
        };
        let mut nginx = started.iter().find(fits).cloned().unwrap_or_else(|| Self {
            program: started.first().map_or_else(found, |first| first.program.clone()),
            arguments: root.map_or_else(Vec::new, |root| vec!["-c".into(), absolute(root).into_os_string()]),
            master: None,
        });
        if let Some(prefix) = prefix {
            let root = root.or_else(|| nginx.option("-c").map(Path::new));
            let root = root.map_or_else(Vec::new, |root| vec!["-c".into(), absolute(root).into_os_string()]);
            nginx.arguments = [vec!["-p".into(), absolute(prefix).into_os_string()], root].concat();
        }
        nginx.program = named.map_or(nginx.program, Path::to_owned);
        nginx
    }

    /// Runs it with one more argument (`-t`, `-T`, `-V`), and waits until it ends.
    ///
    /// # Errors
    /// If it cannot be started, or does not end within 30 s.
    pub fn run(&self, argument: &str) -> io::Result<Said> {
        let mut child = Command::new(&self.program)
            .arg(argument)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (out, messages) = (child.stdout.take(), child.stderr.take());
        let out = std::thread::spawn(move || all(out));
        let messages = std::thread::spawn(move || all(messages));
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                return Err(io::Error::new(io::ErrorKind::TimedOut, "it did not end within 30 s"));
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let messages = messages.join().unwrap_or_default();
        Ok(Said {
            success: status.success(),
            out: out.join().unwrap_or_default(),
            messages: String::from_utf8_lossy(&messages).into_owned(),
        })
    }

    /// Where relative paths of the configuration start, and the log that is written to where it names none, as the
    /// program was built; what was said on the command line counts more.
    pub fn paths(&self) -> (Option<PathBuf>, Option<PathBuf>) {
        let built = self.built();
        (self.prefix(&built), built_with(&built, "--error-log-path="))
    }

    /// The main file of its configuration (`ngx_process_options`): `-c`, which starts from the prefix, or the one that it
    /// was built with.
    fn main_file(&self) -> Option<PathBuf> {
        let said = self.option("-c").map(PathBuf::from);
        if said.as_ref().is_some_and(|file| file.is_absolute()) {
            return said;
        }
        let built = self.built();
        let file = said.or_else(|| built_with(&built, "--conf-path="))?;
        Some(self.prefix(&built).unwrap_or_default().join(file))
    }

    fn prefix(&self, built: &str) -> Option<PathBuf> {
        self.option("-p").map(PathBuf::from).or_else(|| built_with(built, "--prefix="))
    }

    /// What it says of how it was built; empty if it cannot be asked.
    fn built(&self) -> String {
        self.run("-V").map(|said| said.messages).unwrap_or_default()
    }

    /// What follows an option on its command line.
    fn option(&self, name: &str) -> Option<&OsString> {
        self.arguments.chunks(2).find(|pair| pair[0] == name).and_then(|pair| pair.get(1))
    }
}

/// What an option was when the program was built.
fn built_with(built: &str, option: &str) -> Option<PathBuf> {
    built.split_whitespace().find_map(|word| word.strip_prefix(option)).map(PathBuf::from)
}

/// Whether two paths lead to the same file.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

impl Said {
    /// Whether nothing was wrong but that the user who asked may not open what nginx opens: that is no fault of the
    /// configuration.
    pub fn is_denied(&self) -> bool {
        !self.success && self.grave().next().is_some() && self.grave().all(is_denial)
    }

    fn grave(&self) -> impl Iterator<Item = &str> + Clone {
        let is_grave = |line: &&str| ["[emerg]", "[alert]", "[crit]"].iter().any(|level| line.contains(level));
        self.messages.lines().filter(is_grave)
    }

    /// What is wrong, in nginx's words: its first message of level emerg, alert or crit, or the last one.
    pub fn complaint(&self) -> String {
        let mut grave = self.grave();
        let line = grave.clone().find(|line| !is_denial(line)).or_else(|| grave.next());
        let line = line.or_else(|| self.messages.lines().last()).unwrap_or_default();
        let line = line.strip_prefix("nginx: ").unwrap_or(line);
        // While it reads a configuration it writes with the time and its number: `2026/11/21 … [emerg] 12#12: `.
        let Some(at) = line.find('[').filter(|_| line.starts_with(|c: char| c.is_ascii_digit())) else {
            return without_noise(line);
        };
        match line[at..].split_once(": ") {
            Some((head, text)) => without_noise(&format!("{} {text}", head.split(' ').next().unwrap_or_default())),
            None => without_noise(&line[at..]),
        }
    }
}

fn is_denial(line: &str) -> bool {
    line.contains("(13: ") || line.contains("(1: ")
}

/// Whether this process may do what nginx's master may.
pub(super) fn is_root() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
    }
    #[cfg(not(unix))]
    false
}

/// The text without what it quotes of a file that is no text.
fn without_noise(text: &str) -> String {
    let quoted = text.find('"').zip(text.rfind('"')).filter(|(start, end)| start < end);
    let is_noise = |inner: &str| inner.contains(|c: char| c == char::REPLACEMENT_CHARACTER || c.is_control());
    match quoted.filter(|&(start, end)| is_noise(&text[start..end])) {
        Some((start, end)) => format!("{}\"…{}", &text[..start], &text[end..]),
        None => text.to_owned(),
    }
}

fn all(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = (&mut pipe).take(MOST).read_to_end(&mut bytes);
        // A program that writes more must not wait for a reader.
        let _ = io::copy(&mut pipe, &mut io::sink());
    }
    bytes
}

/// The program in the search path, or where distributions put it when that lacks the folders of root.
fn found() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join("nginx")).find(|program| program.is_file()).unwrap_or_else(|| "nginx".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_running_one_nginx_is_given_the_configuration() {
        let nginx = Nginx::find(Some(Path::new("/x/nginx")), None, Some(Path::new("/c")), None);
        assert_eq!((nginx.program, nginx.arguments), ("/x/nginx".into(), vec!["-c".into(), "/c".into()]));
        let nginx = Nginx::find(None, None, Some(Path::new("/c")), Some(Path::new("/p")));
        assert_eq!(nginx.arguments, ["-p", "/p", "-c", "/c"]);
        assert!(Nginx::find(None, None, None, None).arguments.is_empty());
    }

    #[test]
    fn the_complaint_is_the_gravest_message() {
        let said = Said {
            messages: "nginx: [warn] x\n2026/11/21 08:00:00 [emerg] 1#1: unknown directive \"y\"\nnginx: configuration file /c test failed\n".into(),
            ..Said::default()
        };
        assert_eq!(said.complaint(), "[emerg] unknown directive \"y\"");
        assert!(!said.is_denied());
        let denied = "nginx: [alert] could not open error log file: open() \"/e\" failed (13: Permission denied)\n";
        let both = Said { messages: format!("{denied}{}", said.messages), ..Said::default() };
        assert_eq!((both.complaint(), both.is_denied()), (said.complaint(), false));
        assert!(Said { messages: denied.into(), ..Said::default() }.is_denied());
        let said = Said { messages: "nginx: [emerg] unknown directive \"\u{fffd}\u{1d}\"x\" in /c:1\n".into(), ..said };
        assert_eq!(said.complaint(), "[emerg] unknown directive \"…\" in /c:1");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let nginx = Nginx { program: "/no/such/nginx".into(), arguments: Vec::new(), master: None };
        assert!(nginx.run("-t").is_err());
        assert_eq!(nginx.paths(), (None, None));
    }
}
