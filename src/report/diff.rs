//! Changed files as one unified diff that `git apply` takes.

use std::io::{self, Write};

use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

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
    changes.iter().filter(|change| change.before != change.after).try_for_each(|change| file(change, out))
}

fn file(change: &Change<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "--- {}\n+++ {}", name('a', change.path), name('b', change.path))?;
    let before: Vec<&[u8]> = lines(change.before);
    let after: Vec<&[u8]> = lines(change.after);
    // Lines that are there once, such as names, keep it linear where thousands have changed.
    let ops = capture_diff_slices(Algorithm::Patience, &before, &after);
    for hunk in group_diff_ops(ops, CONTEXT) {
        writeln!(out, "{}", UnifiedHunkHeader::new(&hunk))?;
        for op in &hunk {
            if let DiffOp::Equal { old_index, len, .. } = *op {
                each(out, b' ', &before[old_index..old_index + len])?;
            } else {
                each(out, b'-', &before[op.old_range()])?;
                each(out, b'+', &after[op.new_range()])?;
            }
        }
    }
    Ok(())
}

fn each(out: &mut dyn Write, mark: u8, lines: &[&[u8]]) -> io::Result<()> {
    for line in lines {
        out.write_all(&[mark])?;
        out.write_all(line)?;
        if !line.ends_with(b"\n") {
            out.write_all(b"\n\\ No newline at end of file\n")?;
        }
    }
    Ok(())
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
