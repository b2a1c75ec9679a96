//! Reads and parses the files of a tree, each once, several at the same time.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use memchr::memmem;

use super::include::{self, IncludeMap, Included};
use super::reader::Reader;
use super::tree::{File, FileId, Problem};
use crate::parallel;
use crate::syntax::{NodeId, Source};

/// Fewer files, or fewer patterns of includes, than this are read by one thread.
const LEAST_FILES: usize = 2;
const LEAST_PATTERNS: usize = 32;

/// The files that were asked for so far, in the order in which they were.
pub(super) struct Loader<'a> {
    reader: &'a dyn Reader,
    prefix: PathBuf,
    map: &'a IncludeMap,
    pub(super) files: Vec<File>,
    pub(super) problems: Vec<Problem>,
    by_path: HashMap<PathBuf, Option<FileId>>,
    by_real_path: HashMap<PathBuf, FileId>,
    /// Files that were read before anybody asked for them, or why they cannot be.
    ahead: HashMap<PathBuf, Result<Read, String>>,
    resolved: HashMap<String, Rc<Included>>,
}

/// A file and the one name it has, however it was asked for.
struct Read {
    file: File,
    real: PathBuf,
}

impl<'a> Loader<'a> {
    /// `prefix` is the folder that relative includes start from.
    pub(super) fn new(reader: &'a dyn Reader, prefix: PathBuf, map: &'a IncludeMap) -> Self {
        Self {
            reader,
            prefix,
            map,
            files: Vec::new(),
            problems: Vec::new(),
            by_path: HashMap::new(),
            by_real_path: HashMap::new(),
            ahead: HashMap::new(),
            resolved: HashMap::new(),
        }
    }

    /// The file of a path; none when it cannot be read, which is a problem the first time.
    pub(super) fn load(&mut self, path: &Path) -> Option<FileId> {
        if let Some(&known) = self.by_path.get(path) {
            return known;
        }
        let id = match self.ahead.remove(path).unwrap_or_else(|| read(self.reader, path)) {
            Ok(Read { file, real }) => Some(*self.by_real_path.entry(real).or_insert_with(|| {
                self.files.push(file);
                FileId(self.files.len() as u32 - 1)
            })),
            Err(message) => {
                self.problems.push(Problem { path: path.to_owned(), place: None, message, help: None });
                None
            }
        };
        self.by_path.insert(path.to_owned(), id);
        id
    }

    /// How many statements there are in all the files that were read so far.
    pub(super) fn statements(&self) -> usize {
        let ahead = self.ahead.values().flatten().map(|read| &read.file);
        self.files.iter().chain(ahead).map(|file| file.ast.nodes().len()).sum()
    }

    /// What `include pattern` names.
    pub(super) fn resolve(&mut self, pattern: &str) -> Rc<Included> {
        if let Some(known) = self.resolved.get(pattern) {
            return Rc::clone(known);
        }
        let found = Rc::new(include::resolve(pattern, &self.prefix, self.map, self.reader));
        self.resolved.insert(pattern.to_owned(), Rc::clone(&found));
        found
    }

    /// Reads what a file includes, then what those files include, and so on. Each round reads its files at the same time;
    /// who asks for them later still decides about their order.
    pub(super) fn read_ahead(&mut self, root: FileId) {
        let mut seen: HashSet<PathBuf> = HashSet::from_iter([self.files[root.0 as usize].source.path().to_owned()]);
        let mut patterns = patterns(&self.files[root.0 as usize]);
        while !patterns.is_empty() {
            let mut new: HashSet<&String> = HashSet::new();
            let asked: Vec<&String> =
                patterns.iter().filter(|one| !self.resolved.contains_key(*one) && new.insert(one)).collect();
            let (reader, prefix, map) = (self.reader, &self.prefix, self.map);
            let found = parallel::in_ranges(asked.len(), LEAST_PATTERNS, |range| {
                asked[range].iter().map(|pattern| include::resolve(pattern, prefix, map, reader)).collect()
            });
            let mut paths: Vec<PathBuf> = Vec::new();
            for included in &found {
                if let Included::Files(files) = included {
                    paths.extend(files.iter().filter(|path| seen.insert((*path).clone())).cloned());
                }
            }
            self.resolved.extend(asked.into_iter().cloned().zip(found.into_iter().map(Rc::new)));
            let files = parallel::in_ranges(paths.len(), LEAST_FILES, |range| {
                paths[range].iter().map(|path| read(reader, path)).collect()
            });
            patterns = files.iter().flatten().flat_map(|read| self::patterns(&read.file)).collect();
            self.ahead.extend(paths.into_iter().zip(files));
        }
    }
}

/// The patterns of the includes in a file.
fn patterns(file: &File) -> Vec<String> {
    const NAME: &str = "include";
    let File { source, ast, .. } = file;
    if memmem::find(source.text().as_bytes(), NAME.as_bytes()).is_none() {
        return Vec::new();
    }
    let includes = (0..ast.nodes().len() as u32).map(NodeId).filter_map(|node| match ast.words(node) {
        [name, pattern, ..] if source.slice(name.span) == NAME => Some(pattern.value(source).into_owned()),
        _ => None,
    });
    includes.collect()
}

/// Reads and parses a file, or says why that cannot be done.
fn read(reader: &dyn Reader, path: &Path) -> Result<Read, String> {
    let (bytes, well_known) = match (reader.read(path), include::well_known(path)) {
        (Ok(bytes), _) => (bytes, false),
        (Err(_), Some(text)) => (text.into(), true),
        (Err(error), None) => return Err(format!("cannot be read: {}", reason(&error))),
    };
    if let Some(message) = unsuitable(&bytes) {
        return Err(message.to_owned());
    }
    let real = reader.real(path);
    let source = Source::new(reader.called(path, &real), bytes);
    let ast = reader.parse(&source);
    Ok(Read { file: File { source, ast, well_known }, real })
}

/// Why bytes are no configuration at all, whatever nginx's reader would say of them.
fn unsuitable(bytes: &[u8]) -> Option<&'static str> {
    const LARGEST: usize = 1 << 30;
    if bytes.len() > LARGEST {
        return Some("is larger than 1 GiB");
    }
    let head = &bytes[..bytes.len().min(8192)];
    memchr::memchr(0, head).is_some().then_some("is a binary file, not an nginx configuration")
}

/// An error of the system in plain words, without Rust's own trimmings.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder".into(),
        std::io::ErrorKind::NotADirectory => "a part of its path is no folder".into(),
        _ => {
            let text = error.to_string();
            // ` (os error 2)` is a number that nobody looks up.
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}
