//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use nginx_wslint::config::{Context, Version};

use super::outputs::{Output, OutputParser};

const EXAMPLES: &str = "\
Examples:
  nginx-wslint nginx.conf              lint it with everything it includes
  nginx-wslint --diff .                show the repairs, write nothing
  nginx-wslint --fix conf.d/app.conf   apply the safe ones
  nginx -T | nginx-wslint -            lint what the running nginx has loaded
  nginx-wslint explain RULE            what breaks, why, and how to mend it

Exit status: 0 clean, 1 findings remain, 2 the work could not be done.";

/// Finds what breaks WebSockets behind nginx, and repairs it.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) lint: LintArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the rules
    Rules {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        args: RulesArgs,
        #[command(subcommand)]
        action: Option<RulesAction>,
    },
    /// Explain a rule: what breaks, why, and how it is repaired
    Explain {
        /// The rule, or a group of rules
        rule: String,
        #[command(flatten)]
        args: RulesArgs,
    },
    /// Show each proxied route, what is in effect on it, and where that is set
    ///
    /// With it stands why the route is, or is not, believed to carry WebSockets.
    Routes(RoutesArgs),
    /// Look at the whole way at once: configuration, handshake, backend, logs
    #[cfg(feature = "live")]
    Doctor(Box<super::doctor::DoctorArgs>),
    /// Try a handshake with a running server, step by step
    #[cfg(feature = "live")]
    Probe(Box<super::probe::ProbeArgs>),
    /// Tell from nginx's logs why WebSockets fail or end
    #[cfg(feature = "live")]
    Log(super::log::LogArgs),
    /// Write a settings file with every setting and what it is for
    Init {
        /// The folder to write it to
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Print what nginx reads, as JSON: a line for each file
    Parse {
        /// Follow the includes of this main file
        #[arg(long, value_name = "ROOT", conflicts_with = "files")]
        tree: Option<PathBuf>,
        /// Files; `-` reads standard input
        #[arg(value_name = "FILE", required_unless_present = "tree")]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of rule files, settings or reports
    Schema {
        /// Of which
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Speak the language server protocol, for editors
    Server(ServerArgs),
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, as `man` reads it
    Man {
        /// A subcommand; without it, the program
        command: Option<String>,
    },
}

/// What the language server takes; everything else is said by settings and by the editor.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArgs {
    /// Also routes that only possibly carry WebSockets, and infos
    #[arg(long)]
    pedantic: bool,
    /// Only these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,
    /// Not these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// A folder with rules of your own
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// The nginx the configuration is for, such as 1.26 [default: any]
    #[arg(long, value_name = "VERSION")]
    nginx_version: Option<Version>,
    /// A settings file in place of the nearest nginx-wslint.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long, conflicts_with = "config")]
    isolated: bool,
    /// Speak on standard input and output, as it does anyway: some editors say so
    #[arg(long, hide = true)]
    stdio: bool,
}

impl From<&ServerArgs> for LintArgs {
    fn from(args: &ServerArgs) -> Self {
        Self {
            input: InputArgs { nginx_version: args.nginx_version, ..InputArgs::default() },
            settings: SettingsArgs { config: args.config.clone(), isolated: args.isolated, force_exclude: true },
            pedantic: args.pedantic,
            select: args.select.clone(),
            ignore: args.ignore.clone(),
            rules: args.rules.clone(),
            ..Self::default()
        }
    }
}

/// What `schema` describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// A rule file
    Rule,
    /// nginx-wslint.toml
    Settings,
    /// What --output-format json writes
    Report,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesAction {
    /// Run the examples of the rule files in a folder
    Test {
        /// The folder
        folder: PathBuf,
    },
}

/// What the subcommands about rules share.
#[derive(Debug, clap::Args)]
pub(super) struct RulesArgs {
    /// A folder with rules of your own
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(super) color: Color,
}

#[derive(Debug, Default, clap::Args)]
pub(super) struct LintArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,

    /// Apply safe fixes in place and report what remains
    #[arg(long, help_heading = "Fixing")]
    pub(super) fix: bool,
    /// Let --fix and --diff apply unsafe fixes too
    #[arg(long, help_heading = "Fixing")]
    pub(super) unsafe_fixes: bool,
    /// Print the fixes as one diff and write nothing
    #[arg(long, help_heading = "Fixing", conflicts_with = "fix")]
    pub(super) diff: bool,

    /// Only these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    pub(super) select: Vec<String>,
    /// Not these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    pub(super) ignore: Vec<String>,
    /// A folder with rules of your own
    #[arg(long, value_name = "DIR", help_heading = "Rules")]
    pub(super) rules: Option<PathBuf>,
    /// An earlier JSON report: what it knows is not reported again
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub(super) baseline: Option<PathBuf>,
    /// Also routes that only possibly carry WebSockets, and infos
    #[arg(long, help_heading = "Rules")]
    pub(super) pedantic: bool,

    /// The least severity that makes the exit status 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning", help_heading = "Output")]
    pub(super) fail_on: FailOn,
    /// How findings are printed; FORMAT=FILE writes that form to a file, and may be given several times [default: full]
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        value_parser = OutputParser,
        env = "NGINX_WSLINT_OUTPUT_FORMAT",
        hide_env_values = true,
        help_heading = "Output"
    )]
    pub(super) output_format: Vec<Output>,
    /// Write to this file what would be printed
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub(super) output_file: Option<PathBuf>,
    /// How often each rule spoke up, in place of the findings
    #[arg(long, help_heading = "Output")]
    pub(super) statistics: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(super) color: Color,
    /// Print findings, but no notes and no summary
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
    /// Print nothing but errors of the program itself
    #[arg(long, short, help_heading = "Output")]
    pub(super) silent: bool,

    /// Print the settings that apply
    #[arg(long, help_heading = "Settings")]
    pub(super) show_settings: bool,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct RoutesArgs {
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

/// How the live half prints.
#[cfg(feature = "live")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum LiveFormat {
    #[default]
    Full,
    Json,
}

/// What is to be read.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct InputArgs {
    /// Files or folders; `-` reads standard input [default: .]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The name of what comes on standard input
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// The input is the output of `nginx -T`
    #[arg(long, help_heading = "Input")]
    pub(super) nginx_dump: bool,
    /// Where a fragment will be included, such as `http` or `http,server`
    #[arg(long, value_name = "CONTEXT", value_delimiter = ',', value_parser = context, help_heading = "Input")]
    pub(super) context: Vec<Context>,
    /// The nginx.conf whose includes reach the given files
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(super) root: Vec<PathBuf>,
    /// The nginx the configuration is for, such as 1.26 [default: any]
    #[arg(long, value_name = "VERSION", help_heading = "Input")]
    pub(super) nginx_version: Option<Version>,
}

/// Where settings come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct SettingsArgs {
    /// A settings file in place of the nearest nginx-wslint.toml
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub(super) config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long, help_heading = "Settings", conflicts_with = "config")]
    pub(super) isolated: bool,
    /// Leave out what the settings exclude, and what is plainly no nginx file, even when it is named
    #[arg(long, help_heading = "Settings")]
    pub(super) force_exclude: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    #[default]
    Warning,
    Info,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

fn context(name: &str) -> Result<Context, String> {
    let names = ["main", "http", "server", "location", "upstream", "stream", "stream-server"];
    names
        .contains(&name)
        .then(|| Context::ALL.into_iter().find(|context| context.name() == name))
        .flatten()
        .ok_or_else(|| format!("one of {}", names.join(", ")))
}
