//! Reads, lints and fixes whatever bytes come, and checks what must hold for all of them. A text in the form in which
//! `nginx -T` prints files is several files.
//!
//! ```sh
//! cargo fuzz run --fuzz-dir tests/fuzz lint_and_fix -- -timeout=10
//! ```
//!
//! Without a nightly compiler: set `RUSTC_BOOTSTRAP=1` and add `-s none`.

#![no_main]

#[path = "../../common/check.rs"]
mod check;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nginx_wslint::Linter;

static LINTER: LazyLock<Linter> = LazyLock::new(Linter::default);

fuzz_target!(|text: &[u8]| check::check(&LINTER, text));
