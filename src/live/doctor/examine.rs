//! Looking at each part in turn.

use std::path::PathBuf;

use super::checkup::{Checkup, Problem, State, Step, Trial};
use super::endpoints::{Endpoint, backend, endpoints, ports};
use super::logs::{Place as LogPlace, places, triage};
use super::nginx::Said;
use super::processes::{Role, Running};
use crate::Linted;
use crate::live::Located;
use crate::live::log::{About, Cause, LogSummary, Seconds, clock, since};
use crate::live::probe::{Kind, Options, Report, Stage, Target, compare, probe};
use crate::report::probe::Place;
use crate::rules::{Finding, Safety, Severity};

/// How many routes are tried where no URL is given.
const MOST_ENDPOINTS: usize = 4;

/// What is to be looked at, as far as it is there.
pub struct Ask<'a> {
    /// The configuration, read and checked; else why there is none.
    pub linted: Result<&'a Linted<'a>, String>,
    /// Which findings the user wants to see.
    pub shows: &'a dyn Fn(&Finding<'_>) -> bool,
    /// What nginx says of the configuration; else why it was not asked.
    pub tested: Result<Said, String>,
    /// The URL; without one, those that the configuration offers.
    pub target: Option<Target>,
    /// The backend, where it is not to be taken from the configuration.
    pub backend: Option<Target>,
    /// How handshakes are made.
    pub options: Options,
    /// Where relative paths of the configuration start.
    pub prefix: Option<PathBuf>,
    /// The log that is written to where the configuration names none.
    pub default_log: Option<PathBuf>,
    /// From when on log lines count.
    pub since: Seconds,
    /// The processes; else why they cannot be seen.
    pub running: Result<Running, String>,
    /// The master whose configuration this is, where it runs.
    pub master: Option<u32>,
}

/// Looks at everything; `tell` is told each step as it is done.
pub fn examine(ask: &Ask<'_>, tell: &mut dyn FnMut(&Step)) -> Checkup {
    let mut visit = Visit { ask, checkup: Checkup::default(), tell, began: since("0s").unwrap_or_default() };
    visit.lint();
    visit.test();
    visit.handshakes();
    visit.logs();
    visit.connections();
    visit.processes();
    visit.checkup
}

struct Visit<'v, 'a> {
    ask: &'v Ask<'a>,
    checkup: Checkup,
    tell: &'v mut dyn FnMut(&Step),
    /// When it began, by the clock on the wall.
    began: Seconds,
}

impl Visit<'_, '_> {
    fn step(&mut self, step: Step) {
        (self.tell)(&step);
        self.checkup.steps.push(step);
    }

    fn lint(&mut self) {
        let linted = match &self.ask.linted {
            Ok(linted) => *linted,
            Err(why) => return self.step(Step::new("lint", State::Skipped, why)),
        };
        let file = linted.tree.files().first().map(|file| file.source.path().display().to_string()).unwrap_or_default();
        if let Some(problem) = linted.tree.problems().first() {
            let line = problem.place.map(|(file, span)| linted.tree.file(file).source.line_column(span.start).line);
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            let cause = format!("{}{line}: {}", problem.path.display(), problem.message);
            self.step(Step::new("lint", State::Bad, &cause));
            let advice = vec!["Mend it first: what stands behind it cannot be judged.".to_owned()];
            self.found(0, "configuration", cause, advice, Vec::new());
            return;
        }
        let mut shown: Vec<&Finding<'_>> = linted.findings.iter().filter(|finding| (self.ask.shows)(finding)).collect();
        shown.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let count = |severity| shown.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let found = match (errors, warnings) {
            (0, 0) => "nothing found".to_owned(),
            (0, warnings) => number(warnings, "warning"),
            (errors, 0) => number(errors, "error"),
            (errors, warnings) => format!("{}, {}", number(errors, "error"), number(warnings, "warning")),
        };
        let files = number(linted.tree.files().len(), "file");
        let state = if errors + warnings > 0 { State::Bad } else { State::Good };
        let mut step = Step::new("lint", state, format!("{file} ({files}): {found}"));
        const MOST: usize = 3;
        step.notes = shown.iter().take(MOST).map(|finding| line_of(linted, finding)).collect();
        if shown.len() > MOST {
            step.notes.push(format!("and {} more: nginx-wslint {file}", shown.len() - MOST));
        }
        self.step(step);
        for finding in shown.iter().filter(|finding| finding.severity > Severity::Info) {
            let rank = if finding.severity == Severity::Error { 4 } else { 5 };
            let cause = format!("{} ({})", finding.message, place_of(linted, finding));
            let fix = finding.fix.as_ref().filter(|fix| fix.safety != Safety::Advice).map(|fix| fix.title.clone());
            self.found(rank, &finding.rule.id, cause, fix.into_iter().collect(), vec![finding.rule.id.clone()]);
        }
    }

    fn test(&mut self) {
        let step = match &self.ask.tested {
            Err(why) => Step::new("nginx -t", State::Skipped, why),
            Ok(said) if said.success => Step::new("nginx -t", State::Good, "nginx accepts it"),
            Ok(said) => {
                let complaint = said.complaint();
                let cause = format!("nginx refuses the configuration: {complaint}");
                let advice =
                    "Until it is mended nginx does not start, and a reload leaves the old configuration in place.";
                self.found(1, "configuration", cause, vec![advice.to_owned()], Vec::new());
                Step::new("nginx -t", State::Bad, complaint)
            }
        };
        self.step(step);
    }

    fn handshakes(&mut self) {
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
        let through = probe(&endpoint.target, &options, &mut ());
        let name = options.name(&endpoint.target).to_owned();
        let linted = self.ask.linted.as_ref().ok().filter(|linted| linted.tree.problems().is_empty());
        let address = through.address.map(|address| address.ip());
        let located = linted.and_then(|linted| Located::find(linted, &endpoint.target, &name, address));
        let direct = match (&self.ask.backend, linted, &located) {
            (Some(backend), ..) => Ok((backend.clone(), None)),
            (None, Some(linted), Some(located)) => match located.routes.first() {
                Some(&route) => {
                    let host = options.host.clone().unwrap_or_else(|| endpoint.target.authority(&endpoint.target.host));
                    let route = &linted.routes.all[route];
                    backend(&linted.tree, route, &endpoint.target, &host).map(|(backend, host)| (backend, Some(host)))
                }
                None => Err("no route of the configuration leads to one".to_owned()),
            },
            _ => Err("without the configuration its address is not known; say --backend".to_owned()),
        };
        let asked = match name == endpoint.target.host {
            true => String::new(),
            false => format!(" as {name}"),
        };
        let direct = direct.map(|(backend, host)| {
            let options = Options { host, ..options.clone() };
            // A backend behind TLS is not held to the certificate that a client of nginx would ask for.
            probe(&backend, &options, &mut ())
        });
        let verdict = direct.as_ref().map_or_else(|_| through.diagnosis.clone(), |direct| compare(&through, direct));
        let place = linted.zip(located).map(|(linted, located)| {
            let located = located.explain(linted, &verdict);
            Place::new(linted, &located, self.ask.shows)
        });
        let (text, backend_step) = (
            format!("{}{asked}: {}", through.url, summary(&through)),
            match &direct {
                Ok(direct) => {
                    let state = if direct.is_healthy() { State::Good } else { State::Note };
                    let mut step = Step::new("backend", state, format!("{}: {}", direct.url, summary(direct)));
                    step.took = Some(took(direct));
                    step
                }
                Err(why) => Step::new("backend", State::Skipped, why),
            },
        );
        let trial = Trial { through, direct: direct.ok(), verdict, place };
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
            let number = self.checkup.trials.len();
            let mut rules: Vec<String> = trial.verdict.rules.iter().map(|&rule| rule.to_owned()).collect();
            if let Some(place) = &trial.place {
                // What stands in the configuration counts before what might.
                let found = place.findings.iter().take(place.explaining).map(|finding| finding.rule.clone());
                let found: Vec<String> = found.collect();
                if !found.is_empty() {
                    rules = found;
                }
            }
            let mut advice = trial.verdict.advice.clone();
            let no_master = self.ask.running.as_ref().is_ok_and(|running| running.masters().next().is_none());
            if trial.through.diagnosis.kind == Kind::Refused && no_master {
                advice.insert(0, "No nginx is running on this machine: start it.".into());
            }
            self.checkup.found(Problem {
                id: trial.verdict.kind.id().to_owned(),
                cause: trial.verdict.sentence.clone(),
                advice,
                rules,
                handshake: Some(number),
                rank: 2,
            });
        }
        self.checkup.trials.push(trial);
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

    fn logs(&mut self) {
        let Ok(linted) = self.ask.linted else {
            return self.step(Step::new(
                "log",
                State::Skipped,
                "without the configuration its place is not known: nginx-wslint log FILE",
            ));
        };
        let all = places(&linted.tree, self.ask.prefix.as_deref(), self.ask.default_log.as_deref());
        if all.is_empty() {
            self.step(Step::new(
                "log",
                State::Skipped,
                "the configuration names no error_log; see nginx-wslint log FILE",
            ));
        }
        for place in all {
            match place {
                LogPlace::Elsewhere(written) => {
                    let text = format!("goes to {written}; pipe what collects it into nginx-wslint log -");
                    self.step(Step::new("log", State::Skipped, text));
                }
                LogPlace::File(file) => match triage(&file, self.ask.since) {
                    Ok((summary, is_tail)) => self.log(&file.display().to_string(), &summary, is_tail),
                    Err(error) => {
                        let text = format!("{}: cannot be read: {error}", file.display());
                        self.step(Step::new("log", State::Skipped, text));
                    }
                },
            }
        }
    }

    fn log(&mut self, file: &str, summary: &LogSummary, is_tail: bool) {
        let counting: Vec<&Cause> = summary.causes.iter().filter(|cause| self.counts(cause)).collect();
        let listed: Vec<String> =
            summary.causes.iter().take(4).map(|cause| format!("{} x {}", cause.count, cause.id)).collect();
        let more = summary.causes.len().saturating_sub(4);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let after = clock(self.ask.since);
        let text = match listed.is_empty() {
            true => format!("{file}: nothing about WebSockets since {after}"),
            false => format!("{file}: {}{more} since {after}", listed.join(", ")),
        };
        let state = match (counting.is_empty(), listed.is_empty()) {
            (false, _) => State::Bad,
            (true, false) => State::Note,
            (true, true) => State::Good,
        };
        let mut step = Step::new("log", state, text);
        if !listed.is_empty() {
            step.notes.push(format!("in full: nginx-wslint log {file}"));
        }
        if summary.error_log_lines > 0 && !summary.shows_info {
            step.notes.push("It is not written at level info, where cut idle WebSockets are told.".into());
        }
        if is_tail {
            step.notes.push("Only its last 64 MiB were read.".into());
        }
        self.step(step);
        for cause in counting {
            if self.explain_by_log(cause) {
                continue;
            }
            let rank = if cause.severity == Severity::Error { 3 } else { 6 };
            let lines = number(usize::try_from(cause.count).unwrap_or(usize::MAX), "line");
            let sentence = format!("{} ({lines} in {file}, the last at {})", cause.cause, clock(cause.to));
            self.found(rank, &cause.id, sentence, vec![cause.change.clone()], cause.rules.clone());
        }
    }

    /// Whether a cause in the log is a problem now. What is about requests counts for nothing once a handshake succeeds.
    fn counts(&self, cause: &Cause) -> bool {
        let works =
            !self.checkup.trials.is_empty() && self.checkup.trials.iter().all(|trial| trial.through.is_healthy());
        cause.severity > Severity::Info && (matches!(cause.about, About::Websocket | About::Nginx) || !works)
    }

    /// Adds what nginx wrote of the handshake that just failed, if this is it.
    fn explain_by_log(&mut self, cause: &Cause) -> bool {
        let just_now = cause.to >= self.began && matches!(cause.about, About::Request | About::Path);
        let wrote = format!("nginx wrote about it: `{}`. {} {}", cause.message, cause.cause, cause.change);
        match self.checkup.failed_handshake() {
            Some(problem) if just_now => {
                problem.advice.push(wrote);
                problem.rules.extend(cause.rules.iter().cloned());
                true
            }
            _ => false,
        }
    }

    fn connections(&mut self) {
        let (running, linted) = match (&self.ask.running, &self.ask.linted) {
            (Err(why), _) => return self.step(Step::new("connections", State::Skipped, why)),
            (Ok(_), Err(_)) => {
                let text = "without the configuration the ports are not known";
                return self.step(Step::new("connections", State::Skipped, text));
            }
            (Ok(running), Ok(linted)) => (running, linted),
        };
        let in_front = ports(&linted.tree).into_iter().map(|port| {
            let count = running.connections.iter().filter(|one| one.local.port() == port).count();
            format!("{count} to port {port}")
        });
        let mut behind: Vec<(String, usize)> = Vec::new();
        for trial in &self.checkup.trials {
            let Some(address) = trial.direct.as_ref().and_then(|direct| direct.address) else { continue };
            let count = running.connections.iter().filter(|one| one.remote == address).count();
            if !behind.iter().any(|(known, _)| *known == address.to_string()) {
                behind.push((address.to_string(), count));
            }
        }
        let behind = behind.iter().map(|(address, count)| format!("{count} on to {address}"));
        let text = in_front.take(4).chain(behind.take(4)).collect::<Vec<_>>().join(", ");
        let text = if text.is_empty() {
            "the configuration listens on no port".into()
        } else {
            format!("established: {text}")
        };
        self.step(Step::new("connections", State::Good, text));
    }

    fn processes(&mut self) {
        let running = match &self.ask.running {
            Ok(running) => running,
            Err(why) => return self.step(Step::new("processes", State::Skipped, why)),
        };
        let masters: Vec<_> = running.masters().collect();
        let several = masters.len() > 1;
        if masters.is_empty() {
            return self.step(Step::new("processes", State::Note, "no nginx is running that this user can see"));
        }
        for master in masters {
            let of = |role: Role| running.children(master).filter(move |child| child.role == role);
            let old: Vec<_> = of(Role::OldWorker).collect();
            let this = if several && self.ask.master == Some(master.pid) { " (this configuration)" } else { "" };
            let mut text = format!("master {}{this}, {}", master.pid, number(of(Role::Worker).count(), "worker"));
            let mut state = State::Good;
            let mut notes = Vec::new();
            if !old.is_empty() {
                state = State::Note;
                text.push_str(&format!(", {} still shutting down", number(old.len(), "old worker")));
                for worker in old.iter().take(4) {
                    let open = worker.connections.map(|count| format!(", {} open", number(count, "connection")));
                    notes.push(format!("{} is shutting down{}", worker.pid, open.unwrap_or_default()));
                }
                notes.push("They stay, with the old configuration, until their last WebSocket closes; worker_shutdown_timeout bounds that (no-shutdown-timeout).".into());
            }
            self.step(Step { notes, ..Step::new("processes", state, text) });
        }
    }

    fn found(&mut self, rank: u8, id: &str, cause: String, advice: Vec<String>, rules: Vec<String>) {
        self.checkup.found(Problem { id: id.to_owned(), cause, advice, rules, handshake: None, rank });
    }
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

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn place_of(linted: &Linted<'_>, finding: &Finding<'_>) -> String {
    let (file, span) = finding.place.locate(&linted.tree);
    let source = &linted.tree.file(file).source;
    format!("{}:{}", source.path().display(), source.line_column(span.start).line)
}

fn line_of(linted: &Linted<'_>, finding: &Finding<'_>) -> String {
    format!("{}: {}[{}]", place_of(linted, finding), finding.severity.name(), finding.rule.id)
}
