//! `log` on what a real nginx writes: each fault is made, and the line that nginx writes about it is recognised.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod command;
mod requests;
#[path = "../support/mod.rs"]
mod support;
mod workers;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the program.
fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What `log` says of a file, as JSON.
fn summary(file: &Path) -> serde_json::Value {
    let output = run(&["log", "--output-format", "json", "--top", "100", file.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The ids of the causes, with the routes on which they were found.
fn causes(summary: &serde_json::Value) -> Vec<(String, Vec<String>)> {
    let list = summary["causes"].as_array().unwrap();
    let route = |group: &serde_json::Value| group["route"].as_str().unwrap().to_owned();
    list.iter()
        .map(|cause| {
            let routes = cause["groups"].as_array().unwrap().iter().map(route).collect();
            (cause["id"].as_str().unwrap().to_owned(), routes)
        })
        .collect()
}
