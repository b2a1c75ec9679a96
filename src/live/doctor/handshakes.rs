//! Handshakes through nginx, and straight to the backends.

use super::checkup::{Problem, State, Step, Trial};
use super::endpoints::{Endpoint, backends, endpoints};
use super::examine::Visit;
use super::logs::{Here, Own};
use crate::live::Located;
use crate::live::log::now;
use crate::live::probe::{Kind, Options, Report, Stage, Target, compare, probe};
use crate::report::probe::Place;

/// How many routes are tried where no URL is given.
const MOST_ENDPOINTS: usize = 4;

impl Visit<'_, '_> {
    pub(super) fn handshakes(&mut self) {
        let given = self.ask.target.clone().map(|target| Endpoint { target, host: self.ask.options.host.clone() });
        let (all, more) = match (given, &self.ask.linted) {
            (Some(given), _) => (vec![given], 0),
            (None, Ok(linted)) => endpoints(linted, MOST_ENDPOINTS),
            (None, Err(_)) => (Vec::new(), 0),
        };
        if all.is_empty() {
            let why = if self.ask.linted.is_ok() {
                "the configuration offers no WebSocket whose URL could be told; name it: doctor wss://…"
            } else {
                "name the URL: doctor wss://…"
            };
            self.step(Step::new("handshake", State::Skipped, why));
        }
        for endpoint in all {
            self.handshake(&endpoint);
        }
        if more > 0 {
            let text = format!("{more} more routes that carry WebSockets; name the URL of the one you mean");
            self.step(Step::new("handshake", State::Skipped, text));
        }
    }

    fn handshake(&mut self, endpoint: &Endpoint) {
        let options = Options { host: endpoint.host.clone(), ..self.ask.options.clone() };
        let began = now();
        let mut through = probe(&endpoint.target, &options, &mut ());
        let name = options.name(&endpoint.target).to_owned();
        let host = options.host.clone().unwrap_or_else(|| endpoint.target.authority(&endpoint.target.host));
        let answered = through.answer.is_some();
        self.own.push(Own { began, target: endpoint.target.path.clone(), host: host.clone(), answered });
        let linted = self.ask.linted.as_ref().ok().filter(|linted| linted.tree.problems().is_empty());
        let address = through.address.map(|address| address.ip());
        let located = linted.and_then(|linted| Located::find(linted, &endpoint.target, &name, address));
        if let Some((linted, located)) = linted.zip(located.as_ref()) {
            self.here.push(Here::new(&linted.tree, located.served.server, located.reached.location()));
            through.diagnosis = located.own_answer(linted, &through).unwrap_or(through.diagnosis);
        }
        let direct = match (&self.ask.backend, linted, &located) {
            (Some(backend), ..) => Ok((vec![backend.clone()], None)),
            (None, Some(_), Some(located)) if located.rewritten => Err("the path is rewritten on the way".to_owned()),
            (None, Some(linted), Some(located)) => match located.routes.first() {
                Some(&route) => {
                    let route = &linted.routes.all[route];
                    backends(&linted.tree, route, &endpoint.target, &host).map(|(all, host)| (all, Some(host)))
                }
                None => Err("no route of the configuration leads to one".to_owned()),
            },
            _ => Err("without the configuration its address is not known; say --backend".to_owned()),
        };
        let asked = match name == endpoint.target.host {
            true => String::new(),
            false => format!(" as {name}"),
        };
        let mut asleep = Vec::new();
        // A backend behind TLS is not held to the certificate that a client of nginx would ask for.
        let direct = direct.and_then(|(all, host)| {
            let (direct, others) =
                tried(&all, &Options { host, ..options.clone() }).ok_or("it has no server that takes requests")?;
            asleep = others;
            Ok(direct)
        });
        let mut verdict =
            direct.as_ref().map_or_else(|_| through.diagnosis.clone(), |direct| compare(&through, direct));
        let no_master = self.ask.running.as_ref().is_ok_and(|running| running.masters().next().is_none());
        if through.diagnosis.kind == Kind::Refused && no_master {
            verdict.advice.insert(0, "No nginx is running on this machine: start it.".into());
        }
        let place = linted.zip(located).map(|(linted, located)| {
            let located = located.explain(linted, &verdict).answered_by(linted, &through);
            Place::new(linted, &located, self.ask.shows)
        });
        let (text, backend_step) = (
            format!("{}{asked}: {}", through.url, summary(&through)),
            match &direct {
                Ok(direct) => {
                    let state = if direct.is_healthy() { State::Good } else { State::Note };
                    let mut step = Step::new("backend", state, format!("{}: {}", direct.url, summary(direct)));
                    step.took = Some(took(direct));
                    if direct.is_healthy() && !asleep.is_empty() {
                        step.state = State::Note;
                    }
                    step.notes = asleep.iter().map(|one| format!("{}: {}", one.url, summary(one))).collect();
                    step
                }
                Err(why) => Step::new("backend", State::Skipped, why),
            },
        );
        let trial = Trial { through, direct: direct.ok(), verdict, place, wrote: Vec::new() };
        let is_bad = self.is_bad(&trial);
        let state = match (trial.through.is_healthy(), is_bad) {
            (true, _) => State::Good,
            (false, true) => State::Bad,
            (false, false) => State::Note,
        };
        let mut step = Step::new("handshake", state, text);
        step.took = Some(took(&trial.through));
        if state == State::Note {
            step.notes
                .push("The URL is a guess from the configuration, and the application refuses it: name the one that clients use.".into());
        }
        self.step(step);
        self.step(backend_step);
        if is_bad {
            self.blame(&trial);
        }
        self.checkup.trials.push(trial);
    }

    /// Notes what a handshake showed, before it is put with the others.
    fn blame(&mut self, trial: &Trial) {
        let mut rules: Vec<String> = trial.verdict.rules.iter().map(|&rule| rule.to_owned()).collect();
        if let Some(place) = trial.place.as_ref().filter(|place| place.explaining > 0) {
            // What stands in the configuration counts before what might.
            rules = place.findings.iter().take(place.explaining).map(|finding| finding.rule.clone()).collect();
        }
        self.checkup.found(Problem {
            id: trial.verdict.kind.id().to_owned(),
            cause: trial.verdict.sentence.clone(),
            advice: trial.verdict.advice.clone(),
            rules,
            handshake: Some(self.checkup.trials.len()),
            rank: 2,
        });
    }

    /// Whether a handshake shows something wrong with nginx or its backend. A URL that nobody named may be none of the
    /// application's: that both answer it alike with a refusal means nothing.
    fn is_bad(&self, trial: &Trial) -> bool {
        if trial.through.is_healthy() {
            return false;
        }
        let explained = trial.place.as_ref().is_some_and(|place| place.explaining > 0);
        let status = trial.through.answer.as_ref().map_or(0, |answer| answer.status);
        self.ask.target.is_some()
            || explained
            || trial.verdict.kind == Kind::ProxyAtFault
            || status == 0
            || status >= 500
    }
}

/// Tries the servers of a backend until one can be connected to: that one, or the first where none can, and the others
/// that were tried. None where there is no server.
fn tried(all: &[Target], options: &Options) -> Option<(Report, Vec<Report>)> {
    let mut others = Vec::new();
    for backend in all {
        let report = probe(backend, options, &mut ());
        if report.steps.iter().any(|step| step.stage == Stage::Connect && step.passed) {
            return Some((report, others));
        }
        others.push(report);
    }
    let mut others = others.into_iter();
    Some((others.next()?, others.collect()))
}

/// What a handshake came to, in a few words.
fn summary(report: &Report) -> String {
    if report.is_healthy() {
        return "101, open".to_owned();
    }
    match &report.answer {
        Some(answer) if answer.status != 101 => format!("{} {}", answer.status, answer.reason).trim_end().to_owned(),
        _ => report.diagnosis.kind.meaning().to_owned(),
    }
}

fn took(report: &Report) -> std::time::Duration {
    let steps = report.steps.iter().filter(|step| !matches!(step.stage, Stage::Settle | Stage::Close));
    steps.map(|step| step.took).sum()
}
