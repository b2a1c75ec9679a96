//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use nginx_wslint::config::{Context, Version};

use super::names::{RuleName, SubcommandName};
use super::outputs::{Output, OutputParser};

const EXAMPLES: &str = "\
Examples:
  nginx-wslint nginx.conf              lint it with everything it includes
  nginx-wslint --diff .                show the repairs, write nothing
  nginx-wslint --fix conf.d/app.conf   apply the safe ones
  nginx -T | nginx-wslint -            lint what the running nginx has loaded
  nginx-wslint explain RULE            what breaks, why, and how to mend it

Exit status: 0 clean, 1 findings remain, 2 the work could not be done.";

const RULES_EXAMPLES: &str = "\
Beside each rule stand its severity and the safest of its repairs:
  safe     by --fix
  unsafe   by --fix --unsafe-fixes
  advice   by hand

Examples:
  nginx-wslint rules                   all of them, by group
  nginx-wslint explain handshake       those of a group
  nginx-wslint rules test house-rules  try rules of your own";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  nginx-wslint explain missing-upgrade-header   a rule
  nginx-wslint explain lifetime                 the rules of a group";

const ROUTES_EXAMPLES: &str = "\
With each route stands why it is, or is not, believed to carry WebSockets.

Examples:
  nginx-wslint routes /etc/nginx/nginx.conf   of a file and what it includes
  nginx -T | nginx-wslint routes -            of the running nginx";

const PARSE_EXAMPLES: &str = "\
Examples:
  nginx-wslint parse conf.d/app.conf                one file
  nginx-wslint parse --tree /etc/nginx/nginx.conf   and all that it includes";

const SCHEMA_EXAMPLES: &str = "\
What can be described:
  rule       a rule file
  settings   nginx-wslint.toml
  report     what --output-format json writes

Examples:
  nginx-wslint schema settings > nginx-wslint.schema.json";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  source <(nginx-wslint completions bash)       for this shell alone
  nginx-wslint completions bash > ~/.local/share/bash-completion/completions/nginx-wslint
  nginx-wslint completions zsh > ~/.zfunc/_nginx-wslint
  nginx-wslint completions fish > ~/.config/fish/completions/nginx-wslint.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  nginx-wslint man | man -l -           read it
  nginx-wslint man > nginx-wslint.1     write it down
  nginx-wslint man probe | man -l -     that of a subcommand";

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
    #[command(after_help = RULES_EXAMPLES)]
    Rules {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        args: RulesArgs,
        #[command(subcommand)]
        action: Option<RulesAction>,
    },
    /// Explain a rule: what breaks, why, and how it is repaired
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain {
        /// The rule, or a group of rules
        #[arg(value_parser = RuleName, hide_possible_values = true)]
        rule: String,
        #[command(flatten)]
        args: RulesArgs,
    },
    /// Show each proxied route, what is in effect on it, and where that is set
    #[command(after_help = ROUTES_EXAMPLES)]
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
    #[command(after_help = PARSE_EXAMPLES)]
    Parse {
        /// Follow the includes of this main file, in place of files
        #[arg(long, value_name = "ROOT", conflicts_with = "files")]
        tree: Option<PathBuf>,
        /// The files; `-` reads standard input
        #[arg(value_name = "FILE", required_unless_present = "tree")]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of rule files, settings or reports
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema {
        /// What to describe
        #[arg(value_enum, hide_possible_values = true)]
        of: SchemaOf,
    },
    /// Speak the language server protocol, for editors
    Server(ServerArgs),
    /// Print the completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, as `man` reads it
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The subcommand it is about; without one, the program
        #[arg(value_parser = SubcommandName, hide_possible_values = true)]
        command: Option<String>,
    },
}

/// What the language server takes; everything else is said by settings and by the editor.
#[derive(Debug, clap::Args)]
pub(super) struct ServerArgs {
    /// Report also infos, and routes that only possibly carry WebSockets
    #[arg(long)]
    pedantic: bool,
    /// Apply only these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = RuleName, hide_possible_values = true)]
    select: Vec<String>,
    /// Leave out these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = RuleName, hide_possible_values = true)]
    ignore: Vec<String>,
    /// Add the rules of this folder
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Check for this nginx, such as 1.26 [default: any]
    #[arg(long, value_name = "VERSION")]
    nginx_version: Option<Version>,
    /// Read this settings file in place of the nearest nginx-wslint.toml
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
    /// Run the examples of rule files: do they find and mend what they say?
    Test {
        /// The folder with the rule files
        folder: PathBuf,
    },
}

/// What the subcommands about rules share.
#[derive(Debug, clap::Args)]
pub(super) struct RulesArgs {
    /// Add the rules of this folder
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Option<PathBuf>,
    /// Use colours
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
    /// Let --fix and --diff take unsafe fixes too
    #[arg(long, help_heading = "Fixing")]
    pub(super) unsafe_fixes: bool,
    /// Print the fixes as one diff and write nothing
    #[arg(long, help_heading = "Fixing", conflicts_with = "fix")]
    pub(super) diff: bool,

    /// Apply only these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = RuleName, hide_possible_values = true, help_heading = "Rules")]
    pub(super) select: Vec<String>,
    /// Leave out these rules and groups
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = RuleName, hide_possible_values = true, help_heading = "Rules")]
    pub(super) ignore: Vec<String>,
    /// Add the rules of this folder
    #[arg(long, value_name = "DIR", help_heading = "Rules")]
    pub(super) rules: Option<PathBuf>,
    /// Leave out what this earlier JSON report knows
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub(super) baseline: Option<PathBuf>,
    /// Report also infos, and routes that only possibly carry WebSockets
    #[arg(long, help_heading = "Rules")]
    pub(super) pedantic: bool,

    /// Exit with 1 from this severity on
    #[arg(long, value_name = "SEVERITY", default_value = "warning", help_heading = "Output")]
    pub(super) fail_on: FailOn,
    /// Print findings in this format; FORMAT=FILE writes it to a file, and may be given several times [default: full]
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
    /// Print how often each rule spoke up, in place of the findings
    #[arg(long, help_heading = "Output")]
    pub(super) statistics: bool,
    /// Use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(super) color: Color,
    /// Print no notes and no summary
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
    /// Print nothing but errors of the program itself
    #[arg(long, short, help_heading = "Output")]
    pub(super) silent: bool,

    /// Print what applies: each setting, its value and where that is from
    #[arg(long, help_heading = "Settings")]
    pub(super) show_settings: bool,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct RoutesArgs {
    /// Print them as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Use colours
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
    /// The files or folders; `-` reads standard input [default: .]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Take standard input for the text of this file
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// Read the input as the output of `nginx -T`
    #[arg(long, help_heading = "Input")]
    pub(super) nginx_dump: bool,
    /// Read a fragment as included there, such as `http` or `http,server`
    #[arg(long, value_name = "CONTEXT", value_delimiter = ',', value_parser = context, help_heading = "Input")]
    pub(super) context: Vec<Context>,
    /// Read the files as included from this nginx.conf
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(super) root: Vec<PathBuf>,
    /// Check for this nginx, such as 1.26 [default: any]
    #[arg(long, value_name = "VERSION", help_heading = "Input")]
    pub(super) nginx_version: Option<Version>,
}

/// Where settings come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct SettingsArgs {
    /// Read this settings file in place of the nearest nginx-wslint.toml
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
