//! `completions` and `man`: what a shell and `man` are told about the command line.

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
    output::print(&out);
}

/// Prints the manual page of the program, or of one of its subcommands.
pub(super) fn man(name: Option<&str>) -> Result<(), Failure> {
    let mut command = Args::command();
    command.build();
    let page = match name {
        None => Man::new(command),
        Some(name) => {
            let known = || command.get_subcommands().map(clap::Command::get_name).collect::<Vec<_>>().join(", ");
            let found = command.find_subcommand(name);
            let subcommand =
                found.ok_or_else(|| Failure(format!("no such subcommand: `{name}`; there are {}", known())))?;
            let title = format!("{}-{}", command.get_name(), subcommand.get_name());
            Man::new(subcommand.clone()).title(title)
        }
    };
    let mut out = Vec::new();
    page.render(&mut out)?;
    // What follows the options is set out in columns, and is not to be filled.
    let text = String::from_utf8_lossy(&out).replacen(".SH EXTRA\nExamples:", ".SH EXAMPLES\n.nf", 1);
    output::print(text.replacen("\nExit status: ", "\n.fi\n.SH \"EXIT STATUS\"\n", 1).as_bytes());
    Ok(())
}
