//! Which reports a run writes, in which form and where to.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use nginx_wslint::report::escape::visible;
use nginx_wslint::report::{Base, Format, Report, full, statistics, step_summary, summary};

use super::args::LintArgs;
use super::output::{self, Stream};
use super::{Failure, write};

/// One `--output-format`: `FORMAT` for what is printed, `FORMAT=FILE` for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.format.name())?;
        self.file.iter().try_for_each(|file| write!(f, "={}", file.display()))
    }
}

/// Reads `FORMAT` and `FORMAT=FILE`.
#[derive(Clone, Debug)]
pub(super) struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = Output;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let bytes = value.as_encoded_bytes();
        let name = bytes.split(|&byte| byte == b'=').next().unwrap_or_default();
        let name = str::from_utf8(name).unwrap_or_default();
        let Some(format) = Format::from_name(name) else {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            if let Some(arg) = arg {
                error.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
            }
            error.insert(ContextKind::InvalidValue, ContextValue::String(value.to_string_lossy().into_owned()));
            let names = Format::ALL.map(|format| format.name().to_owned()).to_vec();
            error.insert(ContextKind::ValidValue, ContextValue::Strings(names));
            return Err(error);
        };
        let file = value.to_str().and_then(|text| text.split_once('=')).map(|(_, file)| PathBuf::from(file));
        if file.as_deref().is_some_and(is_printed) {
            return Ok(Output { format, file: None });
        }
        if bytes.contains(&b'=') && file.as_ref().is_none_or(|file| file.as_os_str().is_empty()) {
            let message = format!("`{}=` is followed by no file name\n", format.name());
            return Err(clap::Error::raw(ErrorKind::InvalidValue, message).with_cmd(command));
        }
        Ok(Output { format, file })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::ALL.into_iter().map(|format| PossibleValue::new(format.name()))))
    }
}

/// Whether a name stands for standard output.
fn is_printed(file: &Path) -> bool {
    file == Path::new("-")
}

/// All reports of a run.
pub(super) struct Outputs<'a> {
    args: &'a LintArgs,
    /// The form of what is printed.
    printed: Format,
    /// The file it goes to instead.
    instead: Option<&'a Path>,
    files: Vec<(Format, &'a Path)>,
}

impl<'a> Outputs<'a> {
    /// What the arguments ask for; an error where that cannot be done, before any work is.
    pub(super) fn new(args: &'a LintArgs) -> Result<Self, Failure> {
        let mut printed = args.output_format.iter().filter(|output| output.file.is_none()).map(|output| output.format);
        let first = printed.next();
        if let (Some(first), Some(second)) = (first, printed.next()) {
            let (first, second) = (first.name(), second.name());
            return Err(Failure(format!(
                "one report can be printed, not `{first}` and `{second}`; write one to a file: \
                 `--output-format {second}=FILE`"
            )));
        }
        let files: Vec<(Format, &Path)> =
            args.output_format.iter().filter_map(|output| Some((output.format, output.file.as_deref()?))).collect();
        let instead = args.output_file.as_deref().filter(|file| !is_printed(file));
        let outputs = Self { args, printed: first.unwrap_or_default(), instead, files };
        if args.statistics && !matches!(outputs.printed, Format::Full | Format::Concise | Format::Json) {
            let name = outputs.printed.name();
            return Err(Failure(format!("--statistics has no form as `{name}`, only as full, concise and json")));
        }
        let paths: Vec<&Path> = outputs.paths().collect();
        for (index, path) in paths.iter().enumerate() {
            if paths[..index].contains(path) {
                return Err(Failure(format!("{}: two reports cannot go to one file", path.display())));
            }
            write::may_create(path).map_err(|error| cannot(path, &error))?;
        }
        Ok(outputs)
    }

    /// The files that are written.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'a Path> {
        self.instead.into_iter().chain(self.files.iter().map(|(_, path)| *path))
    }

    /// Whether a report needs the texts of the rules and the routes.
    pub(super) fn have_background(&self) -> bool {
        self.formats().any(Format::has_background)
    }

    /// Whether a report needs lines of the configuration.
    pub(super) fn have_excerpts(&self) -> bool {
        self.formats().any(Format::has_excerpts)
    }

    fn formats(&self) -> impl Iterator<Item = Format> {
        std::iter::once(self.printed).chain(self.files.iter().map(|(format, _)| *format))
    }

    /// Writes the report in every form. What is printed goes to standard error where standard output carries a text or a
    /// diff.
    pub(super) fn write(&self, report: &Report, to: Stream) -> Result<(), Failure> {
        let mut text = Vec::new();
        match self.instead {
            Some(path) => {
                self.render(report, &output::plain_style(), &mut text)?;
                write::create(path, &text).map_err(|error| cannot(path, &error))?;
            }
            None if self.args.silent => {}
            // Beside a text or a diff, people are told nothing where there is nothing to say.
            None if to == Stream::Error && is_empty(report) && self.is_for_people() => {}
            // Beside a diff that mends all of it, `nothing found` would be odd.
            None if to == Stream::Error && finds_nothing(report) && self.printed == Format::Full => {
                if !self.args.quiet {
                    full::remarks(report, &output::style(self.args.color, to), &mut text)?;
                    output::write(to, &text);
                }
            }
            None => {
                let mut style = output::style(self.args.color, to);
                style.quiet = self.args.quiet;
                self.render(report, &style, &mut text)?;
                output::write(to, &text);
            }
        }
        for (format, path) in &self.files {
            let mut text = Vec::new();
            format.write(report, &output::plain_style(), &mut text)?;
            write::create(path, &text).map_err(|error| cannot(path, &error))?;
        }
        if self.printed == Format::Github && !self.args.silent {
            add_step_summary(report);
        }
        if !self.args.quiet && !self.args.silent {
            self.note_the_rest(report, to);
        }
        Ok(())
    }

    /// Notes on standard error what the form of what is printed has no place for: what was done, and what the baseline
    /// knows.
    fn note_the_rest(&self, report: &Report, to: Stream) {
        let (done, known) = match self.args.statistics {
            true => (self.is_for_people(), self.is_for_people()),
            false => (self.printed == Format::Full, matches!(self.printed, Format::Full | Format::Json)),
        };
        if !done && to == Stream::Out {
            report.notes.iter().for_each(|note| output::note(&visible(note)));
        }
        if let Some(compared) = report.baseline.as_ref().filter(|_| !known) {
            let known = format!("{} known from the baseline", compared.known);
            summary::gone(report).into_iter().chain([known]).for_each(|line| output::note(&line));
        }
    }

    fn is_for_people(&self) -> bool {
        matches!(self.printed, Format::Full | Format::Concise)
    }

    fn render(&self, report: &Report, style: &nginx_wslint::report::Style, out: &mut Vec<u8>) -> io::Result<()> {
        match self.printed {
            Format::Json if self.args.statistics => statistics::write_json(report, out),
            _ if self.args.statistics => statistics::write(report, style, out),
            format => format.write(report, style, out),
        }
    }
}

fn is_empty(report: &Report) -> bool {
    finds_nothing(report) && report.notes.is_empty()
}

fn finds_nothing(report: &Report) -> bool {
    report.diagnostics.is_empty() && report.problems.is_empty()
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    output::cannot_write(path, error)
}

/// Adds to the summary of the step, where GitHub Actions names a file for it. The annotations are there without it, so
/// that a summary which cannot be written is no reason to fail.
fn add_step_summary(report: &Report) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return };
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let written = opened.and_then(|mut file| io::Write::write_all(&mut file, step_summary::write(report).as_bytes()));
    if let Err(error) = written {
        output::note(&format!("the summary of the step cannot be written: {error}"));
    }
}

/// Where the run takes place: the working folder, and the repository around it.
pub(super) fn base() -> Base {
    let here = std::env::current_dir().unwrap_or_default();
    let marked = here.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    let checked_out = || std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from).filter(|root| here.starts_with(root));
    let repository = marked.or_else(checked_out);
    Base { here, repository }
}
