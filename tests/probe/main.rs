//! `probe`: every diagnosis with the fault that leads to it, made on a real nginx, on real backends and on servers that
//! misbehave on purpose, all on loopback.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what must not happen ends the test")]

#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod hold;
mod misbehaving;
mod proxied;
mod run;
mod servers;
mod tls;
mod usage;
