//! What is read: the disk, standard input under a name, and texts that fixes have changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nginx_wslint::config::{Disk, Memory, Reader};
use nginx_wslint::fix::Texts;

use super::files::Asked;

/// The disk with some files replaced: standard input under a name, and texts that fixes have changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlay {
    pub(super) memory: Memory,
    pub(super) only_memory: bool,
    /// The names under which files were given, by their real paths: nginx may know the same file by a link.
    names: HashMap<PathBuf, PathBuf>,
    /// What fixes have made of files, by the one name of each.
    edited: HashMap<PathBuf, Vec<u8>>,
}

impl Overlay {
    /// Nothing but what is in memory.
    pub(super) fn only(memory: Memory) -> Self {
        Self { memory, only_memory: true, ..Self::default() }
    }

    /// Speaks of files by the names under which they were asked for.
    pub(super) fn name_as(&mut self, asked: &Asked) {
        self.names.clone_from(&asked.names);
    }

    /// The same with these texts in place of what the files hold.
    pub(super) fn with(&self, texts: &Texts) -> Self {
        let mut overlay = self.clone();
        overlay.edited.extend(texts.iter().map(|(path, text)| (self.real(path), text.clone())));
        overlay
    }

    /// What is in memory under the name of a file on disk.
    fn given(&self, path: &Path) -> Option<Vec<u8>> {
        let name = if self.memory.is_empty() { None } else { self.names.get(&self.real(path)) };
        self.memory.read(name.map_or(path, PathBuf::as_path)).ok()
    }
}

impl Reader for Overlay {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        if !self.edited.is_empty()
            && let Some(text) = self.edited.get(&self.real(path))
        {
            return Ok(text.clone());
        }
        if self.only_memory {
            return self.memory.read(path);
        }
        self.given(path).map_or_else(|| Disk.read(path), Ok)
    }

    fn glob(&self, pattern: &str) -> Option<Vec<PathBuf>> {
        if self.only_memory { self.memory.glob(pattern) } else { Disk.glob(pattern) }
    }

    fn exists(&self, path: &Path) -> bool {
        self.memory.exists(path) || (!self.only_memory && (self.given(path).is_some() || Disk.exists(path)))
    }

    fn real(&self, path: &Path) -> PathBuf {
        if self.only_memory { path.to_owned() } else { Disk.real(path) }
    }

    fn called(&self, path: &Path, real: &Path) -> PathBuf {
        let name = if self.only_memory { None } else { self.names.get(real) };
        name.map_or_else(|| path.to_owned(), Clone::clone)
    }
}
