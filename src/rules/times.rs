//! Times as nginx writes them.

/// A time as nginx reads it in `proxy_read_timeout` and its like, in milliseconds: `3600`, `60s`, `1h 30m`, `500ms`.
/// Units fall from left to right, months and years are not allowed (`ngx_parse_time`; NGINX facts part C).
pub fn milliseconds(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] =
        [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1), ("", 1000)];
    let mut rest = text;
    let mut step = 0;
    let mut total: u64 = 0;
    if rest.is_empty() || rest.starts_with(' ') {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        // A bare number behind a unit counts seconds, whatever the unit before it.
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters])?;
        if unit < step || (unit == 6 && step == 6) {
            return None;
        }
        step = unit + 1;
        total = total.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        rest = rest[letters..].trim_start_matches(' ');
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_nginx_reads_them() {
        for (text, time) in [
            ("3600", 3_600_000),
            ("60s", 60_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("1m30", 90_000),
            ("500ms", 500),
            ("1s500ms", 1500),
            ("01h", 3_600_000),
            ("60s ", 60_000),
            ("0", 0),
            ("1w", 604_800_000),
        ] {
            assert_eq!(milliseconds(text), Some(time), "{text}");
        }
        for text in ["1M", "1y", "30m1h", "1h1h", "500ms1s", "-1", "1.5h", "off", "1H", "60min", "", " 60s", "$t"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
