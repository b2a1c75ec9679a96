//! Which files are meant, and to which configuration each belongs.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nginx_wslint::config::{Context, Disk, Name, Reader, Tree, TreeOptions};
use nginx_wslint::syntax::{Ast, NodeId, Source, parse};
use rayon::prelude::*;
use walkdir::WalkDir;

use super::Failure;
use super::lint::starts_as_dump;
use super::settings::Settings;

/// Endings and names of nginx files in a folder that is walked.
const ENDINGS: [&str; 8] =
    [".conf", ".vhost", ".nginx", ".conf.template", ".conf.j2", ".conf.tmpl", ".conf.erb", ".nginxconf"];
/// Folders whose files are nginx files whatever they are called.
const FOLDERS: [&str; 3] = ["sites-available", "sites-enabled", "snippets"];

/// The files that were asked for, each once.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// In the order in which they were found.
    pub(super) files: Vec<PathBuf>,
    /// The names under which they were given, by their real paths.
    pub(super) names: HashMap<PathBuf, PathBuf>,
    /// The folders that were named, by their real paths.
    folders: Vec<PathBuf>,
}

impl Asked {
    /// Files as named, and the nginx files of folders. With `force_exclude` the names given are sieved as those in folders.
    pub(super) fn collect(paths: &[PathBuf], settings: &Settings, force_exclude: bool) -> Result<Self, Failure> {
        let mut asked = Self::default();
        let here = [PathBuf::from(".")];
        for path in if paths.is_empty() { &here[..] } else { paths } {
            if path.is_dir() {
                let found = walk(path, settings);
                if found.is_empty() && asked.files.is_empty() {
                    return Err(Failure(format!("{}: no nginx configuration in this folder", path.display())));
                }
                found.into_iter().for_each(|file| asked.add(file));
                asked.folders.push(real(path));
            } else if !force_exclude || (!settings.excludes(path) && reads_like_nginx(path)) {
                asked.add(path.clone());
            }
        }
        Ok(asked)
    }

    /// One file that need not exist on disk.
    pub(super) fn only(path: PathBuf) -> Self {
        let mut asked = Self::default();
        asked.add(path);
        asked
    }

    pub(super) fn add(&mut self, path: PathBuf) {
        if let Entry::Vacant(entry) = self.names.entry(real(&path)) {
            entry.insert(path.clone());
            self.files.push(path);
        }
    }

    /// Whether this file is one of them.
    pub(super) fn contains(&self, path: &Path) -> bool {
        self.names.contains_key(&real(path))
    }

    /// Whether this file was asked for, or lies in a folder that was: an included file may be called anything.
    pub(super) fn covers(&self, path: &Path) -> bool {
        let real = real(path);
        self.names.contains_key(&real) || self.folders.iter().any(|folder| real.starts_with(folder))
    }
}

/// The one name of a file that has several.
pub(super) fn real(path: &Path) -> PathBuf {
    Disk.real(path)
}

impl Settings {
    /// Whether the settings leave a file out.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let (named, real) = (std::path::absolute(path).unwrap_or_default(), real(path));
        let Some(relative) = [&named, &real].into_iter().find_map(|path| path.strip_prefix(&self.folder).ok()) else {
            return false;
        };
        self.exclude
            .iter()
            .filter_map(|pattern| glob::Pattern::new(pattern).ok())
            .any(|pattern| relative.ancestors().any(|part| !part.as_os_str().is_empty() && pattern.matches_path(part)))
    }
}

fn walk(folder: &Path, settings: &Settings) -> Vec<PathBuf> {
    let hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    let skipped = |entry: &walkdir::DirEntry| {
        entry.file_type().is_dir() && matches!(entry.file_name().to_str(), Some("node_modules" | "target"))
    };
    let named: Vec<PathBuf> = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !hidden(entry) && !skipped(entry))
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && is_named_like_nginx(entry.path()))
        .map(|entry| entry.path().strip_prefix("./").unwrap_or(entry.path()).to_owned())
        .filter(|path| !settings.excludes(path))
        .collect();
    let nginx = at_once(&named, |path| reads_like_nginx(path));
    named.into_iter().zip(nginx).filter_map(|(path, nginx)| nginx.then_some(path)).collect()
}

/// What `work` makes of each item, in their order; several are worked on at the same time.
pub(super) fn at_once<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync + Send) -> Vec<T> {
    // For one alone no other thread needs to be started.
    match items {
        [] => Vec::new(),
        [only] => vec![work(only)],
        several => several.par_iter().map(work).collect(),
    }
}

fn is_named_like_nginx(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|ending| name.ends_with(ending)) || FOLDERS.contains(&folder)
}

/// Whether a file is nginx's by what stands in it: many programs call their files `.conf`.
fn reads_like_nginx(path: &Path) -> bool {
    let Ok(bytes) = std::fs::read(path) else { return true };
    // The output of `nginx -T` is no file that nginx reads; who wants it linted names it.
    if starts_as_dump(&bytes) {
        return false;
    }
    if path.file_name().is_some_and(|name| name == "nginx.conf") {
        return true;
    }
    let source = Source::new(path, bytes);
    is_mostly_nginx(&source, &parse(&source))
}

/// Whether most of the statements at the top are directives of nginx.
pub(super) fn is_mostly_nginx(source: &Source, ast: &Ast) -> bool {
    let (mut known, mut all) = (0, 0);
    let mut node = NodeId(0);
    while (node.0 as usize) < ast.nodes().len() {
        let name = ast.words(node).first().map(|word| word.value(source));
        known += usize::from(name.is_some_and(|name| Name::of(&name).is_some()));
        all += 1;
        node = ast.behind(node);
    }
    known * 2 > all
}

/// A configuration to be linted.
#[derive(Debug)]
pub(super) struct Job {
    /// Its main file, or the fragment.
    pub(super) root: PathBuf,
    /// How to read it.
    pub(super) options: TreeOptions,
    /// Whether the root itself was asked for, so that everything found in the tree is meant.
    pub(super) whole: bool,
    /// The tree, as long as nobody has linted it.
    tree: Mutex<Option<Tree>>,
}

impl Job {
    /// A configuration that has not been read yet.
    pub(super) fn new(root: PathBuf, options: TreeOptions, whole: bool) -> Self {
        Self { root, options, whole, tree: Mutex::new(None) }
    }

    /// A configuration that has been read.
    fn read(root: PathBuf, options: TreeOptions, whole: bool, tree: Tree) -> Self {
        Self { root, options, whole, tree: Mutex::new(Some(tree)) }
    }

    /// The real paths of its files, as long as nobody has linted it.
    fn files(&self) -> HashSet<PathBuf> {
        let tree = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
        tree.iter().flat_map(Tree::files).map(|file| real(file.source.path())).collect()
    }

    /// Forgets the tree: its files have changed since.
    pub(super) fn forget(&self) {
        self.taken();
    }

    fn taken(&self) -> Option<Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The tree, which finding out about the job has read already; each time after the first it is read anew.
    pub(super) fn tree(&self, reader: &dyn Reader) -> Tree {
        self.taken().unwrap_or_else(|| Tree::read(&self.root, reader, &self.options))
    }
}

/// The files that are read in several of these configurations.
pub(super) fn shared(jobs: &[Job]) -> Asked {
    let mut seen = HashSet::new();
    let mut shared = Asked::default();
    if jobs.len() > 1 {
        for file in jobs.iter().flat_map(Job::files) {
            if !seen.insert(file.clone()) {
                shared.add(file);
            }
        }
    }
    shared
}

/// What is to be linted so that every asked file is seen where nginx reads it: the main files among them, those that the
/// settings or the command line name, the nearest `nginx.conf` that includes a file, and the rest as fragments.
pub(super) fn jobs(
    asked: &Asked,
    roots: &[PathBuf],
    context: &[Context],
    settings: &Settings,
    reader: &dyn Reader,
) -> Vec<Job> {
    let mut plan = Plan {
        asked,
        reader,
        settings,
        jobs: Vec::new(),
        covered: HashSet::new(),
        tried: HashSet::new(),
        folders: HashMap::new(),
    };
    if context.is_empty() {
        for root in roots.iter().chain(&settings.roots) {
            plan.add_tree(root);
        }
        let options = plan.options();
        let trees = at_once(&asked.files, |file| may_be_main(file, reader).then(|| Tree::read(file, reader, &options)));
        for (file, tree) in asked.files.iter().zip(trees) {
            if let Some(tree) = tree {
                plan.add_tree_read(file, tree);
            }
        }
        for file in &asked.files {
            plan.find_root(file);
        }
    }
    // A fragment that another one includes is seen there.
    let rest: Vec<&PathBuf> = asked.files.iter().filter(|file| !plan.covered.contains(&real(file))).collect();
    let options = TreeOptions { context: context.to_vec(), ..plan.options() };
    let trees = at_once(&rest, |file| Tree::read(file, reader, &options));
    let included: HashSet<PathBuf> =
        trees.iter().flat_map(|tree| tree.files().iter().skip(1)).map(|file| real(file.source.path())).collect();
    let fragments = rest.into_iter().zip(trees).filter(|(file, _)| !included.contains(&real(file)));
    let mut jobs = plan.jobs;
    jobs.extend(fragments.map(|(file, tree)| Job::read(file.clone(), options.clone(), true, tree)));
    jobs
}

struct Plan<'a> {
    asked: &'a Asked,
    reader: &'a dyn Reader,
    settings: &'a Settings,
    jobs: Vec<Job>,
    covered: HashSet<PathBuf>,
    tried: HashSet<PathBuf>,
    /// Folders in which a root was looked for.
    folders: HashMap<PathBuf, Folder>,
}

/// What a folder has to say of the files in it and below.
#[derive(Clone, Copy)]
struct Folder {
    /// A main file called `nginx.conf` lies in it.
    has_root: bool,
    /// It is the top of a repository: nothing above belongs to it.
    is_top: bool,
}

impl Plan<'_> {
    fn options(&self) -> TreeOptions {
        TreeOptions { include_map: self.settings.include_map.clone(), ..TreeOptions::default() }
    }

    /// Adds the tree of a file if that is a main file and reaches one of the asked files.
    fn add_tree(&mut self, root: &Path) {
        if !self.tried.contains(&real(root)) {
            self.add_tree_read(root, Tree::read(root, self.reader, &self.options()));
        }
    }

    /// The same for a tree that has been read.
    fn add_tree_read(&mut self, root: &Path, tree: Tree) {
        if !self.tried.insert(real(root)) {
            return;
        }
        let named = self.settings.roots.iter().any(|other| other == root);
        if !tree.is_complete() && !named && self.asked.contains(root) {
            return;
        }
        let whole = self.asked.contains(root);
        // Where nothing else was asked for, nobody will ask what else it covers.
        let files = match &self.asked.files[..] {
            [_] if whole => vec![real(root)],
            _ => tree.files().iter().map(|file| real(file.source.path())).collect::<Vec<PathBuf>>(),
        };
        if whole || files.iter().any(|file| self.asked.names.contains_key(file)) {
            self.covered.extend(files);
            self.jobs.push(Job::read(root.to_owned(), self.options(), whole, tree));
        }
    }

    /// Looks upwards from a file for an `nginx.conf` that includes it.
    fn find_root(&mut self, file: &Path) {
        if self.covered.contains(&real(file)) {
            return;
        }
        let Ok(absolute) = std::path::absolute(file) else { return };
        for (up, folder) in absolute.ancestors().skip(1).enumerate() {
            let Folder { has_root, is_top } = self.folder(folder);
            if has_root {
                // Shown as the user would write it: relative, as long as that is short.
                let shown = relative(file, up).unwrap_or_else(|| folder.to_owned()).join("nginx.conf");
                self.add_tree(&shown);
                if self.covered.contains(&real(file)) {
                    return;
                }
            }
            if is_top {
                return;
            }
        }
    }

    fn folder(&mut self, folder: &Path) -> Folder {
        if let Some(&known) = self.folders.get(folder) {
            return known;
        }
        let root = folder.join("nginx.conf");
        let has_root = root.is_file() && may_be_main(&root, self.reader);
        let says = Folder { has_root, is_top: folder.join(".git").exists() };
        self.folders.insert(folder.to_owned(), says);
        says
    }
}

/// The folder `up` levels above a file's own, in the words in which the file is named.
fn relative(file: &Path, up: usize) -> Option<PathBuf> {
    let mut folder = file.parent()?.to_owned();
    for _ in 0..up {
        if folder.as_os_str().is_empty() || folder.ends_with("..") {
            folder.push("..");
        } else {
            folder.pop();
        }
    }
    Some(folder)
}

/// The main files in a folder, by their way from it: those that hold `http` or `events`, sorted by name.
pub(super) fn main_files(folder: &Path) -> Vec<PathBuf> {
    let files = walk(folder, &Settings::default()).into_iter();
    let main =
        files.filter(|file| may_be_main(file, &Disk) && Tree::read(file, &Disk, &TreeOptions::default()).is_complete());
    main.map(|file| file.strip_prefix(folder).unwrap_or(&file).to_owned()).collect()
}

/// Whether a file may be a main file: it says `http {` or `events {` somewhere. Reading its tree then tells for sure.
fn may_be_main(path: &Path, reader: &dyn Reader) -> bool {
    let Ok(bytes) = reader.read(path) else { return false };
    [&b"http"[..], b"events"].into_iter().any(|word| {
        memchr::memmem::find_iter(&bytes, word).any(|at| {
            let before = at.checked_sub(1).map(|before| bytes[before]);
            let opens = bytes[at + word.len()..].trim_ascii_start().starts_with(b"{");
            opens && before.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'}' | b'"' | b'\''))
        })
    })
}
