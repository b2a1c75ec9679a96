//! A small reader of nginx's syntax: nested statements with the place of every word.
//!
//! Independent of the linter on purpose. It reads what examples are made of; a text it cannot read is left as it is, and
//! nginx itself says what is wrong with it.

use std::ops::Range;

/// One argument (or the name) of a directive.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// The text as written, without the quotes around it; escapes are kept.
    pub(crate) text: String,
    /// Bytes of [`Word::text`] in the file: inside the quotes, if any.
    pub(crate) span: Range<usize>,
}

/// A directive with its arguments, and its block if it has one.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    /// Name and arguments; never empty.
    pub(crate) words: Vec<Word>,
    /// From the first word to the `;` or `}`, both included.
    pub(crate) span: Range<usize>,
    /// What stands between the braces.
    pub(crate) body: Option<Body>,
}

/// A block's inside.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    /// The statements directly in the block.
    pub(crate) statements: Vec<Statement>,
    /// The byte after `{`.
    pub(crate) start: usize,
}

impl Statement {
    /// The directive's name.
    pub(crate) fn name(&self) -> &str {
        &self.words[0].text
    }

    /// The arguments after the name.
    pub(crate) fn args(&self) -> &[Word] {
        &self.words[1..]
    }

    /// The statements of the block; none for a simple directive.
    pub(crate) fn inner(&self) -> &[Statement] {
        self.body.as_ref().map_or(&[], |body| &body.statements)
    }
}

/// Reads a whole file. `None` where the braces or quotes do not balance or a statement lacks its end.
pub(crate) fn read(text: &str) -> Option<Vec<Statement>> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0 };
    let statements = reader.statements(false)?;
    Some(statements)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

enum Token {
    Word(Word),
    End,
    Open,
    Close,
}

impl Reader<'_> {
    fn statements(&mut self, in_block: bool) -> Option<Vec<Statement>> {
        let mut found = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        loop {
            let Some(token) = self.token()? else {
                return (!in_block && words.is_empty()).then_some(found);
            };
            match token {
                Token::Word(word) => words.push(word),
                Token::Close if in_block && words.is_empty() => return Some(found),
                Token::End | Token::Open if !words.is_empty() => {
                    let body = if matches!(token, Token::Open) { Some(self.body(&words)?) } else { None };
                    let start = words[0].span.start;
                    found.push(Statement { words: std::mem::take(&mut words), span: start..self.at, body });
                }
                _ => return None,
            }
        }
    }

    fn body(&mut self, words: &[Word]) -> Option<Body> {
        let start = self.at;
        let statements = if words[0].text.ends_with("_by_lua_block") {
            self.skip_lua()?;
            Vec::new()
        } else {
            self.statements(true)?
        };
        Some(Body { statements, start })
    }

    /// Passes over a Lua block: its braces count, but for those in strings and comments to the end of a line.
    fn skip_lua(&mut self) -> Option<()> {
        let mut depth = 1;
        while depth > 0 {
            match self.bytes.get(self.at)? {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                &quote @ (b'"' | b'\'') => self.at = self.end_of_quoted(quote)?,
                b'-' if self.bytes[self.at..].starts_with(b"--") => self.at = self.end_of_line(),
                _ => {}
            }
            self.at += 1;
        }
        Some(())
    }

    /// Where the line ends: its `\n`, or the end of the text.
    fn end_of_line(&self) -> usize {
        self.bytes[self.at..].iter().position(|&byte| byte == b'\n').map_or(self.bytes.len(), |length| self.at + length)
    }

    /// The closing quote of the string that begins here.
    fn end_of_quoted(&self, quote: u8) -> Option<usize> {
        let mut end = self.at + 1;
        while *self.bytes.get(end)? != quote {
            end += if self.bytes[end] == b'\\' { 2 } else { 1 };
        }
        Some(end)
    }

    /// The next token; `Some(None)` at the end of the text, `None` for a quote without end.
    fn token(&mut self) -> Option<Option<Token>> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => self.at = self.end_of_line(),
                _ => break,
            }
        }
        let Some(&first) = self.bytes.get(self.at) else { return Some(None) };
        let single = match first {
            b';' => Token::End,
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'"' | b'\'' => return self.quoted(first).map(|word| Some(Token::Word(word))),
            _ => return Some(Some(Token::Word(self.bare()))),
        };
        self.at += 1;
        Some(Some(single))
    }

    fn quoted(&mut self, quote: u8) -> Option<Word> {
        let start = self.at + 1;
        let end = self.end_of_quoted(quote)?;
        self.at = end + 1;
        Some(self.word(start..end))
    }

    /// A word without quotes ends at white space, `;` or `{`; after `$` a brace belongs to the word.
    fn bare(&mut self) -> Word {
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' => break,
                b'{' if self.bytes[self.at - 1] != b'$' || self.at == start => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        self.word(start..self.at)
    }

    fn word(&self, span: Range<usize>) -> Word {
        Word { text: self.text[span.clone()].to_owned(), span }
    }
}
