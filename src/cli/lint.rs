//! Linting: from arguments to a report.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use nginx_wslint::config::Memory;
use nginx_wslint::rules::{Finding, Options, Rule, RuleSet, Severity};
use nginx_wslint::websocket::{Confidence, Signals};
use nginx_wslint::{Linted, Linter};

use super::args::{FailOn, LintArgs};
use super::files::{Asked, Job, Overlay, jobs};
use super::settings::{Settings, unknown_rule};
use super::{CLEAN, FAILED, FINDINGS, Failure, fixing, output};

/// What one run works with.
pub(super) struct Session<'a> {
    pub(super) args: &'a LintArgs,
    pub(super) settings: Settings,
    pub(super) linter: Linter,
    pub(super) asked: Asked,
    pub(super) overlay: Overlay,
    pub(super) jobs: Vec<Job>,
    /// The name of what came on standard input.
    pub(super) stdin: Option<PathBuf>,
}

/// Lints, and fixes or shows the fixes if that is asked for.
pub(super) fn run(args: &LintArgs) -> Result<u8, Failure> {
    let session = Session::new(args, &args.paths)?;
    if args.show_settings {
        let text = toml::to_string(&session.settings)?;
        output::print(text.as_bytes());
        return Ok(CLEAN);
    }
    if args.fix || args.diff {
        return fixing::run(&session);
    }
    let linted: Vec<Linted<'_>> = session.jobs.iter().map(|job| session.lint(job, &session.overlay)).collect();
    session.report(&linted);
    Ok(session.exit_code(&linted))
}

impl<'a> Session<'a> {
    /// Reads settings and standard input, and finds out what is to be linted.
    pub(super) fn new(args: &'a LintArgs, paths: &[PathBuf]) -> Result<Self, Failure> {
        let builtin = RuleSet::builtin();
        let start = args.stdin_filename.as_deref().or(paths.first().map(PathBuf::as_path)).unwrap_or(Path::new("."));
        let settings = match &args.config {
            Some(file) => Settings::read(file, &builtin)?,
            None if args.isolated => Settings::default(),
            None => Settings::nearest(start, &builtin)?,
        };
        let linter = linter(args, &settings, builtin)?;
        let mut overlay = Overlay::default();
        let mut stdin = None;
        let mut dump_root = None;
        let asked = if paths.iter().any(|path| path == Path::new("-")) {
            if paths.len() > 1 {
                return Err(Failure("`-` reads standard input and stands alone".into()));
            }
            let name = args.stdin_filename.clone().unwrap_or_else(|| "<stdin>".into());
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            match Memory::from_dump(&bytes) {
                Some((memory, root)) if args.stdin_filename.is_none() || args.nginx_dump => {
                    overlay = Overlay { memory, only_memory: true };
                    dump_root = Some(root.clone());
                    Asked::only(root)
                }
                _ if args.nginx_dump => return Err(no_dump(&name)),
                _ => {
                    overlay.memory.insert(name.clone(), bytes);
                    stdin = Some(name.clone());
                    Asked::only(name)
                }
            }
        } else if args.nginx_dump {
            let [path] = paths else { return Err(Failure("--nginx-dump takes one file or `-`".into())) };
            let bytes =
                std::fs::read(path).map_err(|error| Failure(format!("{}: cannot be read: {error}", path.display())))?;
            let (memory, root) = Memory::from_dump(&bytes).ok_or_else(|| no_dump(path))?;
            overlay = Overlay { memory, only_memory: true };
            dump_root = Some(root.clone());
            Asked::only(root)
        } else {
            Asked::collect(paths, &settings, args.force_exclude)?
        };
        let jobs = match dump_root {
            Some(root) => vec![Job::new(root, Default::default(), true)],
            None => jobs(&asked, &args.root, &args.context, &settings, &overlay),
        };
        Ok(Self { args, settings, linter, asked, overlay, jobs, stdin })
    }

    /// Lints one configuration, with the severities of the settings.
    pub(super) fn lint(&self, job: &Job, reader: &Overlay) -> Linted<'_> {
        let mut linted = self.linter.check(job.tree(reader));
        linted.findings.retain_mut(|finding| match self.decided(finding.rule) {
            Some(None) => false,
            Some(Some(severity)) => {
                finding.severity = severity;
                true
            }
            None => true,
        });
        linted
    }

    fn decided(&self, rule: &Rule) -> Option<Option<Severity>> {
        let severities = &self.settings.severities;
        severities.get(&rule.id).or_else(|| severities.get(&rule.group)).copied()
    }

    /// Whether the user sees a finding: it is sure and severe enough, and in a file that was asked for.
    pub(super) fn shows(&self, job: &Job, linted: &Linted<'_>, finding: &Finding<'_>) -> bool {
        let wants_infos = self.args.pedantic || self.args.fail_on == FailOn::Info;
        let loud = finding.severity > Severity::Info || wants_infos;
        let sure = finding.confidence > Confidence::Possible || self.args.pedantic;
        let path = linted.tree.source(finding.place.directive).path();
        loud && sure && (job.whole || self.asked.contains(path))
    }

    /// Whether a file may be written: only what was asked for, and never text that came from elsewhere.
    pub(super) fn may_write(&self, path: &Path) -> bool {
        match &self.stdin {
            Some(name) => path == name,
            None => !self.overlay.only_memory && self.asked.contains(path),
        }
    }

    /// Prints what was found.
    pub(super) fn report(&self, linted: &[Linted<'_>]) {
        if self.args.quiet {
            return;
        }
        for (job, linted) in self.jobs.iter().zip(linted) {
            for problem in linted.tree.problems() {
                output::note(&format!("{}: {} {:?}", problem.path.display(), problem.message, problem.place));
            }
            for finding in linted.findings.iter().filter(|finding| self.shows(job, linted, finding)) {
                let (file, span) = finding.place.locate(&linted.tree);
                let source = &linted.tree.file(file).source;
                let at = source.line_column(span.start);
                let line = format!(
                    "{}:{}:{}: {}[{}] {} ({})\n",
                    source.path().display(),
                    at.line,
                    at.column,
                    finding.severity.name(),
                    finding.rule.id,
                    finding.message,
                    finding.confidence.name()
                );
                output::print(line.as_bytes());
            }
        }
    }

    /// The same on standard error, where standard output carries a text or a diff.
    pub(super) fn report_to_stderr(&self, linted: &[Linted<'_>], withdrawn: &[String]) {
        let _ = linted;
        withdrawn.iter().for_each(|line| output::note(line));
    }

    /// 2 when something could not be understood, else 1 when findings remain that count, else 0.
    pub(super) fn exit_code(&self, linted: &[Linted<'_>]) -> u8 {
        if linted.iter().any(|linted| !linted.tree.problems().is_empty()) {
            return FAILED;
        }
        let counts = |severity: Severity| match self.args.fail_on {
            FailOn::Never => false,
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Info => true,
        };
        let remains = self.jobs.iter().zip(linted).any(|(job, linted)| {
            linted.findings.iter().any(|finding| self.shows(job, linted, finding) && counts(finding.severity))
        });
        if remains { FINDINGS } else { CLEAN }
    }
}

fn no_dump(path: &Path) -> Failure {
    Failure(format!("{}: not the output of `nginx -T`: no line `# configuration file …:`", path.display()))
}

/// The rules and options that arguments and settings come to.
pub(super) fn linter(args: &LintArgs, settings: &Settings, mut rules: RuleSet) -> Result<Linter, Failure> {
    for folder in args.rules.iter().chain(&settings.rules_dir) {
        for rule in super::rules::read_folder(folder)? {
            rules.add(rule);
        }
    }
    for name in args.select.iter().chain(&args.ignore) {
        if !rules.iter().any(|rule| rule.id == *name || rule.group == *name) {
            return Err(Failure(unknown_rule(name, &rules)));
        }
    }
    let listed = |names: &[String], rule: &Rule| names.iter().any(|name| *name == rule.id || *name == rule.group);
    rules.retain(|rule| args.select.is_empty() || listed(&args.select, rule));
    rules.retain(|rule| !listed(&args.ignore, rule));
    Ok(Linter {
        rules,
        signals: Signals::builtin(),
        routes: settings.routes.clone(),
        options: Options {
            version: args.nginx_version.or(settings.nginx_version),
            read_timeout: settings.read_timeout.clone(),
        },
    })
}

/// Texts by path.
pub(super) type Texts = BTreeMap<PathBuf, Vec<u8>>;
