//! One WebSocket handshake, step by step, and what its end means.
//!
//! [`probe`] resolves, connects, shakes hands over TLS, sends a handshake (RFC 6455, section 4.1), judges the answer, and
//! does what else was asked for: messages, a large one, waiting idle. It follows no redirect.
//!
//! ```no_run
//! use nginx_wslint::live::probe::{Options, Target, probe};
//!
//! let target = Target::parse("ws://127.0.0.1:8080/ws")?;
//! let report = probe(&target, &Options::default(), &mut ());
//! println!("{}: {}", report.diagnosis.kind.id(), report.diagnosis.sentence);
//! # Ok::<(), nginx_wslint::live::probe::TargetError>(())
//! ```

mod answer;
mod attempt;
mod certificate;
mod compare;
mod connect;
mod diagnosis;
mod ends;
mod hold;
mod judge;
mod options;
mod protocol;
mod redirect;
mod report;
mod session;
mod shown;
mod status;
mod target;
mod tls;
mod wire;

pub use attempt::probe;
pub use compare::compare;
pub use diagnosis::{Diagnosis, Kind};
pub use options::{Header, HeaderError, Options, Trust};
pub use report::{Answer, Report, Stage, Step, Watch};
pub(in crate::live) use status::is_nginx_page;
pub use target::{Target, TargetError};
