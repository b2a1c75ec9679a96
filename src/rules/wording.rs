//! What is wrong with a TOML file, in the words of those who write it.

use std::ops::Range;

use super::spelling::nearest;

/// What the TOML reader says of `span` in `text`, with the line as it should be written where that can be told.
pub fn toml_error(text: &str, span: Range<usize>, message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let name = names.next().unwrap_or_default();
    if message.starts_with("unknown field") {
        let known: Vec<&str> = names.collect();
        let hint = nearest(name, known.iter().copied())
            .map_or_else(|| format!("one of {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        return format!("there is no key `{name}` here; {hint}");
    }
    if message.starts_with("missing field") {
        return format!("the key `{name}` is missing");
    }
    let line = Line::around(text, span.start);
    let value = text.get(span).unwrap_or_default();
    let wrong = if message.contains("expected a string") {
        line.wants_text(value)
    } else if message.contains("expected a sequence") {
        line.wants_list(value)
    } else if message.contains("expected a boolean") {
        line.wants_truth(value)
    } else if message.starts_with("invalid type") {
        line.wants_table()
    } else {
        line.is_no_toml()
    };
    wrong.unwrap_or_else(|| format!("this cannot be read as TOML: {message}"))
}

/// A line that is wrong.
struct Line<'t> {
    /// Without blanks around it.
    text: &'t str,
    /// What stands before `=`; empty where there is none.
    key: &'t str,
    /// What stands behind it.
    value: &'t str,
}

impl<'t> Line<'t> {
    fn around(text: &'t str, at: usize) -> Self {
        let at = at.min(text.len());
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
        let (key, value) = line.split_once('=').unwrap_or(("", line));
        Self { text: line, key: key.trim(), value: value.trim() }
    }

    /// The key as it is, or the one that stands for all rules.
    fn write(&self, value: &str) -> String {
        format!("write `{} = {value}`", self.key)
    }

    /// The written value in place of which text is wanted; inside a list it is shown alone.
    fn wants_text(&self, value: &str) -> Option<String> {
        let quoted = quoted(value);
        if self.key.is_empty() || value.contains('\n') {
            return Some(format!(
                "text in quotes is wanted here, such as {}",
                if value.is_empty() { "\"…\"" } else { &quoted }
            ));
        }
        Some(match value {
            _ if self.value.starts_with('[') && !value.starts_with('[') => format!("this wants quotes: {quoted}"),
            "true" => "a severity in quotes is wanted, or text: \"error\", \"warning\", \"info\" or \"off\"".to_owned(),
            "false" => format!("text in quotes is wanted; to switch a rule off, {}", self.write("\"off\"")),
            _ if value.starts_with('[') => {
                format!("one text is wanted here, no list: {}", self.write(value.trim_matches(['[', ']', ' '])))
            }
            _ if value.starts_with('{') => "text in quotes is wanted here, no table".to_owned(),
            // nginx reads a bare number as seconds.
            _ if self.key.ends_with("timeout") => {
                format!("a time is written in quotes: {}", self.write(&format!("\"{value}s\"")))
            }
            _ => format!("this wants quotes: {}", self.write(&quoted)),
        })
    }

    fn wants_list(&self, value: &str) -> Option<String> {
        if let Some(table) = self.text.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            return Some(format!("there may be several of these: write `[[{table}]]`"));
        }
        match self.key {
            "map" | "include.map" => {
                Some("each path has a table of its own: write `[[include.map]]`, below it `from` and `to`".to_owned())
            }
            "route" => {
                Some("each route has a table of its own: write `[[route]]`, below it `path` and `websocket`".to_owned())
            }
            "" => None,
            _ if value.contains('\n') => Some(format!("a list is wanted here: {}", self.write("[…]"))),
            _ if value.starts_with(['"', '\'']) => {
                Some(format!("a list is wanted here: {}", self.write(&format!("[{value}]"))))
            }
            _ => Some(format!("a list is wanted here: {}", self.write(&format!("[{}]", quoted(value))))),
        }
    }

    fn wants_truth(&self, value: &str) -> Option<String> {
        let meant = match value.trim_matches(['"', '\'']).to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some("true"),
            "false" | "no" | "off" | "0" => Some("false"),
            _ => None,
        };
        let tail = meant.filter(|_| !self.key.is_empty()).map(|meant| format!(": {}", self.write(meant)));
        Some(format!("this is `true` or `false`, without quotes{}", tail.unwrap_or_default()))
    }

    fn wants_table(&self) -> Option<String> {
        (!self.key.is_empty())
            .then(|| format!("a table is wanted here: write `[{}]`, below it a line for each entry", self.key))
    }

    /// Most often the quotes are forgotten.
    fn is_no_toml(&self) -> Option<String> {
        let value = self.value.split('#').next().unwrap_or_default().trim();
        let bare = |word: &str| {
            !word.is_empty()
                && !word.contains(['"', '\'', '[', ']', '{', '}', '='])
                && !word.contains(char::is_whitespace)
        };
        // A line that is right by itself is where the reader found out about a mistake above it.
        let is_right = || toml::from_str::<toml::Table>(self.text).is_ok();
        if self.key.is_empty() || self.key.contains(char::is_whitespace) || is_right() {
            return None;
        }
        if bare(value) {
            return Some(format!("text stands in quotes: {}", self.write(&quoted(value))));
        }
        let items: Vec<&str> = value.strip_prefix('[')?.strip_suffix(']')?.split(',').map(str::trim).collect();
        let items: Option<Vec<String>> = items
            .into_iter()
            .map(|item| if bare(item) { Some(quoted(item)) } else { item.starts_with('"').then(|| item.to_owned()) })
            .collect();
        Some(format!("text stands in quotes: {}", self.write(&format!("[{}]", items?.join(", ")))))
    }
}

/// A value as TOML writes text.
fn quoted(value: &str) -> String {
    toml::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    #[allow(dead_code, reason = "only what is wrong with it is looked at")]
    struct Form {
        nginx_version: Option<String>,
        read_timeout: Option<String>,
        exclude: Option<Vec<String>>,
        rules: Option<BTreeMap<String, String>>,
        route: Option<Vec<Route>>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only what is wrong with it is looked at")]
    struct Route {
        path: String,
        websocket: bool,
    }

    fn said(text: &str) -> String {
        let error = toml::from_str::<Form>(text).unwrap_err();
        toml_error(text, error.span().unwrap_or(0..0), error.message())
    }

    #[test]
    fn the_line_is_given_as_it_should_be() {
        for (text, expected) in [
            ("nginx-version = 1.26", "this wants quotes: write `nginx-version = \"1.26\"`"),
            ("nginx-version = 1.26.1", "text stands in quotes: write `nginx-version = \"1.26.1\"`"),
            ("nginx-version = [\"1.26\"]", "one text is wanted here, no list: write `nginx-version = \"1.26\"`"),
            ("read-timeout = 60 # s", "a time is written in quotes: write `read-timeout = \"60s\"`"),
            ("exclude = \"vendor\"", "a list is wanted here: write `exclude = [\"vendor\"]`"),
            ("exclude = vendor", "text stands in quotes: write `exclude = \"vendor\"`"),
            ("exclude = [a/*, \"b\"]", "text stands in quotes: write `exclude = [\"a/*\", \"b\"]`"),
            ("exclude = [1]", "this wants quotes: \"1\""),
            ("[rules]\nx = false", "text in quotes is wanted; to switch a rule off, write `x = \"off\"`"),
            ("rules = 1", "a table is wanted here: write `[rules]`, below it a line for each entry"),
            ("[route]\npath = \"/\"", "there may be several of these: write `[[route]]`"),
            (
                "[[route]]\npath = \"/\"\nwebsocket = \"yes\"",
                "this is `true` or `false`, without quotes: write `websocket = true`",
            ),
            ("[[route]]\npath = \"/\"", "the key `websocket` is missing"),
            ("nginx-versoin = \"1\"", "there is no key `nginx-versoin` here; did you mean `nginx-version`?"),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn what_nobody_can_guess_is_said_as_it_is() {
        for text in [
            "exclude",
            "= 1",
            "a b = c",
            "nginx-version = \"1.26",
            "exclude = [\"a\"\nnginx-version = 1",
            "[rules",
            "ä = ü ü",
        ] {
            let message = said(text);
            assert!(message.starts_with("this cannot be read as TOML: "), "{text}: {message}");
        }
    }

    #[test]
    fn any_place_in_any_text_can_be_asked_about() {
        for text in ["", "\n", "ä=ö\nü", "[", "x = [[[\n"] {
            for at in 0..=text.len() + 2 {
                for message in ["", "invalid type: x, expected a string", "expected a sequence", "expected a boolean"] {
                    assert!(!toml_error(text, at..at + 1, message).is_empty());
                }
            }
        }
    }
}
