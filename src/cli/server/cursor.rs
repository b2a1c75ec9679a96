//! What stands under the cursor.

use nginx_wslint::config::{DirectiveId, Tree};
use nginx_wslint::syntax::Span;

use super::projects::Home;

/// A place in a configuration.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'p, 'a> {
    pub(super) home: Home<'p, 'a>,
    /// In bytes of the text.
    offset: u32,
    /// The innermost directive around it.
    pub(super) directive: DirectiveId,
}

impl<'p, 'a> Cursor<'p, 'a> {
    /// The place of an offset, if a directive stands there. Of a file that is included several times, the first place
    /// counts.
    pub(super) fn new(home: Home<'p, 'a>, offset: usize) -> Option<Self> {
        let offset = u32::try_from(offset).ok()?;
        let tree = &home.checked.tree;
        let around = tree.ids().filter(|&id| {
            let span = tree.node(id).span;
            tree.directive(id).file == home.file && span.start <= offset && offset <= span.end
        });
        let directive =
            around.reduce(|best, id| if tree.node(id).span.start > tree.node(best).span.start { id } else { best })?;
        Some(Self { home, offset, directive })
    }

    pub(super) fn tree(&self) -> &'p Tree {
        &self.home.checked.tree
    }

    /// The number of the word under the cursor, 0 for the name.
    pub(super) fn word(&self) -> Option<usize> {
        let words = self.tree().words(self.directive);
        words.iter().position(|word| word.span.start <= self.offset && self.offset <= word.span.end)
    }

    /// Whether the cursor is on the words of the directive, not in its body.
    pub(super) fn is_on_head(&self) -> bool {
        let head = self.tree().head(self.directive);
        head.start <= self.offset && self.offset <= head.end
    }

    /// The variable under the cursor, without its `$` and braces, in lower case, and where it stands.
    pub(super) fn variable(&self) -> Option<(String, Span)> {
        let word = self.tree().word(self.directive, self.word()?)?;
        let text = self.tree().source(self.directive).slice(word.span);
        let at = (self.offset - word.span.start) as usize;
        let (name, range) = variable_at(text, at)?;
        let start = word.span.start;
        let span = Span { start: start + range.start as u32, end: start + range.end as u32 };
        Some((name.to_ascii_lowercase(), span))
    }
}

/// The variable of a text around an offset: `$name` or `${name}`.
fn variable_at(text: &str, at: usize) -> Option<(&str, std::ops::Range<usize>)> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'$', bytes).find_map(|dollar| {
        let braces = bytes.get(dollar + 1) == Some(&b'{');
        let start = dollar + 1 + usize::from(braces);
        let length = bytes.get(start..)?.iter().take_while(|&&byte| is_name(byte)).count();
        let end = start + length;
        let behind = end + usize::from(braces && bytes.get(end) == Some(&b'}'));
        (length > 0 && dollar <= at && at <= behind).then(|| (&text[start..end], dollar..behind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_around_the_cursor() {
        let text = "http://${up_stream}$request_uri";
        assert_eq!(variable_at(text, 3), None);
        assert_eq!(variable_at(text, 10), Some(("up_stream", 7..19)));
        assert_eq!(variable_at(text, 25), Some(("request_uri", 19..31)));
        assert_eq!(variable_at("$", 0), None);
        assert_eq!(variable_at("${", 1), None);
    }
}
