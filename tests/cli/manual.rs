//! `--help` and `man`, as they are read.

use crate::run::run;

fn printed(args: &[&str]) -> String {
    let run = run(std::path::Path::new("."), args, b"");
    assert_eq!(run.status, 0, "{}", run.shown());
    String::from_utf8(run.stdout).unwrap()
}

/// The subcommands, as the help lists them.
fn subcommands() -> Vec<String> {
    let help = printed(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn every_help_is_as_compact_as_the_others() {
    assert!(subcommands().len() >= 9);
    for name in subcommands() {
        let help = printed(&[&name, "--help"]);
        assert!(help.contains("Print help\n") && !help.contains("see a summary"), "{name}: {help}");
        assert_eq!(help, printed(&[&name, "-h"]), "{name}");
    }
    let help = printed(&["schema", "--help"]);
    for word in ["rule ", "settings ", "report "] {
        assert!(help.lines().any(|line| line.starts_with(&format!("  {word}"))), "{word}: {help}");
    }
}

#[test]
fn a_synopsis_is_what_one_types() {
    for (args, expected) in [
        (
            &["man"][..],
            "\\fBnginx\\-wslint\\fR [\\fIOPTIONS\\fR] [\\fIPATH\\fR]...\n.br\n\\fBnginx\\-wslint\\fR <\\fICOMMAND\\fR>\n",
        ),
        (&["man", "explain"], "\\fBnginx\\-wslint explain\\fR [\\fIOPTIONS\\fR] <\\fIRULE\\fR>\n"),
        (&["man", "routes"], "\\fBnginx\\-wslint routes\\fR [\\fIOPTIONS\\fR] [\\fIPATH\\fR]...\n"),
        (&["man", "schema"], "\\fBnginx\\-wslint schema\\fR <\\fIOF\\fR>\n"),
    ] {
        let page = printed(args);
        let synopsis = page.split(".SH SYNOPSIS\n").nth(1).unwrap().split(".SH ").next().unwrap();
        assert_eq!(synopsis, expected, "{args:?}");
    }
}

#[test]
fn what_is_set_out_in_columns_is_not_filled() {
    for name in subcommands() {
        let page = printed(&["man", &name]);
        let Some((before, examples)) = page.split_once("Examples:\n").or(page.split_once(".SH EXAMPLES\n")) else {
            continue;
        };
        assert!(before.contains("\n.nf\n") || examples.starts_with(".nf\n"), "{name}: {page}");
        assert!(!page.contains(".SH EXTRA"), "{name}: {page}");
    }
}
