//! The longest token that nginx reads.
//!
//! nginx reads through a window of 4096 bytes, which it moves along to the start of the token at hand. A token fits
//! when nginx knows that it is over before it asks for byte 4097 counted from that start, or when the file ends there
//! (`ngx_conf_read_token`, NGX_CONF_BUFFER; measured on 1.22.1 and 1.31.5, NGINX facts part N). Behind a word, blanks
//! cost one byte more than `;` does, because nginx notices the end of a word only at the byte after a blank.

use super::source::Encoding;
use super::tokens::Token;

const WINDOW: usize = 4096;

/// nginx's message about a token that is too long; none when it fits.
pub(super) fn refusal(text: &str, encoding: Encoding, token: Token) -> Option<String> {
    // The quickest test first: text is never shorter than its bytes in the file.
    if token.end - token.start < WINDOW - 3 {
        return None;
    }
    let bytes = text.as_bytes();
    let quote = Some(bytes[token.start]).filter(|byte| matches!(byte, b'"' | b'\''));
    let start = token.start + usize::from(quote.is_some());
    let width = |end: usize| match encoding {
        Encoding::Utf8 => end - start,
        Encoding::Latin1 => text[start..end].chars().take(WINDOW + 1).count(),
    };
    let blank = bytes[token.start] != b'#' && matches!(bytes.get(token.end), Some(b' ' | b'\t' | b'\r' | b'\n'));
    let fits = !token.unclosed && width(token.end) + usize::from(blank) < WINDOW;
    if fits || width(text.len()) <= WINDOW {
        return None;
    }
    Some(match quote {
        Some(quote) if token.unclosed || width(token.end) > WINDOW => {
            format!("too long parameter, probably missing terminating \"{}\" character", char::from(quote))
        }
        _ => format!("too long parameter \"{}...\" started", opening(&text[start..], encoding)),
    })
}

/// The first ten bytes of a token as nginx shows them.
fn opening(token: &str, encoding: Encoding) -> String {
    let first = &token.as_bytes()[..10];
    match (encoding, str::from_utf8(first)) {
        (Encoding::Utf8, Ok(first)) => first.to_owned(),
        (Encoding::Utf8, Err(_)) => first.iter().copied().map(char::from).collect(),
        (Encoding::Latin1, _) => token.chars().take(10).collect(),
    }
}
