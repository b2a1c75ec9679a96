//! How time grows with size: each benchmark runs on so much and on twice as much, which is to take twice as long.
//!
//! `cargo bench --bench growth`

use divan::{Bencher, counter::BytesCount};
use nginx_wslint::Linter;
use nginx_wslint::config::{Memory, Tree};
use nginx_wslint::fix::converge;
use nginx_wslint::rules::Safety;
use nginx_wslint::syntax::{Source, parse};

mod inputs;

fn main() {
    divan::main();
}

fn lint_files(bencher: Bencher<'_, '_>, files: &Memory, bytes: usize) {
    let linter = Linter::default();
    let lint = || linter.lint("nginx.conf".as_ref(), files, &Default::default()).findings.len();
    bencher.counter(BytesCount::new(bytes)).bench(lint);
}

fn lint(bencher: Bencher<'_, '_>, text: String) {
    let mut files = Memory::new();
    let bytes = text.len();
    files.insert("nginx.conf", text);
    lint_files(bencher, &files, bytes);
}

/// From text to AST alone.
#[divan::bench(args = [90_000, 180_000], sample_count = 5, sample_size = 1)]
fn text_to_ast(bencher: Bencher<'_, '_>, count: usize) {
    let text = inputs::servers(count);
    let bytes = BytesCount::new(text.len());
    let source = Source::new("nginx.conf", text.into_bytes());
    bencher.counter(bytes).bench(|| parse(&source).nodes().len());
}

#[divan::bench(args = [100_000, 200_000], sample_count = 3, sample_size = 1)]
fn servers(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::servers(count));
}

#[divan::bench(args = [100_000, 200_000], sample_count = 3, sample_size = 1)]
fn locations_in_one_server(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::locations(count));
}

#[divan::bench(args = [10_000, 20_000], sample_count = 3, sample_size = 1)]
fn named_locations(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::named_locations(count));
}

#[divan::bench(args = [10_000, 20_000], sample_count = 3, sample_size = 1)]
fn variables_set_in_each_location(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::variables(count));
}

#[divan::bench(args = [500_000, 1_000_000], sample_count = 3, sample_size = 1)]
fn map_entries(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::map(count));
}

#[divan::bench(args = [5_000, 10_000], sample_count = 3, sample_size = 1)]
fn includes(bencher: Bencher<'_, '_>, count: usize) {
    let (main, names) = inputs::includes(count);
    let mut files = Memory::new();
    let mut bytes = main.len();
    files.insert("nginx.conf", main);
    for (number, name) in names.into_iter().enumerate() {
        let text = format!("server {{ server_name s{number}; location /ws {{ proxy_pass http://127.0.0.1:1; }} }}\n");
        bytes += text.len();
        files.insert(name, text);
    }
    lint_files(bencher, &files, bytes);
}

#[divan::bench(args = [2_500_000, 5_000_000], sample_count = 3, sample_size = 1)]
fn one_line(bencher: Bencher<'_, '_>, bytes: usize) {
    lint(bencher, inputs::one_line(bytes));
}

#[divan::bench(args = [5_000, 10_000], sample_count = 3, sample_size = 1)]
fn findings(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::problems(count));
}

#[divan::bench(args = [5_000, 10_000], sample_count = 3, sample_size = 1)]
fn routes_with_one_wrong_line(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::inherited(count));
}

#[divan::bench(args = [50_000, 100_000], sample_count = 3, sample_size = 1)]
fn headers_in_one_block(bencher: Bencher<'_, '_>, count: usize) {
    lint(bencher, inputs::headers(count));
}

/// All passes of all fixes, safe or not, with their proofs.
#[divan::bench(args = [5_000, 10_000], sample_count = 3, sample_size = 1)]
fn fixes(bencher: Bencher<'_, '_>, count: usize) {
    fix(bencher, &inputs::problems(count));
}

#[divan::bench(args = [5_000, 10_000], sample_count = 3, sample_size = 1)]
fn fixes_in_one_line(bencher: Bencher<'_, '_>, count: usize) {
    fix(bencher, &inputs::one_line(count * 100));
}

#[divan::bench(args = [5_000, 10_000], sample_count = 3, sample_size = 1)]
fn fixes_of_one_wrong_line(bencher: Bencher<'_, '_>, count: usize) {
    fix(bencher, &inputs::inherited(count));
}

fn fix(bencher: Bencher<'_, '_>, text: &str) {
    let linter = Linter::default();
    let bytes = BytesCount::new(text.len());
    let read = |text: Vec<u8>| {
        let mut files = Memory::new();
        files.insert("nginx.conf", text);
        linter.check(Tree::read("nginx.conf".as_ref(), &files, &Default::default()))
    };
    let relint = |texts: &nginx_wslint::fix::Texts| read(texts.values().next().cloned().unwrap_or_default());
    bencher.counter(bytes).bench(|| {
        let start = read(text.as_bytes().to_vec());
        converge(start, Safety::Unsafe, &|_| true, &|_, _| true, &relint).map(|outcome| outcome.applied.len())
    });
}
