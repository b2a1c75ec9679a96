//! `probe`: one handshake with a running server, and what its end means.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nginx_wslint::Linted;
use nginx_wslint::config::reason;
use nginx_wslint::live::Located;
use nginx_wslint::live::probe::{Diagnosis, Header, Kind, Options, Report, Step, Target, Trust, Watch, compare, probe};
use nginx_wslint::report::Style;
use nginx_wslint::report::probe::{Outcome, Place, heading, json, step, verdict};
use nginx_wslint::rules::{Finding, Severity, milliseconds};
use nginx_wslint::websocket::Confidence;

use super::args::{Color, InputArgs, LintArgs, LiveFormat};
use super::lint::Session;
use super::main_file::main_file;
use super::output::{Stream, style};
use super::{CLEAN, FINDINGS, Failure, output};

const EXAMPLES: &str = "\
Examples:
  nginx-wslint probe wss://chat.example.com/ws
  nginx-wslint probe ws://127.0.0.1/ws --host chat.example.com --root nginx.conf
  nginx-wslint probe wss://chat.example.com/ws --backend ws://127.0.0.1:3000/ws
  nginx-wslint probe wss://chat.example.com/ws --hold 90s --ping 20s

Exit status: 0 all that was asked for works, 1 a problem was found,
2 it could not be tried.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ProbeArgs {
    /// Where the WebSocket is: ws://, wss://, http:// or https://
    #[arg(value_name = "URL", value_parser = Target::parse)]
    url: Target,

    /// Compare with a handshake straight to the backend
    #[arg(long, value_name = "URL", value_parser = Target::parse, help_heading = "Where")]
    backend: Option<Target>,
    /// The nginx.conf (or its folder, or the output of `nginx -T`) in which the reason is looked for
    #[arg(long, value_name = "FILE", help_heading = "Where")]
    root: Option<PathBuf>,
    /// The Host to ask for, where it is not that of the URL; its name is that of the certificate too
    #[arg(long, value_name = "NAME[:PORT]", help_heading = "Where")]
    host: Option<String>,

    /// The Origin to send; empty for none [default: that of a page of the same host]
    #[arg(long, value_name = "ORIGIN", help_heading = "Request")]
    origin: Option<String>,
    /// A header line to send; may be repeated
    #[arg(long, value_name = "'NAME: VALUE'", value_parser = Header::parse, help_heading = "Request")]
    header: Vec<Header>,
    /// A subprotocol to offer; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Request")]
    subprotocol: Vec<String>,
    /// Certificates of authorities to trust, as PEM, in place of the system's
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    ca: Option<PathBuf>,
    /// Take every certificate, and say what a check would have found
    #[arg(long, help_heading = "Request", conflicts_with = "ca")]
    insecure: bool,
    /// How long to wait for each step
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = timeout, help_heading = "Request")]
    timeout: Duration,

    /// Send a text and expect it back
    #[arg(long, value_name = "TEXT", help_heading = "Checks")]
    message: Option<String>,
    /// Send a message of this size and expect it back, such as 1M
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Checks")]
    size: Option<usize>,
    /// Keep the connection open without sending anything, such as 90s
    #[arg(long, value_name = "TIME", value_parser = hold, help_heading = "Checks")]
    hold: Option<Duration>,
    /// Hold a second connection with pings beside the first, and compare
    #[arg(long, value_name = "TIME", value_parser = timeout, requires = "hold", help_heading = "Checks")]
    ping: Option<Duration>,

    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "full", help_heading = "Output")]
    output_format: LiveFormat,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: Color,
}

/// A time as nginx writes it, between the given bounds.
fn time(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let time = milliseconds(text).map(Duration::from_millis);
    time.filter(|time| (least..=most).contains(time))
        .ok_or_else(|| format!("a time such as `20s` or `1m`, from {} ms to {} s", least.as_millis(), most.as_secs()))
}

/// How long to wait for a step.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_millis(100), Duration::from_secs(3600))
}

fn hold(text: &str) -> Result<Duration, String> {
    time(text, Duration::from_millis(100), Duration::from_secs(24 * 3600))
}

/// A size as nginx writes it.
fn size(text: &str) -> Result<usize, String> {
    const MOST: usize = 64 << 20;
    let (digits, unit) = match text.trim_end_matches(['k', 'K', 'm', 'M']) {
        digits if digits.len() + 1 < text.len() => ("", 0),
        digits if text.ends_with(['k', 'K']) => (digits, 10),
        digits if text.ends_with(['m', 'M']) => (digits, 20),
        digits => (digits, 0),
    };
    let number = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(1 << unit));
    number.filter(|number| (1..=MOST).contains(number)).ok_or_else(|| "a size such as `64k` or `1M`, up to 64M".into())
}

/// Tries the handshakes and says what they come to.
pub(super) fn run(args: &ProbeArgs) -> Result<u8, Failure> {
    let options = options(args)?;
    // What cannot be read is said before anything is sent.
    let root = match &args.root {
        Some(root) if root.as_os_str() != "-" => Some(main_file(root)?),
        root => root.clone(),
    };
    let lint = LintArgs {
        input: InputArgs { paths: root.into_iter().collect(), ..InputArgs::default() },
        ..LintArgs::default()
    };
    let session = args.root.is_some().then(|| Session::new(&lint)).transpose()?;
    let linted = session.as_ref().map(linted).transpose()?;

    let mut shown = Shown::new(args);
    shown.begin(&args.url, if args.backend.is_some() { "through nginx" } else { "" });
    let mut through = probe(&args.url, &options, &mut shown);
    let located = linted.as_ref().and_then(|linted| located(linted, args, &options, &through));
    if let Some((linted, located)) = linted.as_ref().zip(located.as_ref()) {
        through.diagnosis = located.own_answer(linted, &through).unwrap_or(through.diagnosis);
    }
    let direct = args.backend.as_ref().map(|backend| {
        shown.begin(backend, "straight to the backend");
        // The host of the site is not the backend's; neither is what is asked of its certificate.
        probe(backend, &Options { host: None, ..options.clone() }, &mut shown)
    });
    let judged = direct.as_ref().map_or_else(|| through.diagnosis.clone(), |direct| compare(&through, direct));
    let place = linted.as_ref().zip(located).map(|(linted, located)| place(linted, located, &through, &judged));
    let outcome =
        Outcome { through: &through, direct: direct.as_ref(), wrote: &[], verdict: &judged, place: place.as_ref() };
    match args.output_format {
        LiveFormat::Json => output::print(json(&outcome)?.as_bytes()),
        LiveFormat::Full => {
            output::print(format!("\n{}", verdict(&outcome, &shown.style)?).as_bytes());
            if linted.is_some() && place.is_none() {
                output::note("no server of the configuration listens on that port or has that name");
            }
        }
    }
    Ok(if judged.kind == Kind::Open { CLEAN } else { FINDINGS })
}

fn options(args: &ProbeArgs) -> Result<Options, Failure> {
    let trust = match &args.ca {
        _ if args.insecure => Trust::Anybody,
        None => Trust::System,
        Some(file) => {
            let bytes = std::fs::read(file)
                .map_err(|error| Failure(format!("{}: cannot be read: {}", file.display(), reason(&error))))?;
            Trust::authorities(bytes).map_err(|why| Failure(format!("{}: {why}", file.display())))?
        }
    };
    let options = Options {
        trust,
        host: args.host.clone(),
        origin: args.origin.clone(),
        headers: args.header.clone(),
        subprotocols: args.subprotocol.clone(),
        timeout: args.timeout,
        message: args.message.clone(),
        size: args.size,
        hold: args.hold,
        ping: args.ping,
    };
    options.check()?;
    Ok(options)
}

/// The configuration, read and checked.
fn linted<'s>(session: &'s Session<'_>) -> Result<Linted<'s>, Failure> {
    let job = session.jobs.first().ok_or_else(|| Failure("--root: no nginx configuration".into()))?;
    let linted = session.lint(job, &session.overlay);
    match linted.tree.problems().first() {
        Some(problem) => {
            let line = problem.place.map(|(file, span)| {
                let at = linted.tree.file(file).source.line_column(span.start);
                format!(":{}:{}", at.line, at.column)
            });
            let line = line.unwrap_or_default();
            Err(Failure(format!("{}{line}: {}", problem.path.display(), problem.message)))
        }
        None => Ok(linted),
    }
}

/// Where the URL leads in the configuration.
fn located(linted: &Linted<'_>, args: &ProbeArgs, options: &Options, through: &Report) -> Option<Located> {
    let address = through.address.map(|address| address.ip());
    Located::find(linted, &args.url, options.name(&args.url), address)
}

/// What is there.
fn place(linted: &Linted<'_>, located: Located, through: &Report, judged: &Diagnosis) -> Place {
    let mut located = located.explain(linted, judged).answered_by(linted, through);
    if let Some(silence) = through.silence {
        located = located.cut_after(linted, silence);
    }
    // As the linter shows without being asked for more.
    let shown = |finding: &Finding<'_>| finding.confidence > Confidence::Possible && finding.severity > Severity::Info;
    Place::new(linted, &located, &shown)
}

/// Writes the steps as they are done, and shows how long a connection is held.
struct Shown {
    style: Style,
    quiet: bool,
    begun: bool,
    bar: Option<ProgressBar>,
}

impl Shown {
    fn new(args: &ProbeArgs) -> Self {
        let quiet = args.output_format == LiveFormat::Json;
        Self { style: style(args.color, Stream::Out), quiet, begun: false, bar: None }
    }

    fn begin(&mut self, target: &Target, what: &str) {
        if !self.quiet {
            let gap = if self.begun { "\n" } else { "" };
            output::print(format!("{gap}{}", heading(&target.url(), what, &self.style)).as_bytes());
        }
        self.begun = true;
    }
}

impl Watch for Shown {
    fn step(&mut self, done: &Step) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if !self.quiet {
            output::print(step(done, &self.style).as_bytes());
        }
    }

    fn holding(&mut self, so_far: Duration, whole: Duration) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(millis(whole)), ProgressDrawTarget::stderr_with_hz(4));
            let (template, filled) = if self.style.unicode {
                ("    hold       {wide_bar} {msg:>14}", "━╸─")
            } else {
                ("    hold       {wide_bar} {msg:>14}", "=>-")
            };
            if let Ok(look) = ProgressStyle::with_template(template) {
                bar.set_style(look.progress_chars(filled));
            }
            bar
        });
        bar.set_position(millis(so_far));
        bar.set_message(format!("{} s of {} s", so_far.as_secs(), whole.as_secs()));
    }
}
