//! Linter and autofixer for nginx configurations that proxy WebSockets.

pub mod config;
pub mod syntax;
