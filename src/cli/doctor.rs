//! `doctor`: everything at once, and one page at the end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nginx_wslint::config::reason;
use nginx_wslint::live::doctor::{Ask, Health, Nginx, Running, Said, conclusion, examine, step};
use nginx_wslint::live::log::since;
use nginx_wslint::live::probe::{Options, Target, Trust};
use nginx_wslint::rules::{Finding, Severity};
use nginx_wslint::websocket::Confidence;
use tempfile::NamedTempFile;

use super::args::{Color, InputArgs, LintArgs, LiveFormat, SettingsArgs};
use super::lint::Session;
use super::main_file::main_file;
use super::output::{Stream, style};
use super::probe::timeout;
use super::{CLEAN, FAILED, FINDINGS, Failure, output};

const EXAMPLES: &str = "\
Examples:
  nginx-wslint doctor                       the running nginx, all it offers
  nginx-wslint doctor wss://example.com/ws  this WebSocket alone
  nginx-wslint doctor --root nginx.conf     not what `nginx -T` shows

Exit status: 0 a WebSocket was opened and nothing is wrong, 1 a problem was
found, 2 none was found, but no WebSocket could be tried.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DoctorArgs {
    /// The WebSocket, as its clients know it [default: those that the configuration offers]
    #[arg(value_name = "URL", value_parser = Target::parse)]
    url: Option<Target>,
    /// The nginx.conf or its folder, in place of what `nginx -T` says of the nginx that runs
    #[arg(long, value_name = "FILE", help_heading = "Where")]
    root: Option<PathBuf>,
    /// Where its relative paths start, as for `nginx -p` [default: as the running nginx has it]
    #[arg(long, value_name = "FOLDER", requires = "root", help_heading = "Where")]
    prefix: Option<PathBuf>,
    /// The nginx program [default: that of the running one, or the one in the path]
    #[arg(long, value_name = "PROGRAM", help_heading = "Where")]
    nginx: Option<PathBuf>,
    /// The backend, in place of that of the route
    #[arg(long, value_name = "URL", value_parser = Target::parse, help_heading = "Where")]
    backend: Option<Target>,
    /// The Host to ask for, where it is not that of the URL
    #[arg(long, value_name = "NAME[:PORT]", requires = "url", help_heading = "Where")]
    host: Option<String>,
    /// Take every certificate, and say what a check would have found
    #[arg(long, help_heading = "Request")]
    insecure: bool,
    /// How long to wait for each step of a handshake
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = timeout, help_heading = "Request")]
    timeout: Duration,
    /// From when on lines of the log count; those before nginx was last loaded never do
    #[arg(long, value_name = "TIME", default_value = "1h", help_heading = "Log")]
    since: String,
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "full", help_heading = "Output")]
    output_format: LiveFormat,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: Color,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Looks at everything; 0 healthy, 1 a problem, 2 it cannot be told.
pub(super) fn run(args: &DoctorArgs) -> Result<u8, Failure> {
    let since = since(&args.since).map_err(Failure)?;
    let trust = if args.insecure { Trust::Anybody } else { Trust::System };
    let options = Options { trust, host: args.host.clone(), timeout: args.timeout, ..Options::default() };
    options.check()?;
    let running = Running::look();
    let root = args.root.as_deref().map(main_file).transpose()?;
    // A file of conf.d is looked at in the configuration that includes it.
    let root = root.map(|root| including(root, args)).transpose()?;
    let nginx = Nginx::find(args.nginx.as_deref(), running.as_ref().ok(), root.as_deref(), args.prefix.as_deref());
    let source = Source::of(root.as_deref(), &nginx)?;

    let lint = LintArgs {
        input: InputArgs {
            paths: source.path.iter().cloned().collect(),
            nginx_dump: source.is_dump(),
            // Settings are looked for from here on, not beside the dump.
            stdin_filename: source.is_dump().then(|| "nginx.conf".into()),
            ..InputArgs::default()
        },
        settings: args.settings.clone(),
        ..LintArgs::default()
    };
    let session = source.path.is_some().then(|| Session::new(&lint)).transpose()?;
    let job = session.as_ref().and_then(|session| session.jobs.first());
    let linted = session.as_ref().zip(job).map(|(session, job)| session.lint(job, &session.overlay));
    let shows = |finding: &Finding<'_>| finding.confidence > Confidence::Possible && finding.severity > Severity::Info;
    let (prefix, default_log) = nginx.paths();
    let ask = Ask {
        linted: linted.as_ref().ok_or(source.why),
        shows: &shows,
        tested: source.tested,
        target: args.url.clone(),
        backend: args.backend.clone(),
        options,
        prefix,
        default_log,
        since,
        master: nginx.master,
        running: running.map_err(|error| reason(&error)),
    };
    let style = style(args.color, Stream::Out);
    let is_text = args.output_format == LiveFormat::Full;
    let checkup = examine(&ask, &mut |done| {
        if is_text {
            output::print(step(done, &style).as_bytes());
        }
    });
    match args.output_format {
        LiveFormat::Full => output::print(format!("\n{}", conclusion(&checkup, &style)?).as_bytes()),
        LiveFormat::Json => output::print(checkup.to_json()?.as_bytes()),
    }
    Ok(match checkup.health() {
        Health::Healthy => CLEAN,
        Health::Problem => FINDINGS,
        Health::Unknown => FAILED,
    })
}

/// The main file that includes a file, or that file itself.
fn including(root: PathBuf, args: &DoctorArgs) -> Result<PathBuf, Failure> {
    let lint = LintArgs {
        input: InputArgs { paths: vec![root.clone()], ..InputArgs::default() },
        settings: args.settings.clone(),
        ..LintArgs::default()
    };
    let session = Session::new(&lint)?;
    Ok(session.jobs.first().map_or(root, |job| job.root.clone()))
}

/// Where the configuration comes from.
struct Source {
    /// Its main file, or a dump of it.
    path: Option<PathBuf>,
    /// Keeps the dump.
    dump: Option<NamedTempFile>,
    /// Why there is none.
    why: String,
    /// What nginx says of it.
    tested: Result<Said, String>,
}

impl Source {
    fn of(root: Option<&Path>, nginx: &Nginx) -> Result<Self, Failure> {
        if let Some(root) = root {
            let tested = nginx.run("-t").map_err(|error| format!("{}: {}", nginx.program.display(), reason(&error)));
            return Ok(Self { path: Some(root.to_owned()), dump: None, why: String::new(), tested });
        }
        let said = match nginx.run("-T") {
            Ok(said) => said,
            Err(error) => {
                let why = format!("{}: {}; say --root nginx.conf", nginx.program.display(), reason(&error));
                return Ok(Self { path: None, dump: None, why: why.clone(), tested: Err(why) });
            }
        };
        if said.out.is_empty() {
            let why = format!("nginx -T shows nothing: {}; say --root nginx.conf", said.complaint());
            return Ok(Self { path: None, dump: None, why, tested: Ok(said) });
        }
        let mut dump = NamedTempFile::new()?;
        dump.write_all(&said.out)?;
        Ok(Self { path: Some(dump.path().to_owned()), dump: Some(dump), why: String::new(), tested: Ok(said) })
    }

    fn is_dump(&self) -> bool {
        self.dump.is_some()
    }
}
