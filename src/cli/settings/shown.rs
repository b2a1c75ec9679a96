//! `--show-settings`: each setting with its value, and where that is from.

use std::fmt::Write as _;
use std::path::Path;

use nginx_wslint::report::escape::visible;
use nginx_wslint::rules::{DEFAULT_READ_TIMEOUT, Severity};

use super::super::args::{FailOn, LintArgs};
use super::Settings;

/// What nobody has decided.
const DEFAULT: &str = "default";
/// The columns before the origin of a value, where the value leaves them.
const COLUMNS: usize = 36;

impl Settings {
    /// A settings file that says what applies; behind each setting stands where its value is from. What only the command
    /// line can say stands in comments.
    pub(in crate::cli) fn shown(&self, args: &LintArgs) -> String {
        let mut page = Page { settings: self, out: String::new() };
        page.head(args);
        page.settings(args);
        page.tables();
        page.options(args);
        page.out
    }
}

struct Page<'s> {
    settings: &'s Settings,
    out: String,
}

impl Page<'_> {
    fn head(&mut self, args: &LintArgs) {
        let line = match &self.settings.file {
            Some(file) => format!("read from {}", visible(&file.display().to_string())),
            None if args.settings.isolated => "no settings file is read: --isolated".to_owned(),
            None => "no settings file was found; `nginx-wslint init` writes one".to_owned(),
        };
        let _ = writeln!(self.out, "# {line}\n");
    }

    /// The name of the settings file, where one of its values is not the default.
    fn origin(&self, is_set: bool) -> String {
        let name = self.settings.file.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy());
        name.filter(|_| is_set).map_or_else(|| DEFAULT.to_owned(), |name| visible(&name).into_owned())
    }

    fn line(&mut self, text: &str, origin: &str) {
        let _ = writeln!(self.out, "{text:<COLUMNS$}  # {origin}");
    }

    fn settings(&mut self, args: &LintArgs) {
        let settings = self.settings;
        match (args.input.nginx_version, settings.nginx_version) {
            (Some(version), _) => self.line(&format!("nginx-version = \"{version}\""), "--nginx-version"),
            (None, Some(version)) => self.line(&format!("nginx-version = \"{version}\""), &self.origin(true)),
            (None, None) => self.line("# nginx-version: any in use", DEFAULT),
        }
        let roots = settings.roots.iter().map(|root| quoted_path(root));
        let given = args.input.root.iter().map(|root| quoted_path(root));
        let origin = match (args.input.root.is_empty(), settings.roots.is_empty()) {
            (true, _) => self.origin(!settings.roots.is_empty()),
            (false, true) => "--root".to_owned(),
            (false, false) => format!("--root, {}", self.origin(true)),
        };
        let list = given.chain(roots).collect::<Vec<_>>().join(", ");
        self.line(&format!("roots = [{list}]"), &origin);
        let list = settings.exclude.iter().map(|pattern| quoted(pattern)).collect::<Vec<_>>().join(", ");
        self.line(&format!("exclude = [{list}]"), &self.origin(!settings.exclude.is_empty()));
        let time = settings.read_timeout.as_deref();
        self.line(
            &format!("read-timeout = {}", quoted(time.unwrap_or(DEFAULT_READ_TIMEOUT))),
            &self.origin(time.is_some()),
        );
        match &settings.rules_dir {
            Some(folder) => self.line(&format!("rules-dir = {}", quoted_path(folder)), &self.origin(true)),
            None => self.line("# rules-dir: none", DEFAULT),
        }
        if let Some(folder) = &args.rules {
            self.line(&format!("# and the rules of {}", visible(&folder.display().to_string())), "--rules");
        }
    }

    fn tables(&mut self) {
        let settings = self.settings;
        let _ = writeln!(self.out, "\n[rules]");
        for (name, severity) in &settings.severities {
            let severity = severity.map_or("off", Severity::name);
            self.line(&format!("{name} = \"{severity}\""), &self.origin(true));
        }
        self.line(
            if settings.severities.is_empty() { "# all" } else { "# all others" },
            "as `nginx-wslint rules` says",
        );
        for (from, to) in &settings.include_map.0 {
            let _ = writeln!(self.out, "\n[[include.map]]");
            self.line(&format!("from = {}", quoted_path(from)), &self.origin(true));
            self.line(&format!("to = {}", quoted_path(to)), &self.origin(true));
        }
        for route in &settings.routes {
            let _ = writeln!(self.out, "\n[[route]]");
            for (key, value) in [("path", &route.path), ("upstream", &route.upstream)] {
                if let Some(value) = value {
                    self.line(&format!("{key} = {}", quoted(value)), &self.origin(true));
                }
            }
            self.line(&format!("websocket = {}", route.websocket), &self.origin(true));
        }
        for (none, table) in [(settings.include_map.0.is_empty(), "include.map"), (settings.routes.is_empty(), "route")]
        {
            if none {
                let _ = writeln!(self.out);
                self.line(&format!("# [[{table}]]: none"), DEFAULT);
            }
        }
    }

    /// What only the command line can say.
    fn options(&mut self, args: &LintArgs) {
        let _ = writeln!(self.out, "\n# Options, which no settings file has:");
        let fail_on = match args.fail_on {
            FailOn::Error => "error",
            FailOn::Warning => "warning",
            FailOn::Info => "info",
            FailOn::Never => "never",
        };
        let names = |names: &[String], none: &str| match names {
            [] => none.to_owned(),
            names => names.join(","),
        };
        let truth = |is_set: bool| if is_set { "yes" } else { "no" }.to_owned();
        let formats = args.output_format.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let options = [
            ("--select", names(&args.select, "all"), !args.select.is_empty()),
            ("--ignore", names(&args.ignore, "none"), !args.ignore.is_empty()),
            ("--pedantic", truth(args.pedantic), args.pedantic),
            ("--unsafe-fixes", truth(args.unsafe_fixes), args.unsafe_fixes),
            ("--fail-on", fail_on.to_owned(), args.fail_on != FailOn::default()),
            (
                "--output-format",
                if formats.is_empty() { "full".to_owned() } else { formats.clone() },
                !formats.is_empty(),
            ),
        ];
        for (name, value, is_set) in options {
            let origin = match is_set {
                false => DEFAULT,
                // The variable stands in for the option where that is not given.
                true if name == "--output-format" => "option or NGINX_WSLINT_OUTPUT_FORMAT",
                true => "option",
            };
            self.line(&format!("# {name:<16} {}", visible(&value)), origin);
        }
    }
}

/// Text as TOML writes it, without anything that a terminal would obey.
fn quoted(text: &str) -> String {
    let written = toml::Value::from(text).to_string();
    // More than a line can hold is written between three quotes, which shows it as it is.
    if written.starts_with("\"\"\"") || written.starts_with("'''") {
        format!("\"{}\"", text.escape_default())
    } else {
        visible(&written).into_owned()
    }
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}
