//! A rule as it is written: one struct per table, every key by name, so that an error points at the word.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spanned::Spanned;

/// A whole rule file.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleFile {
    /// One line: what is wrong.
    pub(super) summary: String,
    /// `error`, `warning` or `info`.
    #[schemars(with = "String", extend("enum" = ["error", "warning", "info"]))]
    pub(super) severity: Spanned<String>,
    /// The mechanism: why it breaks.
    pub(super) why: String,
    /// What the user sees: in the browser, in the client, in the error log.
    pub(super) symptom: String,
    /// When the finding or its fix should not be followed.
    pub(super) unless: Option<String>,
    /// The versions of nginx the claim holds for: `<1.29.7`.
    #[schemars(with = "Option<String>")]
    pub(super) nginx: Option<Spanned<String>>,
    /// The measured facts it rests on.
    pub(super) evidence: String,
    /// Documentation.
    #[serde(default)]
    pub(super) see: Vec<String>,
    pub(super) r#match: Match,
    pub(super) report: Report,
    #[serde(default)]
    pub(super) variant: Vec<Variant>,
    #[serde(default)]
    pub(super) fix: Vec<Fix>,
    #[serde(default)]
    pub(super) example: Vec<Example>,
}

/// What the rule looks at and when it speaks.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Match {
    /// `route` (the default), `directive`, or `comment` for those that silence rules.
    #[schemars(with = "Option<String>", extend("enum" = ["route", "directive", "comment"]))]
    pub(super) subject: Option<Spanned<String>>,
    /// For routes: the least sure at which the rule speaks at all.
    #[schemars(with = "Option<String>", extend("enum" = ["possible", "likely", "certain"]))]
    pub(super) websocket: Option<Spanned<String>>,
    /// For routes: the modules that hand the requests on; `proxy` by default.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) modules: Vec<Spanned<String>>,
    /// For directives: their names.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) directives: Vec<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) all: Vec<Spanned<Condition>>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) any: Vec<Spanned<Condition>>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) none: Vec<Spanned<Condition>>,
}

/// One condition. It names exactly one of `directive`, `header` and `fact`; the other keys narrow it.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Condition {
    /// A directive; `{module}` stands for `proxy`, `uwsgi` or `scgi`.
    #[schemars(with = "Option<String>")]
    pub(super) directive: Option<Spanned<String>>,
    /// A header set by `proxy_set_header`.
    #[schemars(with = "Option<String>")]
    pub(super) header: Option<Spanned<String>>,
    /// A derived fact.
    #[schemars(with = "Option<String>", extend("enum" = fact_names()))]
    pub(super) fact: Option<Spanned<String>>,
    /// `own`, `inherited`, `effective` (the default) or `lost`.
    #[schemars(with = "Option<String>", extend("enum" = ["own", "inherited", "effective", "lost"]))]
    pub(super) scope: Option<Spanned<String>>,
    /// Holds for one of these first arguments.
    pub(super) is: Option<Vec<String>>,
    /// Holds for none of these first arguments.
    pub(super) is_not: Option<Vec<String>>,
    /// Holds for a time of at most so many seconds.
    pub(super) at_most_seconds: Option<u64>,
    /// Holds for a time above so many seconds.
    pub(super) above_seconds: Option<u64>,
    /// For `Upgrade` and `Connection`: what a handshake carries.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) handshake: Option<Vec<Spanned<String>>>,
    /// For `Upgrade` and `Connection`: what a plain request carries.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) plain: Option<Vec<Spanned<String>>>,
    /// Holds only for these versions of nginx.
    #[schemars(with = "Option<String>")]
    pub(super) nginx: Option<Spanned<String>>,
    /// The name by which `at` and `{…}` speak of what was found.
    pub(super) r#as: Option<String>,
}

/// Where a finding points and what it says.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Report {
    /// `pass`, `block`, `server` or the name of a condition.
    #[schemars(with = "String")]
    pub(super) at: Spanned<String>,
    /// `value` or `name` to point at one word of the directive.
    #[schemars(with = "Option<String>", extend("enum" = ["name", "value", "head"]))]
    pub(super) part: Option<Spanned<String>>,
    #[schemars(with = "String")]
    pub(super) message: Spanned<String>,
    /// One finding for each directive that the condition found; conditions on directives then ask about that one alone.
    #[serde(default)]
    pub(super) each: bool,
    #[serde(default)]
    pub(super) related: Vec<Related>,
}

/// A second place.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Related {
    #[schemars(with = "String")]
    pub(super) at: Spanned<String>,
    #[schemars(with = "String")]
    pub(super) message: Spanned<String>,
}

/// Another severity or message for some of the matches; the first that holds counts.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Variant {
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) all: Vec<Spanned<Condition>>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) any: Vec<Spanned<Condition>>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) none: Vec<Spanned<Condition>>,
    #[schemars(with = "Option<String>", extend("enum" = ["error", "warning", "info"]))]
    pub(super) severity: Option<Spanned<String>>,
    #[schemars(with = "Option<String>", extend("enum" = ["possible", "likely", "certain"]))]
    pub(super) confidence: Option<Spanned<String>>,
    #[schemars(with = "Option<String>")]
    pub(super) message: Option<Spanned<String>>,
}

/// A repair; the first whose conditions hold is offered.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Fix {
    /// `safe`, `unsafe` or `advice`.
    #[schemars(with = "String", extend("enum" = ["safe", "unsafe", "advice"]))]
    pub(super) safety: Spanned<String>,
    #[schemars(with = "String")]
    pub(super) title: Spanned<String>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) all: Vec<Spanned<Condition>>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) any: Vec<Spanned<Condition>>,
    #[serde(default)]
    #[schemars(with = "Vec<Condition>")]
    pub(super) none: Vec<Spanned<Condition>>,
    /// Header lines that the route is to have.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
    /// A directive that the route is to have.
    pub(super) set: Option<Set>,
    /// A word that is to be written otherwise.
    pub(super) replace: Option<Replace>,
    /// A second word that is to be written otherwise with it.
    pub(super) replace_also: Option<Replace>,
    /// A directive that is to go.
    pub(super) remove: Option<Remove>,
    /// A block that is to move up to http.
    pub(super) hoist: Option<Remove>,
    /// Insert the map that defines the variable used here.
    pub(super) define: Option<Remove>,
    /// Directives whose effective value may differ afterwards; `header` for those named in `headers`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) changes: Vec<Spanned<String>>,
    /// As safe where text that is not here may set the same above.
    #[serde(default)]
    pub(super) open_world: bool,
    /// Rules that may speak up once this is repaired.
    #[serde(default)]
    pub(super) reveals: Vec<String>,
}

/// `set = { directive = "…", value = "…" }`
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Set {
    #[schemars(with = "String")]
    pub(super) directive: Spanned<String>,
    pub(super) value: String,
    /// The block to set it in: `main`, or the name of a condition that found one; the route's by default.
    #[schemars(with = "Option<String>")]
    pub(super) r#in: Option<Spanned<String>>,
}

/// `replace = { at = "…", with = "…" }`
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Replace {
    #[schemars(with = "String")]
    pub(super) at: Spanned<String>,
    /// `value` (the last word, by default) or `name` (the first argument).
    #[schemars(with = "Option<String>", extend("enum" = ["name", "value", "head"]))]
    pub(super) part: Option<Spanned<String>>,
    pub(super) with: String,
    /// All words that the condition found, not the first alone.
    #[serde(default)]
    pub(super) every: bool,
}

/// `remove = { at = "…" }`
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Remove {
    #[schemars(with = "String")]
    pub(super) at: Spanned<String>,
    /// All directives that the condition found, not the first alone.
    #[serde(default)]
    pub(super) every: bool,
}

/// A configuration with the mistake and, where the rule has a fix, the same repaired.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Example {
    /// What it shows, when a rule has several.
    pub name: Option<String>,
    /// Where the text stands: `main`, `http` (the default), `server` or `location`.
    pub context: Option<String>,
    /// With the mistake.
    pub bad: String,
    /// Repaired by `--fix`, or by `--fix --unsafe-fixes` when `unsafe` is set, or by hand when the rule only advises.
    pub good: Option<String>,
    /// The finding needs `--pedantic`.
    #[serde(default)]
    pub pedantic: bool,
    /// The repair is an unsafe fix.
    #[serde(default)]
    pub r#unsafe: bool,
    /// The repair is one that people make; no fix of the rule leads there.
    #[serde(default)]
    pub by_hand: bool,
    /// Files that the text includes.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What a real handshake shows.
    pub handshake: Option<Handshake>,
}

/// What happens to a WebSocket handshake on a real nginx.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Handshake {
    /// The path that is asked for.
    pub path: String,
    /// Before: `refused` (nginx does not start), a status, `broken` (101, but no client takes it), `closed`, `silent`,
    /// `cut` (open, and closed while idle, with all timeouts a sixtieth of what they are) or `open`.
    pub bad: String,
    /// After; `open` unless said otherwise.
    pub good: Option<String>,
    /// Before, a plain POST over the same route fails.
    #[serde(default)]
    pub plain_fails: bool,
    /// The versions of nginx on which it shows.
    pub nginx: Option<String>,
    /// The subprotocol that the client offers, and needs in the answer.
    pub offers: Option<String>,
    /// What the backend is like.
    #[serde(default)]
    pub backend: Backend,
}

/// How strict the backend behind an example is, besides what all are.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Backend {
    /// It answers plain requests with 400 when they carry `Connection: upgrade`, as Kestrel does.
    pub strict_plain: bool,
    /// It refuses a handshake whose `Origin` is another host than `Host`.
    pub check_origin: bool,
    /// It knows a session only where it was opened.
    pub sessions: bool,
    /// It serves WebSockets at this path (with query) alone.
    pub endpoint: Option<String>,
}

/// The JSON Schema of a rule file, for editors.
pub fn json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(RuleFile);
    schema.insert("title".to_owned(), "A rule of nginx-wslint".into());
    schema.to_value()
}

/// The facts that a condition may name.
fn fact_names() -> Vec<&'static str> {
    super::facts().map(|(name, _)| name).collect()
}
