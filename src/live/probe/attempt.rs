//! The steps of one handshake in their order.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tungstenite::Message;

use super::answer::{Request, ask};
use super::connect::{Connected, connect, connect_socket, resolve};
use super::diagnosis::{Diagnosis, Kind};
use super::ends::{bytes, closed_at_once, ended_by_message, no_echo};
use super::hold::{Held, hold};
use super::judge::switching;
use super::options::Options;
use super::report::{Answer, Report, Stage, Step, Watch};
use super::session::{End, News, Session};
use super::shown::{clipped, notes};
use super::status::status;
use super::target::Target;
use super::tls::{secure, speaks_http2};
use super::wire::{Socket, Wire};

/// So long after the handshake it is seen whether the connection stays open.
const SETTLE: Duration = Duration::from_millis(250);
/// So long the other side may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// More of the server's own messages than this are not waited out for an echo.
const MOST_MESSAGES: usize = 10_000;

/// Tries a handshake and does what else was asked for.
pub fn probe(target: &Target, options: &Options, watch: &mut dyn Watch) -> Report {
    let mut attempt = Attempt::new(target, options, watch);
    let diagnosis = match attempt.open().and_then(|session| attempt.use_it(session)) {
        Ok(diagnosis) | Err(diagnosis) => diagnosis,
    };
    let Attempt { steps, answer, address, silence, .. } = attempt;
    Report { url: target.url(), address, steps, answer, silence, diagnosis }
}

/// A handshake under way.
struct Attempt<'a> {
    target: &'a Target,
    options: &'a Options,
    watch: &'a mut dyn Watch,
    steps: Vec<Step>,
    answer: Option<Answer>,
    addresses: Vec<SocketAddr>,
    address: Option<SocketAddr>,
    silence: Option<Duration>,
}

impl<'a> Attempt<'a> {
    fn new(target: &'a Target, options: &'a Options, watch: &'a mut dyn Watch) -> Self {
        let (steps, addresses) = (Vec::new(), Vec::new());
        Self { target, options, watch, steps, answer: None, addresses, address: None, silence: None }
    }

    fn step(&mut self, stage: Stage, begin: Instant, passed: bool, text: impl Into<String>, notes: Vec<String>) {
        let step = Step { stage, passed, took: begin.elapsed(), text: text.into(), notes };
        self.watch.step(&step);
        self.steps.push(step);
    }

    /// Notes a step that failed, in the words of its diagnosis.
    fn fail(&mut self, stage: Stage, begin: Instant, diagnosis: Diagnosis) -> Diagnosis {
        self.step(stage, begin, false, diagnosis.kind.meaning(), Vec::new());
        diagnosis
    }

    /// From the name to an open WebSocket.
    fn open(&mut self) -> Result<Session, Diagnosis> {
        let timeout = self.options.timeout;
        let connected = match &self.target.socket {
            Some(path) => {
                let begin = Instant::now();
                let connected = connect_socket(path, timeout).map_err(|why| self.fail(Stage::Connect, begin, why))?;
                self.step(Stage::Connect, begin, true, path.display().to_string(), Vec::new());
                connected
            }
            None => self.connect()?,
        };
        self.address = connected.address;
        let socket = Socket::new(connected.stream);
        let mut wire = if self.target.tls {
            let begin = Instant::now();
            let name = self.options.name(self.target);
            let secured = match secure(socket, name, &self.options.trust, timeout) {
                Ok(secured) => secured,
                Err(why) => {
                    let why = self.ask_for_http2(why, name);
                    return Err(self.fail(Stage::Tls, begin, why));
                }
            };
            self.step(Stage::Tls, begin, true, secured.text, secured.notes);
            secured.wire
        } else {
            Wire::Plain(socket)
        };
        let begin = Instant::now();
        let request = Request::new(self.target, self.options);
        let (answer, rest) =
            ask(&mut wire, &request, timeout).map_err(|why| self.fail(Stage::Handshake, begin, why))?;
        let faults = match answer.status {
            101 => switching(&answer, &request.key, &self.options.subprotocols),
            _ => vec![status(&answer, &request, self.target, begin.elapsed())],
        };
        let text = format!("{} {}", answer.status, clipped(&answer.reason, 60)).trim_end().to_owned();
        self.step(Stage::Handshake, begin, faults.is_empty(), text, notes(&answer, &faults));
        self.answer = Some(answer);
        match faults.into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(Session::new(wire, rest, self.options.size)),
        }
    }

    /// From the name to a connection.
    fn connect(&mut self) -> Result<Connected, Diagnosis> {
        let timeout = self.options.timeout;
        let begin = Instant::now();
        self.addresses = resolve(self.target, timeout).map_err(|why| self.fail(Stage::Resolve, begin, why))?;
        if self.target.address().is_none() {
            let shown: Vec<String> = self.addresses.iter().map(|address| address.ip().to_string()).collect();
            self.step(Stage::Resolve, begin, true, shown.join(", "), Vec::new());
        }
        let begin = Instant::now();
        let mut connected =
            connect(self.target, &self.addresses, timeout).map_err(|why| self.fail(Stage::Connect, begin, why))?;
        let address = connected.address.map(|address| address.to_string()).unwrap_or_default();
        self.step(Stage::Connect, begin, true, address, std::mem::take(&mut connected.before));
        Ok(connected)
    }

    /// A server that refuses HTTP/1.1 is asked whether it takes HTTP/2.
    fn ask_for_http2(&self, mut why: Diagnosis, name: &str) -> Diagnosis {
        if why.kind == Kind::Http2Only
            && let Ok(again) = connect(self.target, self.address.as_slice(), self.options.timeout)
            && !speaks_http2(Socket::new(again.stream), name, self.options.timeout)
        {
            why = Diagnosis::new(
                Kind::TlsRefused,
                "The server refuses both HTTP/1.1 and HTTP/2 in the TLS handshake (ALPN): it speaks another \
                protocol.",
            );
        }
        why
    }

    /// What was asked for beyond the handshake, and the end.
    fn use_it(&mut self, mut session: Session) -> Result<Diagnosis, Diagnosis> {
        self.settle(&mut session)?;
        if let Some(text) = self.options.message.clone() {
            self.echo(&mut session, Stage::Message, &Message::text(text))?;
        }
        if let Some(size) = self.options.size {
            self.echo(&mut session, Stage::Size, &Message::binary(vec![b'w'; size]))?;
        }
        if let Some(whole) = self.options.hold {
            self.hold(&mut session, whole)?;
        }
        let begin = Instant::now();
        let said = session.close(begin + GOODBYE);
        let text = if said { "the server said goodbye too" } else { "without a goodbye of the server within 1 s" };
        self.step(Stage::Close, begin, true, text, Vec::new());
        Ok(Diagnosis::new(Kind::Open, self.success()))
    }

    /// What succeeded, in a sentence.
    fn success(&self) -> String {
        let mut done = vec!["the handshake succeeds"];
        if self.options.message.is_some() || self.options.size.is_some() {
            done.push("messages come back");
        }
        if self.options.hold.is_some() {
            done.push("the connection stays open");
        }
        let text = match &done[..] {
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
            [] => String::new(),
        };
        format!("The WebSocket works: {text}.")
    }

    /// Whether the connection is there a moment later.
    fn settle(&mut self, session: &mut Session) -> Result<(), Diagnosis> {
        let begin = Instant::now();
        while begin.elapsed() < SETTLE {
            if let News::End(end) = session.next(begin + SETTLE) {
                self.step(Stage::Settle, begin, false, end.text(), Vec::new());
                return Err(closed_at_once(&end));
            }
        }
        let sent = match session.seen.messages {
            0 => String::new(),
            1 => "; the server sent a message".into(),
            many => format!("; the server sent {many} messages"),
        };
        self.step(Stage::Settle, begin, true, format!("the connection stays{sent}"), Vec::new());
        Ok(())
    }

    /// Sends a message and waits for the same one.
    fn echo(&mut self, session: &mut Session, stage: Stage, message: &Message) -> Result<(), Diagnosis> {
        let begin = Instant::now();
        let until = begin + self.options.timeout;
        let size = message.len();
        let others = session.seen.messages;
        let mut end = session.send(message.clone()).err().filter(|end| !matches!(end, End::Fin | End::Reset));
        while end.is_none() && Instant::now() < until && session.seen.messages - others < MOST_MESSAGES {
            match session.next(until) {
                News::Message(back) if back == *message => {
                    let text = format!("{} there and back", bytes(size));
                    self.step(stage, begin, true, text, Vec::new());
                    return Ok(());
                }
                News::Message(_) | News::Nothing => {}
                News::End(how) => end = Some(how),
            }
        }
        let others = session.seen.messages - others;
        let (text, diagnosis) = match end {
            Some(end) => (end.text(), ended_by_message(&end, size, stage)),
            None => ("no echo".to_owned(), no_echo(others, size, begin.elapsed())),
        };
        self.step(stage, begin, false, text, Vec::new());
        Err(diagnosis)
    }

    /// Waits; where pings are asked for, a second connection has them, so that the two can be compared.
    fn hold(&mut self, session: &mut Session, whole: Duration) -> Result<(), Diagnosis> {
        let begin = Instant::now();
        let every = self.options.ping;
        let (idle, pinged): (Held, Option<Result<Held, Diagnosis>>) = std::thread::scope(|scope| {
            let (target, options) = (self.target, self.options);
            let second = every.map(|every| {
                scope.spawn(move || {
                    let mut nobody = ();
                    let mut beside = Attempt::new(target, options, &mut nobody);
                    let mut session = beside.open()?;
                    let held = hold(&mut session, whole, Some(every), &mut ());
                    if held.end.is_none() {
                        session.close(Instant::now() + GOODBYE);
                    }
                    Ok(held)
                })
            });
            let idle = hold(session, whole, None, self.watch);
            if second.is_some() {
                while begin.elapsed() < whole && second.as_ref().is_some_and(|second| !second.is_finished()) {
                    self.watch.holding(begin.elapsed(), whole);
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            (idle, second.and_then(|second| second.join().ok()))
        });
        let take = |step: &mut Self, held: &Held| {
            let (stage, passed, took) = (Stage::Hold, held.end.is_none(), held.lasted);
            let done = Step { stage, passed, took, text: held.text(), notes: held.notes() };
            step.watch.step(&done);
            step.steps.push(done);
        };
        take(self, &idle);
        let pinged = match pinged {
            Some(Ok(held)) => {
                take(self, &held);
                Some(held)
            }
            Some(Err(why)) => {
                self.step(
                    Stage::Hold,
                    begin,
                    false,
                    format!("the second connection failed: {}", why.kind.meaning()),
                    Vec::new(),
                );
                None
            }
            None => None,
        };
        self.silence = idle.end.as_ref().map(|_| idle.silent);
        let alone = pinged.as_ref().and_then(|held| held.diagnosis(None));
        match idle.diagnosis(pinged.as_ref()).or(alone) {
            Some(diagnosis) => Err(diagnosis),
            None => Ok(()),
        }
    }
}
