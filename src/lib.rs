//! Linter and autofixer for nginx configurations that proxy WebSockets.

// The parser that pest derives names this crate when its own `std` feature is off.
extern crate alloc;

pub mod syntax;
