//! The texts that are open in the editor, and the disk behind them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gen_lsp_types::{Range, TextDocumentContentChangeEvent, Uri};
use nginx_wslint::config::{Disk, Memory, Reader};
use nginx_wslint::fix::Texts;
use nginx_wslint::syntax::{Ast, Source, parse};

use super::disk::StampedDisk;
use super::positions::{Encoding, Lines};

/// An open text.
#[derive(Debug)]
pub(super) struct Document {
    /// Its address in the client's own spelling.
    pub(super) uri: Uri,
    /// The file. A text that was never saved has its address for a path.
    pub(super) path: PathBuf,
    /// What the path leads to behind links.
    pub(super) real: PathBuf,
    /// As the client counts.
    pub(super) version: i32,
    /// The text, saved or not.
    pub(super) text: String,
}

impl Document {
    pub(super) fn lines(&self, encoding: Encoding) -> Lines<'_> {
        Lines::new(&self.text, encoding)
    }

    /// Applies changes one after the other, each to what the one before left.
    pub(super) fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, version: i32, encoding: Encoding) {
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => self.text = whole.text,
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let range = bytes(&self.lines(encoding), part.range);
                    self.text.replace_range(range, &part.text);
                }
            }
        }
        self.version = version;
    }
}

/// A range as bytes of the text; one whose end lies before its begin is empty.
fn bytes(lines: &Lines<'_>, Range { start, end }: Range) -> std::ops::Range<usize> {
    let (start, end) = (lines.offset(start), lines.offset(end));
    start..end.max(start)
}

/// All open texts. As a [`Reader`] they stand in front of the disk.
#[derive(Debug, Default)]
pub(super) struct Documents {
    open: BTreeMap<String, Document>,
    /// Addresses by path, and by what the path leads to.
    by_path: HashMap<PathBuf, String>,
    /// What paths lead to, which is asked for again and again.
    real: Mutex<HashMap<PathBuf, PathBuf>>,
    disk: StampedDisk,
    /// Texts that were parsed, and their statements: of a tree, one file changes with a key and a hundred do not.
    parsed: Mutex<HashMap<PathBuf, (String, Ast)>>,
}

impl Documents {
    /// Opens a text; false for an address that no configuration can have (a version of the past, a web page).
    pub(super) fn open(&mut self, uri: Uri, version: i32, text: String) -> bool {
        let Some(path) = path_of(&uri) else { return false };
        let real = self.real(&path);
        let key = uri.0.clone();
        self.by_path.insert(real.clone(), key.clone());
        self.by_path.insert(path.clone(), key.clone());
        self.open.insert(key, Document { uri, path, real, version, text });
        true
    }

    pub(super) fn close(&mut self, uri: &Uri) -> Option<Document> {
        let document = self.open.remove(&uri.0)?;
        self.by_path.retain(|_, key| *key != uri.0);
        Some(document)
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.open.get(&uri.0)
    }

    pub(super) fn get_mut(&mut self, uri: &Uri) -> Option<&mut Document> {
        self.open.get_mut(&uri.0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.open.values()
    }

    /// The open text of a file, by whichever of its names.
    pub(super) fn at(&self, path: &Path) -> Option<&Document> {
        if self.open.is_empty() {
            return None;
        }
        let key = self.by_path.get(path).or_else(|| self.by_path.get(&self.real(path)))?;
        self.open.get(key)
    }

    /// What a path leads to behind links.
    pub(super) fn real(&self, path: &Path) -> PathBuf {
        let mut known = self.real.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(real) = known.get(path) {
            return real.clone();
        }
        let real = Disk.real(path);
        known.insert(path.to_owned(), real.clone());
        real
    }

    /// Forgets what is known of the disk: files may have come and gone.
    pub(super) fn forget_disk(&mut self) {
        self.disk.forget();
        self.real.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The address of a file: the client's own where it is open.
    pub(super) fn uri(&self, path: &Path) -> Option<Uri> {
        match self.at(path) {
            Some(document) => Some(document.uri.clone()),
            None => url::Url::from_file_path(path).ok().map(|url| Uri(url.into())),
        }
    }

    /// The open texts with some of them, or of the files behind, replaced.
    pub(super) fn with<'a>(&'a self, texts: &'a Texts) -> Changed<'a> {
        Changed { documents: self, texts }
    }
}

/// The file of an address. What was never saved keeps its address for a name.
fn path_of(uri: &Uri) -> Option<PathBuf> {
    match uri.0.split_once(':')?.0 {
        scheme if scheme.eq_ignore_ascii_case("file") => url::Url::parse(&uri.0).ok()?.to_file_path().ok(),
        "untitled" | "buffer" | "inmemory" => Some(PathBuf::from(&uri.0)),
        _ => None,
    }
}

impl Reader for Documents {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.at(path) {
            Some(document) => Ok(document.text.clone().into_bytes()),
            None => self.disk.read(path),
        }
    }

    /// Files on disk, and open ones that are not there yet.
    fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>> {
        let mut unsaved = Memory::new();
        for document in self.iter().filter(|document| !document.path.exists()) {
            unsaved.insert(document.path.clone(), "");
        }
        let unsaved = unsaved.glob(pattern).filter(|paths| !paths.is_empty());
        match (self.disk.glob(pattern), unsaved) {
            (Some(mut paths), Some(more)) => {
                paths.extend(more);
                paths.sort();
                Some(paths)
            }
            (saved, unsaved) => saved.or(unsaved),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        Disk.exists(path) || self.at(path).is_some()
    }

    fn parse(&self, source: &Source) -> Ast {
        let known = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((text, ast)) = known.get(source.path())
            && text == source.text()
        {
            return ast.clone();
        }
        // Several texts may be parsed at once.
        drop(known);
        let ast = parse(source);
        let mut known = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(source.path().to_owned(), (source.text().to_owned(), ast.clone()));
        ast
    }
}

/// See [`Documents::with`].
pub(super) struct Changed<'a> {
    documents: &'a Documents,
    texts: &'a Texts,
}

impl Reader for Changed<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.texts.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.documents.read(path),
        }
    }

    fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>> {
        self.documents.glob(pattern)
    }

    fn exists(&self, path: &Path) -> bool {
        self.texts.contains_key(path) || self.documents.exists(path)
    }

    /// What a fix makes of a text is seen once.
    fn parse(&self, source: &Source) -> Ast {
        if self.texts.contains_key(source.path()) { parse(source) } else { self.documents.parse(source) }
    }
}
