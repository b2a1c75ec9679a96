//! Linting: from arguments to a report.

use std::io::Read;
use std::path::{Path, PathBuf};

use nginx_wslint::config::{Memory, Reader};
use nginx_wslint::report::baseline::Baseline;
use nginx_wslint::report::{Builder, Report, Scope};
use nginx_wslint::rules::{Finding, Options, Rule, RuleSet, Severity};
use nginx_wslint::websocket::{Confidence, Signals};
use nginx_wslint::{Linted, Linter};

use super::args::{FailOn, InputArgs, LintArgs};
use super::files::{Asked, Job, at_once, jobs, shared};
use super::filter::{self, Stdin};
use super::output::Stream;
use super::outputs::Outputs;
use super::overlay::Overlay;
use super::progress::Progress;
use super::rules::read_folder;
use super::settings::{Settings, unknown_rule};
use super::{CLEAN, FAILED, FINDINGS, Failure, fixing, output, outputs};

/// The rule about comments that have nothing to silence.
const UNUSED_IGNORE: &str = "unused-ignore";

/// What stands for every rule in `--select` and `--ignore`.
const ALL: &str = "all";

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
    /// Files that several of the configurations include.
    shared: Asked,
    baseline: Option<Baseline>,
}

/// Lints, and fixes or shows the fixes if that is asked for.
pub(super) fn run(args: &LintArgs) -> Result<u8, Failure> {
    // Who types a configuration is not to be hurried.
    let typed = args.input.paths.iter().any(|path| path == Path::new("-"));
    let progress = Progress::start(!typed && !args.quiet && !args.silent);
    if args.show_settings {
        // What they apply to need not be there yet.
        let session = Session::empty(args, |rules, own| settings(args, rules, own))?;
        output::print(session.settings.shown(args).as_bytes());
        return Ok(CLEAN);
    }
    if filter::is_meant(args) {
        return filter::run(args, progress);
    }
    let session = Session::new(args)?;
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
    let report = session.finish(session.collect(&linted));
    session.write(&report, Stream::Out)?;
    let code = session.exit_code(&report);
    // The program ends here: to free what millions of statements took would be work for nothing.
    std::mem::forget(linted);
    std::mem::forget(session);
    Ok(code)
}

impl<'a> Session<'a> {
    /// Reads settings and standard input, and finds out what is to be linted.
    pub(super) fn new(args: &'a LintArgs) -> Result<Self, Failure> {
        Self::reading(args, &Stdin::default())
    }

    /// The same with a standard input that somebody else wants to read too.
    pub(super) fn reading(args: &'a LintArgs, stdin_text: &Stdin) -> Result<Self, Failure> {
        let outputs = Outputs::new(args)?;
        let input = &args.input;
        let paths = &input.paths[..];
        let (settings, rules) = with_rules(args, |rules, own| settings(args, rules, own))?;
        let linter = linter(args, &settings, rules)?;
        let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
        let mut overlay = Overlay::default();
        let mut stdin = None;
        let mut dump_root = None;
        let asked = if paths.iter().any(|path| path == Path::new("-")) {
            if paths.len() > 1 {
                return Err(Failure("`-` reads standard input and stands alone".into()));
            }
            let name = input.stdin_filename.clone().unwrap_or_else(|| "<stdin>".into());
            let bytes = stdin_text.text()?;
            if bytes.is_empty() && input.stdin_filename.is_none() {
                // As when `nginx -T |` has failed: that is no configuration without mistakes.
                return Err(Failure("standard input is empty".into()));
            }
            match Memory::from_dump(bytes) {
                Some((memory, root)) if input.stdin_filename.is_none() || input.nginx_dump => {
                    overlay = Overlay::only(memory);
                    dump_root = Some(root.clone());
                    Asked::only(root)
                }
                _ if input.nginx_dump => return Err(no_dump(&name)),
                _ => {
                    overlay.memory.insert(name.clone(), bytes.to_vec());
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
        overlay.name_as(&asked);
        if let Some(missing) = input.root.iter().find(|root| !root.is_file()) {
            return Err(Failure(format!("{}: no such file, named by --root", missing.display())));
        }
        if dump_root.is_some() && args.fix {
            return Err(Failure("the output of `nginx -T` cannot be fixed; use --diff, or name the files".into()));
        }
        let jobs = match dump_root {
            Some(root) => vec![Job::new(root, Default::default(), true)],
            None => jobs(&asked, &input.root, &input.context, &settings, &overlay),
        };
        let shared = shared(&jobs);
        Ok(Self { args, settings, linter, asked, overlay, jobs, stdin, outputs, shared, baseline })
    }

    /// A session in which nothing is asked for yet; see [`with_rules`].
    pub(super) fn empty(
        args: &'a LintArgs,
        read: impl FnOnce(&mut RuleSet, &[Rule]) -> Result<Settings, Failure>,
    ) -> Result<Self, Failure> {
        let (settings, rules) = with_rules(args, read)?;
        let linter = linter(args, &settings, rules)?;
        let (asked, overlay, shared) = Default::default();
        let outputs = Outputs::new(args)?;
        let (jobs, stdin, baseline) = Default::default();
        Ok(Self { args, settings, linter, asked, overlay, jobs, stdin, outputs, shared, baseline })
    }

    /// Lints one configuration, with the severities of the settings.
    pub(super) fn lint(&self, job: &Job, reader: &dyn Reader) -> Linted<'_> {
        let mut linted = self.linter.check(job.tree(reader));
        for finding in linted.findings.iter_mut().chain(&mut linted.silenced) {
            finding.severity = self.decided(finding.rule).flatten().unwrap_or(finding.severity);
        }
        linted
    }

    fn decided(&self, rule: &Rule) -> Option<Option<Severity>> {
        self.settings.decided(rule)
    }

    /// Whether the user sees a finding: it is sure and severe enough, and in a file that was asked for.
    pub(super) fn shows(&self, job: &Job, linted: &Linted<'_>, finding: &Finding<'_>) -> bool {
        let wants_infos = self.args.pedantic || self.args.fail_on == FailOn::Info;
        let loud = finding.severity > Severity::Info || wants_infos;
        let sure = finding.confidence > Confidence::Possible || self.args.pedantic;
        let path = linted.tree.source(finding.place.directive).path();
        // What a comment in a shared file is for, another configuration may know.
        let elsewhere = finding.rule.id == UNUSED_IGNORE && self.shared.contains(path);
        loud && sure && !elsewhere && self.is_meant(job, path)
    }

    /// Whether what is found in a file is to be told: it was asked for, or reached from a main file that was.
    fn is_meant(&self, job: &Job, path: &Path) -> bool {
        (job.whole && !self.settings.excludes(path)) || self.asked.contains(path)
    }

    /// Whether a file may be written: only what was asked for, and never text that came from elsewhere.
    pub(super) fn may_write(&self, path: &Path) -> bool {
        match &self.stdin {
            Some(name) => path == name,
            None => !self.overlay.only_memory && self.asked.covers(path) && !self.settings.excludes(path),
        }
    }

    /// What was found, ready to be written.
    pub(super) fn collect(&self, linted: &[Linted<'_>]) -> Builder {
        self.collect_in(Builder::new(), linted)
    }

    /// The same in a report that was begun.
    pub(super) fn collect_in(&self, builder: Builder, linted: &[Linted<'_>]) -> Builder {
        let idle = |root: &&PathBuf| !self.jobs.iter().any(|job| job.root == **root);
        let mut builder = builder.at(outputs::base());
        if self.outputs.have_background() {
            builder = builder.with_background(self.linter.options.version);
        }
        if !self.outputs.have_excerpts() {
            builder = builder.without_excerpts();
        }
        for root in self.args.input.root.iter().filter(idle) {
            builder.note(format!("{}: includes none of the files that were named", root.display()));
        }
        for (job, linted) in self.jobs.iter().zip(linted) {
            let scope = Scope {
                asked: &|path| self.is_meant(job, path),
                shown: &|finding| self.shows(job, linted, finding),
                editable: &|path| self.may_write(path),
            };
            builder.add(linted, &scope);
        }
        builder
    }

    /// The report without what an earlier one knows.
    pub(super) fn finish(&self, builder: Builder) -> Report {
        let mut report = builder.finish();
        if let Some(baseline) = &self.baseline {
            baseline.silence(&mut report);
        }
        report
    }

    /// Writes a report in every form that is asked for: to standard output, or to standard error where the other carries
    /// a text or a diff.
    pub(super) fn write(&self, report: &Report, to: Stream) -> Result<(), Failure> {
        self.outputs.write(report, to)
    }

    /// 2 when something could not be understood, else 1 when findings remain that count, else 0.
    pub(super) fn exit_code(&self, report: &Report) -> u8 {
        if !report.problems.is_empty() {
            return FAILED;
        }
        let counts = |severity: Severity| match self.args.fail_on {
            FailOn::Never => false,
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Info => true,
        };
        let remains = report.diagnostics.iter().any(|one| counts(one.severity));
        if remains { FINDINGS } else { CLEAN }
    }
}

/// So many bytes show whether a file starts as a dump does.
const DUMP_HEAD: u64 = 64 * 1024;

/// The settings that the arguments name, or those nearest to what is linted.
fn settings(args: &LintArgs, rules: &mut RuleSet, given: &[Rule]) -> Result<Settings, Failure> {
    let input = &args.input;
    let first = input.stdin_filename.as_deref().or(input.paths.first().map(PathBuf::as_path));
    match &args.settings.config {
        Some(file) => Settings::read(file, rules, given),
        None if args.settings.isolated => Ok(Settings::default()),
        None => Settings::nearest(first.unwrap_or(Path::new(".")), rules, given),
    }
}

/// The settings that `read` reads, and the rules: those of the program, of the settings and of the command line. Settings
/// may speak of all of them.
fn with_rules(
    args: &LintArgs,
    read: impl FnOnce(&mut RuleSet, &[Rule]) -> Result<Settings, Failure>,
) -> Result<(Settings, RuleSet), Failure> {
    let mut rules = RuleSet::builtin();
    let own = args.rules.as_deref().map(read_folder).transpose()?.unwrap_or_default();
    let settings = read(&mut rules, &own)?;
    own.into_iter().for_each(|rule| rules.add(rule));
    Ok((settings, rules))
}

fn read_baseline(file: &Path) -> Result<Baseline, Failure> {
    let text = std::fs::read(file).map_err(|error| output::cannot_read(file, &error))?;
    Baseline::read(&text).map_err(|error| Failure(format!("{}: {error}", file.display())))
}

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
        Err(error) if input.nginx_dump => Err(output::cannot_read(path, &error)),
        _ => Ok(None),
    }
}

/// Whether the first line, but for what nginx says of the test, names a file. Further down it may be anybody's comment.
pub(super) fn starts_as_dump(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.find(|line| !line.starts_with(b"nginx: ")).is_some_and(|line| line.starts_with(b"# configuration file "))
}

fn no_dump(path: &Path) -> Failure {
    Failure(format!("{}: not the output of `nginx -T`: no line `# configuration file …:`", path.display()))
}

/// The rules and options that arguments and settings come to.
pub(super) fn linter(args: &LintArgs, settings: &Settings, mut rules: RuleSet) -> Result<Linter, Failure> {
    for name in args.select.iter().chain(&args.ignore) {
        if name != ALL && !rules.knows(name) {
            return Err(Failure(unknown_rule(name, &rules)));
        }
    }
    let listed =
        |names: &[String], rule: &Rule| names.iter().any(|name| [&rule.id, &rule.group, ALL].contains(&name.as_str()));
    rules.retain(|rule| args.select.is_empty() || listed(&args.select, rule));
    rules.retain(|rule| !listed(&args.ignore, rule) && settings.decided(rule) != Some(None));
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
