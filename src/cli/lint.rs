//! Linting: from arguments to a report.

use std::io::Read;
use std::path::{Path, PathBuf};

use nginx_wslint::config::{Memory, Reader};
use nginx_wslint::report::{Builder, Report, Scope};
use nginx_wslint::rules::{Finding, Options, Rule, RuleSet, Severity};
use nginx_wslint::websocket::{Confidence, Signals};
use nginx_wslint::{Linted, Linter};

use super::args::{FailOn, InputArgs, LintArgs};
use super::files::{Asked, Job, Overlay, at_once, jobs};
use super::output::Stream;
use super::outputs::Outputs;
use super::progress::Progress;
use super::settings::{Settings, unknown_rule};
use super::{CLEAN, FAILED, FINDINGS, Failure, fixing, output, outputs};

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
    /// Where reports go.
    outputs: Outputs<'a>,
}

/// Lints, and fixes or shows the fixes if that is asked for.
pub(super) fn run(args: &LintArgs) -> Result<u8, Failure> {
    // Who types a configuration is not to be hurried.
    let typed = args.input.paths.iter().any(|path| path == Path::new("-"));
    let progress = Progress::start(!typed && !args.quiet && !args.silent);
    let session = Session::new(args)?;
    if args.show_settings {
        let text = toml::to_string(&session.settings)?;
        output::print(text.as_bytes());
        return Ok(CLEAN);
    }
    if args.fix || args.diff {
        return fixing::run(&session, progress);
    }
    progress.total(session.jobs.len());
    let lint = |job: &Job| {
        let linted = session.lint(job, &session.overlay);
        progress.step();
        linted
    };
    let linted: Vec<Linted<'_>> = at_once(&session.jobs, lint);
    drop(progress);
    session.write(&session.collect(&linted).finish(), Stream::Out)?;
    let code = session.exit_code(&linted);
    // The program ends here: to free what millions of statements took would be work for nothing.
    std::mem::forget(linted);
    Ok(code)
}

impl<'a> Session<'a> {
    /// Reads settings and standard input, and finds out what is to be linted.
    pub(super) fn new(args: &'a LintArgs) -> Result<Self, Failure> {
        let outputs = Outputs::new(args)?;
        let input = &args.input;
        let paths = &input.paths[..];
        let builtin = RuleSet::builtin();
        let start = input.stdin_filename.as_deref().or(paths.first().map(PathBuf::as_path)).unwrap_or(Path::new("."));
        let settings = match &args.settings.config {
            Some(file) => Settings::read(file, &builtin)?,
            None if args.settings.isolated => Settings::default(),
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
            let name = input.stdin_filename.clone().unwrap_or_else(|| "<stdin>".into());
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            match Memory::from_dump(&bytes) {
                Some((memory, root)) if input.stdin_filename.is_none() || input.nginx_dump => {
                    overlay = Overlay::only(memory);
                    dump_root = Some(root.clone());
                    Asked::only(root)
                }
                _ if input.nginx_dump => return Err(no_dump(&name)),
                _ => {
                    overlay.memory.insert(name.clone(), bytes);
                    stdin = Some(name.clone());
                    let excluded = args.settings.force_exclude && settings.excludes(&name);
                    if excluded { Asked::default() } else { Asked::only(name) }
                }
            }
        } else if let Some((memory, root)) = dump_in_file(input)? {
            overlay = Overlay::only(memory);
            dump_root = Some(root.clone());
            Asked::only(root)
        } else {
            Asked::collect(paths, &settings, args.settings.force_exclude)?
        };
        if let Some(path) = outputs.paths().find(|path| asked.contains(path)) {
            return Err(Failure(format!("{}: a report must not replace what is linted", path.display())));
        }
        let jobs = match dump_root {
            Some(root) => vec![Job::new(root, Default::default(), true)],
            None => jobs(&asked, &input.root, &input.context, &settings, &overlay),
        };
        Ok(Self { args, settings, linter, asked, overlay, jobs, stdin, outputs })
    }

    /// A session in which nothing is asked for yet.
    pub(super) fn empty(args: &'a LintArgs, settings: Settings) -> Result<Self, Failure> {
        let linter = linter(args, &settings, RuleSet::builtin())?;
        let (asked, overlay) = Default::default();
        let outputs = Outputs::new(args)?;
        Ok(Self { args, settings, linter, asked, overlay, jobs: Vec::new(), stdin: None, outputs })
    }

    /// Lints one configuration, with the severities of the settings.
    pub(super) fn lint(&self, job: &Job, reader: &dyn Reader) -> Linted<'_> {
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

    /// What was found, ready to be written.
    pub(super) fn collect(&self, linted: &[Linted<'_>]) -> Builder {
        let mut builder = Builder::new().at(outputs::base());
        if self.outputs.have_background() {
            builder = builder.with_background(self.linter.options.version);
        }
        for (job, linted) in self.jobs.iter().zip(linted) {
            let scope = Scope {
                asked: &|path| job.whole || self.asked.contains(path),
                shown: &|finding| self.shows(job, linted, finding),
                editable: &|path| self.may_write(path),
            };
            builder.add(linted, &scope);
        }
        builder
    }

    /// Writes a report in every form that is asked for: to standard output, or to standard error where the other carries
    /// a text or a diff.
    pub(super) fn write(&self, report: &Report, to: Stream) -> Result<(), Failure> {
        self.outputs.write(report, to)
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

/// So many bytes show whether a file starts as a dump does.
const DUMP_HEAD: u64 = 64 * 1024;

/// The dump in the one file that is named, if it is said to be one or starts as one does.
fn dump_in_file(input: &InputArgs) -> Result<Option<(Memory, PathBuf)>, Failure> {
    let [path] = &input.paths[..] else {
        let wanted = input.nginx_dump;
        return if wanted { Err(Failure("--nginx-dump takes one file or `-`".into())) } else { Ok(None) };
    };
    if !input.nginx_dump && !path.is_file() {
        return Ok(None);
    }
    let read = || {
        let mut head = Vec::new();
        std::fs::File::open(path)?.take(DUMP_HEAD).read_to_end(&mut head)?;
        if input.nginx_dump || starts_as_dump(&head) { std::fs::read(path) } else { Ok(head) }
    };
    match read() {
        Ok(bytes) if input.nginx_dump || starts_as_dump(&bytes) => match Memory::from_dump(&bytes) {
            None if input.nginx_dump => Err(no_dump(path)),
            dump => Ok(dump),
        },
        // Whoever reads it next says why it cannot be read.
        Err(error) if input.nginx_dump => Err(Failure(format!("{}: cannot be read: {error}", path.display()))),
        _ => Ok(None),
    }
}

/// Whether the first line, but for what nginx says of the test, names a file. Further down it may be anybody's comment.
fn starts_as_dump(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.find(|line| !line.starts_with(b"nginx: ")).is_some_and(|line| line.starts_with(b"# configuration file "))
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
            version: args.input.nginx_version.or(settings.nginx_version),
            read_timeout: settings.read_timeout.clone(),
        },
    })
}
