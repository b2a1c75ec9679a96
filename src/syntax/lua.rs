//! The end of a `*_by_lua_block { … }`, whose text is Lua and not nginx's.
//!
//! The Lua module reads such a body itself: braces count except in Lua's strings, long brackets and comments (NGINX
//! facts part N; measured with the module of 1.22.1). Its limit on the size of one stretch of Lua is not checked, for
//! it differs from version to version of the module.

use memchr::{memchr, memchr3_iter, memmem};

/// Why a Lua body has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unclosed {
    /// The `{` at this offset is the last one that the module saw.
    Brace(usize),
    /// A long bracket at this offset, with so many `=` in it.
    LongBracket(usize, usize),
}

/// The offset of the `}` that belongs to the `{` at `open`.
pub(super) fn body_end(text: &[u8], open: usize) -> Result<usize, Unclosed> {
    let mut depth = 1_usize;
    let mut last_open = open;
    let mut lonely = [0_usize; 2];
    let mut at = open + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' => {
                depth += 1;
                last_open = at;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
            // A quote that found no partner spares the rest of its line the same search.
            b'"' | b'\'' if at >= lonely[usize::from(byte == b'"')] => match string_end(text, at) {
                Ok(end) => at = end,
                Err(line_end) => lonely[usize::from(byte == b'"')] = line_end,
            },
            b'-' if text.get(at + 1) == Some(&b'-') => match long_bracket(text, at + 2) {
                Some(level) => at = long_bracket_end(text, at + 2, level).ok_or(Unclosed::LongBracket(at, level))?,
                None => at = memchr(b'\n', &text[at..]).map_or(text.len(), |line| at + line),
            },
            b'[' => {
                if let Some(level) = long_bracket(text, at) {
                    at = long_bracket_end(text, at, level).ok_or(Unclosed::LongBracket(at, level))?;
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(Unclosed::Brace(last_open))
}

/// The offset of the closing quote when it stands on the same line, else that line's end: such a quote is an ordinary
/// character.
fn string_end(text: &[u8], open: usize) -> Result<usize, usize> {
    let mut escaped = None;
    for at in memchr3_iter(text[open], b'\\', b'\n', &text[open + 1..]).map(|found| open + 1 + found) {
        match text[at] {
            b'\n' => return Err(at),
            _ if escaped == Some(at) => {}
            b'\\' => escaped = Some(at + 1),
            _ => return Ok(at),
        }
    }
    Err(text.len())
}

/// How many `=` the long bracket at `at` has; none when there is no long bracket.
fn long_bracket(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix(b"[")?;
    let level = rest.iter().take_while(|&&byte| byte == b'=').count();
    (rest.get(level) == Some(&b'[')).then_some(level)
}

/// The offset of the last byte of the bracket that closes the one at `open`.
fn long_bracket_end(text: &[u8], open: usize, level: usize) -> Option<usize> {
    let closing = format!("]{}]", "=".repeat(level));
    let body = open + level + 2;
    memmem::find(&text[body..], closing.as_bytes()).map(|found| body + found + closing.len() - 1)
}
