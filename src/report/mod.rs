//! Findings as text.

pub mod routes;
