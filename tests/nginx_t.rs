//! The reader against nginx itself: the same inputs to both, and the same verdict, line and words from both.
//!
//! The inputs are main files made by chance, valid first and then with mistakes in them. `nginx -t` checks names and
//! arguments while it reads, so most statements stand in `types { }`, where nginx takes any words. Where it objects to
//! a name or an argument all the same, it has read everything up to that line, and that much is compared.
//!
//! Needs an nginx: the one `NGINX_WSLINT_TEST_NGINX` names, or the first on the path.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says what it expects")]

#[path = "common/dice.rs"]
mod dice;
#[path = "common/mutate.rs"]
mod mutate;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use dice::Dice;
use mutate::mutate;
use nginx_wslint::syntax::{Encoding, Reading, Source, parse, statements};

/// How many inputs are compared; `NGINX_WSLINT_NGINX_T_INPUTS` overrides it for a longer run.
const INPUTS: usize = 10_000;

#[test]
fn nginx_accepts_and_refuses_the_same() {
    let Some(nginx) = nginx() else {
        let required = ["CI", "NGINX_WSLINT_REQUIRE_NGINX"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!required, "no nginx on the path, and NGINX_WSLINT_TEST_NGINX names none");
        eprintln!("not run: the reader was not compared with nginx, for there is none");
        return;
    };
    let inputs = std::env::var("NGINX_WSLINT_NGINX_T_INPUTS").ok().and_then(|number| number.parse().ok());
    let inputs = inputs.unwrap_or(INPUTS);
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let work = || {
            let folder = tempfile::tempdir().expect("a folder");
            let mut tally = Tally::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= inputs {
                    return tally;
                }
                compare(&nginx, folder.path(), number, &mut tally);
            }
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().map(|handle| handle.join().expect("the thread ends well")).collect()
    });
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    let different: Vec<&String> = tallies.iter().flat_map(|tally| &tally.different).collect();
    let (accepted, refused, checks) = (sum(|t| t.accepted), sum(|t| t.refused), sum(|t| t.checks));
    eprintln!(
        "{inputs} inputs: nginx accepts {accepted}, refuses {refused}, objects to a name or an argument in {checks}; \
         {} differ",
        different.len()
    );
    for one in different.iter().take(5) {
        eprintln!("{one}");
    }
    assert!(different.is_empty(), "{} of {inputs} inputs are read differently", different.len());
    assert!(accepted * 6 > inputs && refused * 3 > inputs, "the inputs no longer put the reader to the test");
}

/// What the inputs came to.
#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    checks: usize,
    different: Vec<String>,
}

/// What nginx says of a file.
#[derive(Debug)]
enum Verdict {
    /// It read the file to its end.
    Accepts,
    /// Its reader refused this line, in these words (bytes, for it quotes the file's own).
    Refuses(u32, Vec<u8>),
    /// It objects to a name or an argument of the statement that ends on this line, and reads no further. No line
    /// where the message is too long to hold it.
    Checks(Option<u32>),
}

fn compare(nginx: &Path, folder: &Path, number: usize, tally: &mut Tally) {
    let text = input(number);
    let verdict = ask(nginx, folder, &text);
    let source = Source::new("nginx.conf", text.clone());
    let reading = statements(&source);
    let agrees = match &verdict {
        Verdict::Accepts => {
            tally.accepted += 1;
            reading.error.is_none()
        }
        Verdict::Refuses(line, message) => {
            tally.refused += 1;
            agrees(&reading, *line, message) || is_entry_check(&reading, *line, message)
        }
        Verdict::Checks(line) => {
            tally.checks += 1;
            line.is_none_or(|line| reading.error.as_ref().is_none_or(|&(ours, ..)| ours >= line))
        }
    };
    if !agrees {
        let ours = &reading.error;
        tally.different.push(format!(
            "input {number}: nginx {verdict:?}\n  reader {ours:?}\n{}",
            String::from_utf8_lossy(&text).escape_debug()
        ));
    }
    // The parser that goes on behind mistakes must agree with the reader about the first one.
    let ast = parse(&source);
    if ast.template().is_none() {
        let first = ast.errors().first().map(|error| (error.line, &error.message));
        let read = reading.error.as_ref().map(|(line, _, message)| (*line, message));
        if first != read {
            tally.different.push(format!("input {number}: parser {first:?}, reader {read:?}"));
        }
    }
}

fn agrees(reading: &Reading, line: u32, message: &[u8]) -> bool {
    let Some((ours, _, words)) = &reading.error else { return false };
    // nginx quotes bytes; the reader shows those that are no character by themselves as Latin-1.
    let latin_1: String = message.iter().copied().map(char::from).collect();
    *ours == line && (words.as_bytes() == message || *words == latin_1)
}

/// Inside `types { }` a block is an entry that nginx refuses in the very words in which its reader refuses a `{`
/// without words (`ngx_conf_parse`, "the custom handler"). To the reader it is a block like any other.
fn is_entry_check(reading: &Reading, line: u32, message: &[u8]) -> bool {
    let before = reading.error.as_ref().is_none_or(|&(ours, ..)| ours >= line);
    let block = reading.statements.iter().any(|statement| statement.line == line && statement.end == '{');
    message == b"unexpected \"{\"" && before && block
}

fn nginx() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("NGINX_WSLINT_TEST_NGINX") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    // Daemons often lie where only the administrator's path leads.
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join("nginx")).find(|file| file.is_file())
}

fn ask(nginx: &Path, folder: &Path, text: &[u8]) -> Verdict {
    let file = folder.join("nginx.conf");
    std::fs::write(&file, text).expect("a file");
    let output = Command::new(nginx)
        .arg("-t")
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(&file)
        .args(["-e", "stderr", "-g", "pid nginx.pid;"])
        .output()
        .expect("nginx runs");
    if output.status.success() {
        return Verdict::Accepts;
    }
    verdict(&output.stderr, &file)
}

/// What nginx's last word says.
fn verdict(stderr: &[u8], file: &Path) -> Verdict {
    const LEVEL: &[u8] = b"[emerg] ";
    let start = find(stderr, LEVEL).unwrap_or_else(|| panic!("nginx says why: {}", String::from_utf8_lossy(stderr)));
    let mut rest = &stderr[start + LEVEL.len()..];
    // In a line of its log, the process and the thread come first: `12#12: `.
    let number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'#' | b':');
    if rest.first().is_some_and(u8::is_ascii_digit) {
        rest = rest[rest.iter().take_while(|&byte| number(byte)).count()..].trim_ascii_start();
    }
    let place = format!(" in {}:", file.display());
    let Some(at) = find(rest, place.as_bytes()) else { return Verdict::Checks(None) };
    let digits: String =
        rest[at + place.len()..].iter().take_while(|byte| byte.is_ascii_digit()).copied().map(char::from).collect();
    let line = digits.parse().expect("a line");
    let message = &rest[..at];
    let of_the_reader = [&b"unexpected \""[..], b"unexpected end of file, expecting ", b"too long parameter"];
    if of_the_reader.iter().any(|words| message.starts_with(words)) {
        Verdict::Refuses(line, message.to_vec())
    } else {
        Verdict::Checks(Some(line))
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// The input of a number: every seventh as it was made, the others with one to three mistakes.
fn input(number: usize) -> Vec<u8> {
    let mut dice = Dice::new(number as u64);
    let mut text = Generator { dice: &mut dice, text: String::new(), locations: 0 }.main_file();
    if !number.is_multiple_of(7) {
        // A mistake in the opening would mostly end in an unknown directive, with the rest unread.
        let kept = if dice.once_in(10) { 0 } else { OPENING.len() };
        let mut rest = text.split_off(kept);
        for _ in 0..=dice.roll(3) {
            mutate(&mut dice, &mut rest);
        }
        text.append(&mut rest);
    }
    text
}

/// How every input begins; there is room for whatever stands in `types { }`, however long.
const OPENING: &str = "events{}http{types_hash_max_size 65536;types_hash_bucket_size 16384;";

/// Writes main files that nginx accepts.
struct Generator<'d> {
    dice: &'d mut Dice,
    text: String,
    locations: usize,
}

impl Generator<'_> {
    fn main_file(mut self) -> Vec<u8> {
        self.text += OPENING;
        self.blank();
        for _ in 0..=self.dice.roll(2) {
            self.types();
        }
        for _ in 0..self.dice.roll(3) {
            self.text += "server";
            self.block(Self::server);
        }
        self.text.push('}');
        self.blank();
        std::mem::take(&mut self.text).into_bytes()
    }

    fn server(&mut self) {
        for _ in 0..=self.dice.roll(2) {
            match self.dice.roll(3) {
                0 => self.types(),
                _ => self.location("", 0),
            }
        }
    }

    fn location(&mut self, outer: &str, depth: usize) {
        self.locations += 1;
        let path = format!("{outer}/{}", self.locations);
        let quote = *self.dice.pick(&["", "\"", "'"]);
        self.text += &format!("location {quote}{path}{quote}");
        self.block(|inner| {
            inner.types();
            if depth < 3 && inner.dice.once_in(3) {
                inner.location(&path, depth + 1);
            }
        });
    }

    fn types(&mut self) {
        self.text += "types";
        self.block(|inner| {
            for _ in 0..inner.dice.roll(7) {
                inner.statement();
                inner.blank();
            }
        });
    }

    fn block(&mut self, body: impl FnOnce(&mut Self)) {
        if self.dice.once_in(2) {
            self.gap();
        }
        self.text.push('{');
        self.blank();
        body(self);
        self.text.push('}');
        self.blank();
    }

    fn statement(&mut self) {
        self.word();
        for _ in 0..self.dice.roll(4) {
            self.gap();
            self.word();
        }
        if self.dice.once_in(5) {
            self.gap();
        }
        self.text.push(';');
    }

    fn word(&mut self) {
        const WORDS: [&str; 33] = [
            "text/html",
            "a#b",
            "a}b",
            "a\"b",
            "it's",
            "\\;x",
            "\\{",
            "\\\"",
            "${x}",
            "$x${y}",
            "$",
            "~*",
            "=",
            "\\.js$",
            "(x)",
            ")",
            "é",
            "日本",
            "\"a b\"",
            "'a b'",
            "\"\"",
            "''",
            "\"a;{}#b\"",
            "'it\\'s'",
            "\"q\\\\\"",
            "\"l\nm\"",
            "\"$x{\"",
            "'\"'",
            "\"'\"",
            "a\\ b",
            "\\\\",
            "~^/a/b$",
            "\"\\d{2}\"",
        ];
        let word = *self.dice.pick(&WORDS);
        self.text += word;
    }

    /// What must stand between two words.
    fn gap(&mut self) {
        let gap = *self.dice.pick(&[" ", " ", " ", "\n", "\t", "\r\n", "    ", " # note {\n", " #\n"]);
        self.text += gap;
    }

    /// What may stand between two statements.
    fn blank(&mut self) {
        let blank = *self.dice.pick(&["", " ", "\n", "\n    ", "\r\n", "# a \"note\" }\n", "\t", "#é\r\n"]);
        self.text += blank;
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_compared_too() {
    let latin_1 = (0..400).filter(|&number| Source::new("a", input(number)).encoding() == Encoding::Latin1).count();
    assert!(latin_1 > 10, "only {latin_1} of 400");
}
