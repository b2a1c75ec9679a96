//! Lines that a collector of logs has wrapped in JSON.

use std::borrow::Cow;

use serde::Deserialize;

/// The keys under which collectors keep a line.
#[derive(Deserialize)]
struct Wrapped {
    /// Docker's driver `json-file`, and Fluentd behind it.
    log: Option<Text>,
    /// `journalctl -o json`.
    #[serde(rename = "MESSAGE")]
    journal: Option<Text>,
    /// Vector, Logstash, Filebeat.
    message: Option<Text>,
    msg: Option<Text>,
}

/// A line; journald writes one that is no plain text as an array of its bytes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Words(String),
    Bytes(Vec<u8>),
}

/// The line that was wrapped; any other line as it is.
pub(in crate::live) fn unwrapped(line: &[u8]) -> Cow<'_, [u8]> {
    if line.first() != Some(&b'{') {
        return Cow::Borrowed(line);
    }
    let Ok(wrapped) = serde_json::from_slice::<Wrapped>(line) else { return Cow::Borrowed(line) };
    let mut bytes = match wrapped.log.or(wrapped.journal).or(wrapped.message).or(wrapped.msg) {
        Some(Text::Words(words)) => words.into_bytes(),
        Some(Text::Bytes(bytes)) => bytes,
        None => return Cow::Borrowed(line),
    };
    bytes.truncate(bytes.trim_ascii_end().len());
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors_wrap_lines_in_json() {
        for line in [
            r#"{"log":"a \"b\"\n","stream":"stderr","time":"2026-11-21T11:00:00.1Z"}"#,
            r#"{"MESSAGE":"a \"b\"","_PID":"1"}"#,
            r#"{"MESSAGE":[97,32,34,98,34]}"#,
            r#"{"ts":1,"message":"a \"b\""}"#,
        ] {
            assert_eq!(&*unwrapped(line.as_bytes()), b"a \"b\"", "{line}");
        }
        for line in ["{", "{\"status\":101}", "a", "", "{\"log\":\"\\ud800\"}", "{\"log\":7}"] {
            assert_eq!(&*unwrapped(line.as_bytes()), line.as_bytes());
        }
    }
}
