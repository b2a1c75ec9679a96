//! Linter and autofixer for nginx configurations that proxy WebSockets.

pub mod syntax;
pub mod websocket;
