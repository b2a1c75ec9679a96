//! Routes for people: one card each, 80 columns by default.

use std::fmt::Write;
use std::path::Path;

use super::{Becomes, Origin, PlaceView, RouteView, Setting};
use crate::report::Style;
use crate::report::escape::is_hidden;
use crate::websocket::Module;

/// Behind the longest name of a setting, `fastcgi_read_timeout`.
const VALUES: usize = 24;
/// In front of a setting's name.
const INDENT: usize = 2;

/// Draws one card for each route, with an empty line between two.
pub fn cards(routes: &[RouteView], style: Style) -> String {
    let drawn = routes.iter().map(|route| {
        let mut card = Card { style, file: &route.place.file, values: value_width(route), text: String::new() };
        card.route(route);
        card.text
    });
    drawn.collect::<Vec<_>>().join("\n")
}

struct Card<'a> {
    style: Style,
    /// The file of the route, which need not be told in full again and again.
    file: &'a Path,
    /// How wide the values of the settings are, so that their origins stand below each other.
    values: usize,
    text: String,
}

impl Card<'_> {
    fn route(&mut self, route: &RouteView) {
        self.head(route);
        if let Some(server) = &route.server {
            let mut words = server.names.join(" ");
            let listen = server.listen.iter().map(|listen| format!("listen {listen}")).collect::<Vec<_>>().join(", ");
            if !listen.is_empty() {
                let _ = if words.is_empty() { write!(words, "{listen}") } else { write!(words, " ({listen})") };
            }
            if !words.is_empty() {
                self.row("server", &words, None);
            }
        }
        if let Some(upstream) = &route.upstream {
            let kept = upstream.keepalive.as_ref().map(|count| format!(", keepalive {count}")).unwrap_or_default();
            let words = format!("{}: {}{kept}", upstream.name, upstream.servers.join(", "));
            self.row("upstream", &words, Some(&self.at(&upstream.place)));
        }
        self.websocket(route);
        route.settings.iter().for_each(|setting| self.setting(setting));
        if route.module != Module::Proxy.name() {
            self.row("", note_on(route.module), None);
        }
    }

    fn head(&mut self, route: &RouteView) {
        let title = format!("{} -> {}", route.location, route.pass.to);
        let place = format!("{}:{}", route.place.file.display(), route.place.line);
        let (title, place) = (printable(&title), printable(&place));
        let used = columns(&title) + 2 + columns(&place);
        let (title, place) = (self.painted("1", &title), self.painted("2", &place));
        let _ = match self.style.width.checked_sub(used) {
            Some(free) => writeln!(self.text, "{title}{:free$}  {place}", ""),
            None => writeln!(self.text, "{title}\n{:INDENT$}{place}", ""),
        };
    }

    fn websocket(&mut self, route: &RouteView) {
        let websocket = &route.websocket;
        let words = match websocket.confidence {
            "none" => "no: nothing speaks for it".to_owned(),
            "denied" => "no".to_owned(),
            confidence => {
                let share = if websocket.only { "WebSockets only" } else { "mixed with plain requests" };
                format!("{confidence}; {share}")
            }
        };
        self.row("WebSocket", &words, None);
        for evidence in &websocket.evidence {
            let lead = if evidence.weight == "denied" { "not: " } else { "" };
            let text = format!("{lead}{} ({})", evidence.text, evidence.weight);
            self.row("", &text, evidence.place.as_ref().map(|place| self.at(place)).as_deref());
        }
        if websocket.pings {
            let why = websocket.pings_because.as_deref().unwrap_or("something is sent more often than every 60 s");
            self.row("pings", why, None);
        }
    }

    fn setting(&mut self, setting: &Setting) {
        let value = shown(setting);
        let mut from = match (&setting.place, setting.origin) {
            (Some(place), Origin::Own) => self.at(place),
            (Some(place), Origin::Inherited) => format!("{}, in {}", self.at(place), block(place)),
            (Some(place), Origin::Lost) => match &setting.lost_at {
                Some(lost) => {
                    format!("lost: set at {}, discarded at {}", self.at(place), self.at(lost))
                }
                None => format!("lost: set at {}", self.at(place)),
            },
            _ => "default".to_owned(),
        };
        if let Some(note) = &setting.note {
            let _ = write!(from, "; {note}");
        }
        if setting.open {
            from.push_str("; text that is not here may change it");
        }
        self.row(&setting.name, &format!("{value:<width$}", width = self.values), Some(&from));
        // What `$http_upgrade` becomes is no news.
        if let Some(becomes) = setting.becomes.as_ref().filter(|_| value != "$http_upgrade" && setting.name != "Host") {
            self.row("", &becoming(becomes), None);
        }
    }

    /// A name, what it comes to, and where that is from; wrapped when that is too long for one line.
    fn row(&mut self, name: &str, value: &str, from: Option<&str>) {
        let mut lines = wrap(&printable(value), self.style.width.max(40) - VALUES);
        let mut lead = format!("{:INDENT$}{:<width$}", "", printable(name), width = VALUES - INDENT);
        let from: Vec<String> =
            from.map(|from| wrap(&printable(from), self.style.width.max(40) - VALUES)).unwrap_or_default();
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            let _ = writeln!(self.text, "{lead}{line}");
            lead = " ".repeat(VALUES);
        }
        match &from[..] {
            [] => {
                let _ = writeln!(self.text, "{}", format!("{lead}{last}").trim_end());
            }
            [only] if VALUES + columns(&last) + 2 + columns(only) <= self.style.width => {
                let only = self.painted("2", only);
                let _ = writeln!(self.text, "{lead}{last}  {only}");
            }
            several => {
                let _ = writeln!(self.text, "{lead}{}", last.trim_end());
                for line in several {
                    let line = self.painted("2", line);
                    let _ = writeln!(self.text, "{:VALUES$}{line}", "");
                }
            }
        }
    }

    /// A place: in the route's own file, whose path stands in the first line, by the file's name alone.
    fn at(&self, place: &PlaceView) -> String {
        let short = place.file.file_name().filter(|_| place.file == self.file);
        let shown = short.map_or(place.file.as_path(), Path::new);
        format!("{}:{}", shown.display(), place.line)
    }

    /// Text with a colour (the parameter of an SGR sequence), or without.
    fn painted(&self, sgr: &str, text: &str) -> String {
        if self.style.color { format!("\x1b[{sgr}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn shown(setting: &Setting) -> &str {
    match &setting.value {
        Some(value) if value.is_empty() => "\"\"",
        Some(value) => value,
        None => "not sent",
    }
}

fn value_width(route: &RouteView) -> usize {
    const MOST: usize = 22;
    route
        .settings
        .iter()
        .map(|setting| columns(shown(setting)))
        .filter(|&width| width <= MOST)
        .max()
        .unwrap_or_default()
}

fn block(place: &PlaceView) -> &str {
    if place.block.is_empty() { "the file's top" } else { &place.block }
}

fn note_on(module: &str) -> &'static str {
    match module {
        "uwsgi" | "scgi" => "hands the client's Upgrade on by itself",
        "stream" => "hands bytes on as they come; no headers",
        _ => "cannot carry WebSockets",
    }
}

fn becoming(becomes: &Becomes) -> String {
    let list = |texts: &[String]| {
        let mut all: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
        if becomes.open {
            all.push(if all.is_empty() { "what only the running nginx knows" } else { "something else" }.to_owned());
        }
        all.join(" or ")
    };
    let (handshake, plain) = (list(&becomes.handshake), list(&becomes.plain));
    if handshake == plain {
        format!("becomes {handshake}")
    } else {
        format!("{handshake} for a handshake, {plain} for a plain request")
    }
}

/// Breaks text between words; a word that is too long stays whole, so that a path can be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| columns(line));
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + columns(word) <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Text from a configuration with everything escaped that would steer a terminal.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests;
