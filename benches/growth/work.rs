//! What is measured, in any size.

use nginx_wslint::Linter;
use nginx_wslint::config::{Memory, Tree};
use nginx_wslint::fix::{Texts, converge};
use nginx_wslint::rules::Safety;
use nginx_wslint::syntax::{Source, parse};

use super::inputs;

/// What is done with the input.
#[derive(Clone, Copy)]
enum Stage {
    /// From text to AST alone.
    Parse,
    /// All rules.
    Lint,
    /// All passes of all fixes, safe or not, with their proofs.
    Fix,
}

/// The text of a main file, and the names and texts of the files that it includes.
type Files = (String, Vec<(String, String)>);

/// Something to do with an input of any size.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    stage: Stage,
    files: fn(usize) -> Files,
    /// The least of three sizes whose instructions are counted.
    pub(crate) least: usize,
    /// The larger of two sizes whose times are measured.
    pub(crate) most: usize,
}

macro_rules! works {
    ($($name:literal $stage:ident $least:literal $most:literal $text:expr;)*) => {
        &[$(Work { name: $name, stage: Stage::$stage, files: |count| ($text(count), Vec::new()), least: $least, most: $most }),*,
          Work { name: "includes", stage: Stage::Lint, files: inputs::includes, least: 250, most: 10_000 }]
    };
}

/// All of them.
pub(crate) const WORKS: &[Work] = works! {
    "text to ast" Parse 1_000 180_000 inputs::servers;
    "servers" Lint 1_000 200_000 inputs::servers;
    "servers with policies" Lint 500 20_000 inputs::policies;
    "locations in one server" Lint 1_000 200_000 inputs::locations;
    "named locations" Lint 250 20_000 inputs::named_locations;
    "variables set in each location" Lint 500 20_000 inputs::variables;
    "map entries" Lint 8_000 1_000_000 inputs::map;
    "one map for each route" Lint 500 10_000 inputs::maps;
    "bytes in one line" Lint 25_000 5_000_000 inputs::one_line;
    "findings" Lint 250 10_000 inputs::problems;
    "routes with one wrong line" Lint 500 10_000 inputs::inherited;
    "headers in one block" Lint 500 100_000 inputs::headers;
    "fixes" Fix 100 10_000 inputs::problems;
    "fixes in one line" Fix 100 10_000 |count| inputs::one_line(count * 100);
    "fixes of one wrong line" Fix 100 10_000 inputs::inherited;
};

/// A work with its input.
pub(crate) struct Prepared {
    stage: Stage,
    main: String,
    files: Memory,
    /// The size of the input.
    pub(crate) bytes: usize,
    linter: Linter,
}

impl Work {
    pub(crate) fn prepare(&self, count: usize) -> Prepared {
        let (main, included) = (self.files)(count);
        let mut files = Memory::new();
        let mut bytes = main.len();
        files.insert("nginx.conf", main.clone());
        for (name, text) in included {
            bytes += text.len();
            files.insert(name, text);
        }
        Prepared { stage: self.stage, main, files, bytes, linter: Linter::default() }
    }
}

impl Prepared {
    /// Does the work; how much came of it.
    pub(crate) fn run(&self) -> usize {
        match self.stage {
            Stage::Parse => parse(&Source::new("nginx.conf", self.main.clone().into_bytes())).nodes().len(),
            Stage::Lint => self.linter.lint("nginx.conf".as_ref(), &self.files, &Default::default()).findings.len(),
            Stage::Fix => self.fix().unwrap_or_default(),
        }
    }

    fn fix(&self) -> Option<usize> {
        let read = |text: Vec<u8>| {
            let mut files = Memory::new();
            files.insert("nginx.conf", text);
            self.linter.check(Tree::read("nginx.conf".as_ref(), &files, &Default::default()))
        };
        let relint = |texts: &Texts| read(texts.values().next().cloned().unwrap_or_default());
        let start = read(self.main.clone().into_bytes());
        let outcome = converge(start, Safety::Unsafe, &|_| true, &|_, _| true, &relint);
        outcome.ok().map(|outcome| outcome.applied.len())
    }
}
