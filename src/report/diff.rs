//! Changed files as one unified diff that `git apply` takes.

use std::io::{self, Write};

use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::escape::visible;
use super::style::{Ink, Style};

/// A file before and after, in its own bytes.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The file, as it was given.
    pub path: &'a str,
    /// Its bytes before.
    pub before: &'a [u8],
    /// Its bytes after.
    pub after: &'a [u8],
}

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// Writes the diff of all files that differ, in their order. Bytes stay as they are: line ends, encoding, controls.
///
/// # Errors
/// Those of `out`.
pub fn write(changes: &[Change<'_>], out: &mut dyn Write) -> io::Result<()> {
    all(changes, &mut |kind, bytes| match kind {
        Kind::Head | Kind::Place => {
            out.write_all(bytes)?;
            out.write_all(b"\n")
        }
        Kind::Kept => line(out, b' ', bytes),
        Kind::Removed => line(out, b'-', bytes),
        Kind::Added => line(out, b'+', bytes),
    })
}

/// Writes the same to be looked at: in git's colours, and without anything hidden that a terminal would obey.
///
/// # Errors
/// Those of `out`.
pub fn show(changes: &[Change<'_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    all(changes, &mut |kind, bytes| {
        let text = String::from_utf8_lossy(bytes);
        let (mark, ink) = match kind {
            Kind::Head => ("", Some(Ink::Strong)),
            Kind::Place => ("", Some(Ink::Hint)),
            Kind::Kept => (" ", None),
            Kind::Removed => ("-", Some(Ink::Removed)),
            Kind::Added => ("+", Some(Ink::Added)),
        };
        let end = if text.ends_with("\r\n") { "\r\n" } else { "\n" };
        let shown: Vec<_> = text.strip_suffix(end).unwrap_or(&text).split('\t').map(visible).collect();
        let line = format!("{mark}{}", shown.join("\t"));
        write!(out, "{}{end}", ink.map_or(line.clone(), |ink| style.paint(ink, &line)))?;
        if mark.is_empty() || text.ends_with('\n') { Ok(()) } else { writeln!(out, "{NO_END}") }
    })
}

/// What a line of a diff is.
#[derive(Clone, Copy)]
enum Kind {
    /// The name of the file before or after.
    Head,
    /// Where the next lines stand.
    Place,
    Kept,
    Removed,
    Added,
}

/// What stands behind a last line that does not end.
const NO_END: &str = "\\ No newline at end of file";

/// Hands every line of the diff on: those of files as they are, with their ends.
fn all(changes: &[Change<'_>], each: &mut dyn FnMut(Kind, &[u8]) -> io::Result<()>) -> io::Result<()> {
    changes.iter().filter(|change| change.before != change.after).try_for_each(|change| file(change, each))
}

fn file(change: &Change<'_>, each: &mut dyn FnMut(Kind, &[u8]) -> io::Result<()>) -> io::Result<()> {
    each(Kind::Head, format!("--- {}", name('a', change.path)).as_bytes())?;
    each(Kind::Head, format!("+++ {}", name('b', change.path)).as_bytes())?;
    let before: Vec<&[u8]> = lines(change.before);
    let after: Vec<&[u8]> = lines(change.after);
    // Lines that are there once, such as names, keep it linear where thousands have changed.
    let ops = capture_diff_slices(Algorithm::Patience, &before, &after);
    for hunk in group_diff_ops(ops, CONTEXT) {
        each(Kind::Place, UnifiedHunkHeader::new(&hunk).to_string().as_bytes())?;
        for op in &hunk {
            if let DiffOp::Equal { old_index, len, .. } = *op {
                before[old_index..old_index + len].iter().try_for_each(|line| each(Kind::Kept, line))?;
            } else {
                before[op.old_range()].iter().try_for_each(|line| each(Kind::Removed, line))?;
                after[op.new_range()].iter().try_for_each(|line| each(Kind::Added, line))?;
            }
        }
    }
    Ok(())
}

fn line(out: &mut dyn Write, mark: u8, line: &[u8]) -> io::Result<()> {
    out.write_all(&[mark])?;
    out.write_all(line)?;
    if line.ends_with(b"\n") { Ok(()) } else { write!(out, "\n{NO_END}\n") }
}

/// Lines with their ends. A carriage return alone ends no line, for git as for nginx.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}

/// A path as git writes and reads it: quoted in C's way where it has bytes that could be mistaken, and followed by a
/// tab where it has blanks.
fn name(side: char, path: &str) -> String {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\' && byte != 0x7f;
    if path.bytes().all(|byte| plain(byte) && byte < 0x80) {
        return format!("{side}/{path}{}", if path.contains(' ') { "\t" } else { "" });
    }
    let mut quoted = format!("\"{side}/");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            byte if plain(byte) && byte < 0x80 => quoted.push(char::from(byte)),
            byte => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(path: &str, before: &[u8], after: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write(&[Change { path, before, after }], &mut out).unwrap();
        out
    }

    #[test]
    fn bytes_and_line_ends_are_kept() {
        let expected =
            b"--- a/x.conf\n+++ b/x.conf\n@@ -1,2 +1,3 @@\n # gr\xfc\xdfe\r\n-a;\n\\ No newline at end of file\n\
            +a;\n+b\r;\n\\ No newline at end of file\n";
        let is = diff("./x.conf", b"# gr\xfc\xdfe\r\na;", b"# gr\xfc\xdfe\r\na;\nb\r;");
        assert_eq!(is, expected, "{}", String::from_utf8_lossy(&is));
        assert!(diff("x", b"a", b"a").is_empty());
    }

    #[test]
    fn unusual_names_are_written_as_git_does() {
        assert_eq!(name('a', "/etc/nginx/nginx.conf"), "a/etc/nginx/nginx.conf");
        assert_eq!(name('a', "my site.conf"), "a/my site.conf\t");
        assert_eq!(name('b', "é\"\n.conf"), "\"b/\\303\\251\\\"\\012.conf\"");
    }

    #[test]
    fn git_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let cases: [(&str, &[u8], &[u8]); 4] = [
            ("my site.conf", b"a;\r\nb;\r\n", b"a;\r\nnew;\r\nb;\r\n"),
            ("gr\u{fc}n.conf", b"# \xfc\nb;", b"# \xfc\nb;\nc;"),
            ("empty.conf", b"", b"events {}\n"),
            ("tail.conf", b"1;\n2;\n3;\n4;\n5;\n6;\n7;\n8;\n9;", b"0;\n1;\n2;\n3;\n4;\n5;\n6;\n7;\n8;\n9;\n"),
        ];
        let changes = cases.map(|(path, before, after)| Change { path, before, after });
        let mut patch = Vec::new();
        write(&changes, &mut patch).unwrap();
        for change in &changes {
            std::fs::write(folder.path().join(change.path), change.before).unwrap();
        }
        std::fs::write(folder.path().join("fix.patch"), &patch).unwrap();
        let git = std::process::Command::new("git").args(["apply", "fix.patch"]).current_dir(folder.path()).output();
        let Ok(git) = git else { return };
        assert!(git.status.success(), "{}\n{}", String::from_utf8_lossy(&git.stderr), String::from_utf8_lossy(&patch));
        for change in &changes {
            assert_eq!(std::fs::read(folder.path().join(change.path)).unwrap(), change.after, "{}", change.path);
        }
    }
}
