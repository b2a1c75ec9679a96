//! `log`: what nginx's logs say of WebSockets.

use std::io::{self, IsTerminal, Seek};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nginx_wslint::config::reason;
use nginx_wslint::live::log::{
    Follower, LogSummary, Seconds, Seen, Tally, clock, explain, open, read, since, unpacked, write,
};
use nginx_wslint::report::escape::visible;

use super::args::{Color, LiveFormat};
use super::output::{self, Stream, style};
use super::{CLEAN, FAILED, FINDINGS, Failure};

const EXAMPLES: &str = "\
Examples:
  nginx-wslint log /var/log/nginx/error.log    what it says of WebSockets
  nginx-wslint log --since 2h error.log access.log
  docker logs proxy 2>&1 | nginx-wslint log -  from a container or a journal
  nginx-wslint log --follow error.log          and what is written from now on

Exit status: 0 nothing is wrong, 1 something is, 2 a log could not be read.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LogArgs {
    /// Error and access logs (combined format), also in JSON and packed by gzip; `-` reads standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Go on reading what is written to the file, also after it is rotated
    #[arg(long, short, help_heading = "Lines")]
    follow: bool,
    /// Only lines since then: `30m`, `2h`, `1d`, or a time of the log such as `2026-11-21 03:00`
    #[arg(long, value_name = "TIME", help_heading = "Lines")]
    since: Option<String>,
    /// How many routes to show for each cause, and of an access log
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = count, help_heading = "Output")]
    top: usize,
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "full", help_heading = "Output")]
    output_format: LiveFormat,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: Color,
}

/// How often a followed log is looked at.
const INTERVAL: Duration = Duration::from_millis(250);
/// Files smaller than this are read before anybody could see a bar.
const LARGE: u64 = 64 << 20;

fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "a whole number, such as 10".to_owned())
}

/// Reads the logs and prints what they come to; 1 if that is bad, 2 if one could not be read or none is a log.
pub(super) fn run(args: &LogArgs) -> Result<u8, Failure> {
    let from = args.since.as_deref().map(since).transpose().map_err(Failure)?;
    let mut tally = Tally::new(from);
    if args.follow {
        return follow(args, &mut tally);
    }
    if args.files.iter().filter(|file| is_stdin(file)).count() > 1 {
        return Err(Failure("`-` reads standard input, and can stand there once".into()));
    }
    let bar = bar(args.files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum());
    let all = args.files.iter().filter_map(|file| read_file(file, &mut tally, &bar).err());
    let unread: Vec<Failure> = all.collect();
    bar.finish_and_clear();
    let summary = LogSummary::new(&tally, args.top);
    if unread.len() < args.files.len() {
        print(&summary, args)?;
    }
    for Failure(why) in &unread {
        output::error(why);
    }
    Ok(match summary.is_bad() {
        _ if !unread.is_empty() || summary.is_no_log() => FAILED,
        true => FINDINGS,
        false => CLEAN,
    })
}

fn read_file(file: &Path, tally: &mut Tally, bar: &ProgressBar) -> Result<(), Failure> {
    let unreadable = |error: io::Error| Failure(format!("{}: cannot be read: {}", file.display(), reason(&error)));
    if is_stdin(file) {
        let unreadable = |error: io::Error| Failure(format!("standard input: cannot be read: {}", reason(&error)));
        let log = unpacked(io::stdin().lock()).map_err(unreadable)?;
        return read(log, tally, &mut || true).map_err(unreadable);
    }
    let (log, mut handle) = open(file).map_err(unreadable)?;
    let before = bar.position();
    // Where the file stands, not how much was unpacked.
    let mut progress = || {
        bar.set_position(before + handle.stream_position().unwrap_or_default());
        true
    };
    read(log, tally, &mut progress).map_err(unreadable)
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// A bar on standard error, if that is a terminal and reading takes long enough to see one.
fn bar(bytes: u64) -> ProgressBar {
    if bytes < LARGE || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let form = "{wide_bar} {binary_bytes} of {binary_total_bytes}, {binary_bytes_per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn print(summary: &LogSummary, args: &LogArgs) -> Result<(), Failure> {
    match args.output_format {
        LiveFormat::Json => output::print(format!("{}\n", summary.to_json()?).as_bytes()),
        LiveFormat::Full => output::print(write(summary, &style(args.color, Stream::Out)).as_bytes()),
    }
    Ok(())
}

/// Sums up what is there, then tells each recognised line as it comes, until the program is ended.
fn follow(args: &LogArgs, tally: &mut Tally) -> Result<u8, Failure> {
    let [file] = &args.files[..] else { return Err(Failure("--follow takes one file".into())) };
    if is_stdin(file) {
        return Err(Failure(
            "--follow needs a file, which may be rotated; for a pipe use `tail -F … |` and leave it out".into(),
        ));
    }
    let unreadable = |error: io::Error| Failure(format!("{}: cannot be read: {}", file.display(), reason(&error)));
    let mut follower = Follower::open(file).map_err(unreadable)?;
    let bar = bar(std::fs::metadata(file).map_or(0, |file| file.len()));
    while follower.poll(tally, &mut |_, _| {}).map_err(unreadable)? {
        bar.set_position(follower.offset());
    }
    bar.finish_and_clear();
    let summary = LogSummary::new(tally, args.top);
    print(&summary, args)?;
    let mut told: Vec<String> = summary.causes.into_iter().map(|cause| cause.id).collect();
    let style = style(args.color, Stream::Out);
    loop {
        let mut batch: Vec<(Seen, u64)> = Vec::new();
        let mut add = |seen: Seen, _: &Tally| match batch.iter_mut().find(|(other, _)| other.is_like(&seen)) {
            Some((_, count)) => *count += 1,
            None => batch.push((seen, 1)),
        };
        while follower.poll(tally, &mut add).map_err(unreadable)? {}
        for (seen, count) in &batch {
            let Some(message) = tally.messages().get(seen.message) else { continue };
            if args.output_format == LiveFormat::Json {
                let json = serde_json::json!({"id": message.id, "severity": message.severity.name(), "at": clock(seen.time),
                    "server": seen.server, "route": seen.route, "upstream": seen.upstream, "count": count});
                output::print(format!("{}\n", visible(&json.to_string())).as_bytes());
                continue;
            }
            output::print(line(seen, &message.id, *count).as_bytes());
            if !told.contains(&message.id) {
                told.push(message.id.clone());
                output::print(explain(message, &style).as_bytes());
            }
        }
        if output::is_lost() {
            return Ok(CLEAN);
        }
        std::thread::sleep(INTERVAL);
    }
}

/// `03:12:07 refused x 14  chat.example.com /ws -> http://127.0.0.1:3000`
fn line(seen: &Seen, id: &str, count: u64) -> String {
    let time: Seconds = seen.time;
    let clock = clock(time);
    let times = if count > 1 { format!(" x {count}") } else { String::new() };
    let upstream = if seen.upstream.is_empty() { String::new() } else { format!(" -> {}", seen.upstream) };
    let place = format!("{} {}{upstream}", seen.server, seen.route);
    format!("{} {id}{times}  {}\n", clock.split(' ').nth(1).unwrap_or(&clock), visible(place.trim()))
}
