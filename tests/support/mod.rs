//! Proves on a real nginx what the rules claim: a configuration as a user wrote it is made to run unprivileged on
//! loopback, in front of strict WebSocket backends, and a client tries a handshake through it.
//!
//! * [`site`]: a configuration and what is known of its surroundings; starts it. **Begin here.**
//! * [`nginx`]: finds nginx, runs it as a child process that ends with the test.
//! * [`backend`]: the server behind nginx, as strict as real WebSocket libraries; records what it receives.
//! * [`client`]: handshakes as browsers send them, plain requests, idle connections.
//! * [`outcome`]: the ways a handshake can end.
//! * [`sandbox`]: the scratch folder, ports and servers of one run.
//! * [`conf`], [`survey`], [`address`], [`rewrite`], [`reroute`]: reading and rewriting the configuration. They read nginx's syntax
//!   by themselves: a proof that used the linter's own parser would share its mistakes.
//! * [`faulty`], [`master`]: backends that fail in a given way; nginx with its workers, to be reloaded and killed.
//! * [`message`], [`resolver`]: HTTP messages over a socket; a DNS server that knows every name.
#![allow(dead_code, reason = "every test binary compiles the whole module and uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: what must not happen ends the test"
)]

pub(crate) mod address;
pub(crate) mod backend;
pub(crate) mod client;
pub(crate) mod conf;
pub(crate) mod faulty;
pub(crate) mod master;
pub(crate) mod message;
pub(crate) mod nginx;
pub(crate) mod outcome;
pub(crate) mod reroute;
pub(crate) mod resolver;
pub(crate) mod rewrite;
pub(crate) mod sandbox;
pub(crate) mod site;
pub(crate) mod survey;
