//! What must hold for every configuration, tried on configurations made by chance and on mistakes in them. The fuzz
//! target in `tests/fuzz/` makes the same checks on whatever bytes it comes upon.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

#[path = "common/check.rs"]
mod check;
#[path = "common/configuration.rs"]
mod configuration;
#[path = "common/dice.rs"]
mod dice;
#[path = "common/mutate.rs"]
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};

use check::check;
use configuration::configuration;
use dice::Dice;
use mutate::mutate;
use nginx_wslint::Linter;

/// How many inputs are tried of each kind; `NGINX_WSLINT_PROPERTY_INPUTS` overrides it for a longer run.
const INPUTS: usize = 1200;

/// Tries inputs by number, all of them, and then names those that failed: a number makes the same input again.
fn try_all(input: impl Fn(usize) -> Vec<u8> + Sync) {
    let number = std::env::var("NGINX_WSLINT_PROPERTY_INPUTS").ok().and_then(|number| number.parse().ok());
    let inputs = number.unwrap_or(INPUTS);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed: Vec<usize> = std::thread::scope(|scope| {
        let input = &input;
        let part = |first: usize| {
            let linter = Linter::default();
            let fails = |&number: &usize| catch_unwind(AssertUnwindSafe(|| check(&linter, &input(number)))).is_err();
            (first..inputs).step_by(threads).filter(fails).collect::<Vec<_>>()
        };
        let handles: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first))).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("the thread ends well")).collect()
    });
    if let Some(&first) = failed.iter().min() {
        let text = input(first);
        panic!("{} inputs fail; number {first} is\n{}", failed.len(), String::from_utf8_lossy(&text));
    }
}

#[test]
fn configurations_as_people_write_them() {
    try_all(|number| configuration(&mut Dice::new(number as u64)));
}

#[test]
fn configurations_with_mistakes() {
    try_all(|number| {
        let mut dice = Dice::new(1_000_000 + number as u64);
        let mut text = configuration(&mut dice);
        for _ in 0..=dice.roll(4) {
            mutate(&mut dice, &mut text);
        }
        text
    });
}

#[test]
fn rubble() {
    const PIECES: [&[u8]; 24] = [
        b"location /ws ",
        b"proxy_pass http://a",
        b"proxy_set_header Upgrade $http_upgrade",
        b"server ",
        b"http ",
        b"map $a $b ",
        b"{",
        b"}",
        b";",
        b"\"",
        b"'",
        b"\\",
        b"#",
        b"${",
        b"\n",
        b"\r\n",
        b"{{ x }}",
        b"{% if a %}",
        b"...\n",
        b"include a",
        b"x_by_lua_block {",
        b"[[",
        b"\xe9",
        b"\0",
    ];
    try_all(|number| {
        let mut dice = Dice::new(2_000_000 + number as u64);
        (0..dice.roll(60)).flat_map(|_| dice.pick(&PIECES).iter().copied()).collect()
    });
}
