//! `completions` and `man`: what a shell and `man` are told about the command line.

use std::fmt::Write as _;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Args;
use super::{Failure, output};

/// Prints the completions for a shell.
pub(super) fn completions(shell: Shell) {
    let mut command = Args::command();
    let name = command.get_name().to_owned();
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut out);
    let script = String::from_utf8_lossy(&out);
    let script = match shell {
        Shell::Bash => for_bash(&script, &command),
        Shell::Fish => for_fish(&script, &command),
        _ => script.into_owned(),
    };
    output::print(script.as_bytes());
}

/// The completions for bash, with one name for the program: the generated script looks subcommands up under another than
/// it sets, where the program has a hyphen in its name.
fn for_bash(script: &str, command: &clap::Command) -> String {
    let name = command.get_name();
    script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"))
}

/// What tells fish which subcommand is meant. The generated functions read the options as well: they fall silent behind a
/// path, and while the value of an option is being written.
const FISH: &str = "\
# A subcommand is the first word; anything else is a path or an option.
function __fish_nginx_wslint_subcommand
    set -l words (commandline -opc)
    contains -- \"$words[2]\" SUBCOMMANDS
    and echo $words[2]
end

function __fish_nginx_wslint_needs_command
    test -z (__fish_nginx_wslint_subcommand)
end

function __fish_nginx_wslint_is_first
    test (count (commandline -opc)) -eq 1
end

function __fish_nginx_wslint_using_subcommand
    contains -- (__fish_nginx_wslint_subcommand) $argv
end

";

/// The completions for fish, also behind paths, and with the words that subcommands take.
fn for_fish(script: &str, command: &clap::Command) -> String {
    let Some(start) = script.find("complete -c") else { return script.to_owned() };
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).chain(["help"]).collect();
    let mut out = FISH.replace("SUBCOMMANDS", &names.join(" "));
    let needs = "-n \"__fish_nginx_wslint_needs_command\" -f -a";
    out.push_str(&script[start..].replace(needs, "-n \"__fish_nginx_wslint_is_first\" -f -a"));
    for subcommand in command.get_subcommands() {
        let values = subcommand.get_positionals().filter_map(|arg| arg.get_value_parser().possible_values()).flatten();
        for value in values {
            let help = value.get_help().map(|help| help.to_string().replace(['\'', '\\'], "")).unwrap_or_default();
            let (name, word) = (subcommand.get_name(), value.get_name());
            let _ = writeln!(
                out,
                "complete -c nginx-wslint -n \"__fish_nginx_wslint_using_subcommand {name}\" -f -a {word} -d '{help}'"
            );
        }
    }
    out
}

/// Prints the manual page of the program, or of one of its subcommands.
pub(super) fn man(name: Option<&str>) -> Result<(), Failure> {
    let mut command = Args::command();
    command.build();
    let (page, mut meant) = match name {
        None => (Man::new(command.clone()), command),
        Some(name) => {
            let known = || command.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>().join(", ");
            let found = command.find_subcommand(name);
            let subcommand =
                found.ok_or_else(|| Failure(format!("no such subcommand: `{name}`; there are {}", known())))?;
            let title = format!("{}-{}", command.get_name(), subcommand.get_name());
            (Man::new(subcommand.clone()).title(title), subcommand.clone())
        }
    };
    let mut out = Vec::new();
    page.render(&mut out)?;
    output::print(for_people(&String::from_utf8_lossy(&out), &synopsis(&mut meant)).as_bytes());
    Ok(())
}

/// The page with what one types as its synopsis, and what follows the options as it is set out: in columns, not filled.
fn for_people(page: &str, synopsis: &str) -> String {
    const SYNOPSIS: &str = ".SH SYNOPSIS\n";
    let mut page = page.to_owned();
    if let Some(start) = page.find(SYNOPSIS).map(|at| at + SYNOPSIS.len())
        && let Some(length) = page[start..].find(".SH ")
    {
        page.replace_range(start..start + length, synopsis);
    }
    page.replacen(".SH EXTRA\nExamples:", ".SH EXAMPLES\n.nf", 1)
        .replacen(".SH EXTRA\n", ".SH NOTES\n.nf\n", 1)
        .replacen("\n\nExamples:", "\n.fi\n.SH EXAMPLES\n.nf", 1)
        .replacen("\nExit status: ", "\n.fi\n.SH \"EXIT STATUS\"\n", 1)
}

/// How a command is called: its name in bold, what stands for something else in italics.
fn synopsis(command: &mut clap::Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let usage = command.render_usage().to_string();
    let mut lines = Vec::new();
    for line in usage.trim_start_matches("Usage: ").lines() {
        let mut out = format!("\\fB{}\\fR", name.replace('-', "\\-"));
        let mut chars = line.trim().trim_start_matches(&name).chars().peekable();
        let mut is_word = false;
        while let Some(c) = chars.next() {
            match c {
                '>' | ']' if std::mem::take(&mut is_word) => out.push_str(&format!("\\fR{c}")),
                '-' => out.push_str("\\-"),
                c => out.push(c),
            }
            if matches!(c, '<' | '[') && chars.peek().is_some_and(char::is_ascii_uppercase) {
                is_word = true;
                out.push_str("\\fI");
            }
        }
        lines.push(out);
    }
    lines.join("\n.br\n") + "\n"
}
