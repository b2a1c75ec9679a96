//! The whole way that a WebSocket goes, looked at in order: the configuration, nginx's own test of it, the handshake
//! through nginx and straight to the backend, the error log, the connections and the processes.
//!
//! A [`Checkup`] collects a [`Step`] for each part that could be looked at, and why for each that could not. What was found
//! is ranked: a configuration that nginx refuses comes before a handshake that fails, and that before what may fail later.

mod checkup;
mod configuration;
mod endpoints;
mod examine;
mod handshakes;
mod logs;
mod nginx;
mod processes;
mod sockets;
mod surroundings;
mod text;
mod triage;

pub use checkup::{Checkup, Health, Problem, State, Step, Trial};
pub use examine::{Ask, examine};
pub use nginx::{Nginx, Said};
pub use processes::{Process, Role, Running};
pub use text::{conclusion, step};
