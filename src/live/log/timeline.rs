//! Times of log lines, and counts over time.

use std::time::SystemTime;

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime};

/// Seconds of the clock on the wall where the log was written, from 1970 on: an error log knows no time zone.
pub type Seconds = i64;

/// How many counts a timeline has at most.
const MOST: usize = 256;

/// The time at the beginning of a line: `2026/11/21 08:06:59`.
pub(super) fn error_log_time(line: &[u8]) -> Option<Seconds> {
    let form = line.get(..19)?;
    let fixed = [(4, b'/'), (7, b'/'), (10, b' '), (13, b':'), (16, b':')];
    if fixed.iter().any(|&(at, byte)| form[at] != byte) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits(&form[range]);
    seconds(number(0..4)?, number(5..7)?, number(8..10)?, [number(11..13)?, number(14..16)?, number(17..19)?])
}

/// The time of an access log without its brackets and zone: `21/Nov/2026:08:06:59`.
pub(super) fn access_log_time(text: &[u8]) -> Option<Seconds> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let form = text.get(..20)?;
    let fixed = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':'), (17, b':')];
    if fixed.iter().any(|&(at, byte)| form[at] != byte) {
        return None;
    }
    let month = MONTHS.chunks(3).position(|name| name == &form[3..6])? as u32 + 1;
    let number = |range: std::ops::Range<usize>| digits(&form[range]);
    seconds(number(7..11)?, month, number(0..2)?, [number(12..14)?, number(15..17)?, number(18..20)?])
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

fn seconds(year: u32, month: u32, day: u32, [hour, minute, second]: [u32; 3]) -> Option<Seconds> {
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(day.and_hms_opt(hour, minute, second)?.and_utc().timestamp())
}

/// A time as people read it: `2026-11-21 08:06:59`.
pub fn clock(time: Seconds) -> String {
    DateTime::from_timestamp(time, 0)
        .map_or_else(|| time.to_string(), |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// A time as a log of this machine would tell it.
pub(in crate::live) fn told(time: SystemTime) -> Seconds {
    DateTime::<Local>::from(time).naive_local().and_utc().timestamp()
}

/// The time now, as a log of this machine would tell it.
pub(in crate::live) fn now() -> Seconds {
    told(SystemTime::now())
}

/// The time that somebody means: `30m`, `2h`, `1d` ago by the clock of this machine, or a time as a log writes it, with `-`
/// or `/`, with seconds or without, or a mere date.
///
/// # Errors
/// What is accepted, if it is none of that.
pub fn since(text: &str) -> Result<Seconds, String> {
    let wrong = || format!("`{text}` is no time; say `30m`, `2h`, `1d`, `2026-11-21` or `2026-11-21 03:00`");
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];
    for (unit, seconds) in units {
        if let Some(Ok(number)) = text.trim().strip_suffix(unit).map(str::parse::<u32>) {
            return Ok(now() - i64::from(number) * seconds);
        }
    }
    let text = text.trim().replace('/', "-").replace('T', " ");
    let time = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0));
    time.map(|time| time.and_utc().timestamp()).ok_or_else(wrong)
}

/// Counts over time, as fine as a bounded number of them allows.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Seconds that one count covers.
    width: Seconds,
    /// The number of the first count: its time divided by the width.
    first: i64,
    counts: std::collections::VecDeque<u64>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: 1, first: 0, counts: std::collections::VecDeque::new() }
    }
}

impl Timeline {
    /// Counts a line.
    pub fn add(&mut self, time: Seconds) {
        if self.counts.is_empty() {
            self.first = time.div_euclid(self.width);
        }
        loop {
            let at = time.div_euclid(self.width);
            let last = self.first + self.counts.len() as i64 - 1;
            let needed = last.max(at).saturating_sub(self.first.min(at)).saturating_add(1);
            if needed <= MOST as i64 {
                while self.first > at {
                    self.counts.push_front(0);
                    self.first -= 1;
                }
                let index = (at - self.first) as usize;
                while self.counts.len() <= index {
                    self.counts.push_back(0);
                }
                self.counts[index] += 1;
                return;
            }
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let old = std::mem::take(&mut self.counts);
        let first = self.first.div_euclid(2);
        for (at, count) in old.into_iter().enumerate() {
            let index = ((self.first + at as i64).div_euclid(2) - first) as usize;
            if self.counts.len() <= index {
                self.counts.push_back(0);
            }
            self.counts[index] += count;
        }
        (self.first, self.width) = (first, self.width * 2);
    }

    /// The counts from `from` to `to`, spread over so many columns.
    pub fn columns(&self, from: Seconds, to: Seconds, columns: usize) -> Vec<u64> {
        let mut all = vec![0; columns.max(1)];
        let span = (to - from + 1).max(1);
        for (at, count) in self.counts.iter().enumerate() {
            let middle = (self.first + at as i64) * self.width + self.width / 2;
            let column = ((middle - from).clamp(0, span - 1) as i128 * all.len() as i128 / i128::from(span)) as usize;
            all[column] += count;
        }
        all
    }
}

/// Draws counts: the height of a column tells its share of the highest.
pub(super) fn spark(counts: &[u64], unicode: bool) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII: [char; 8] = ['.', ':', '-', '=', '+', '*', '%', '#'];
    let bars = if unicode { BARS } else { ASCII };
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    let bar = |&count: &u64| match count {
        0 => ' ',
        count => bars[((u128::from(count) * 8).div_ceil(u128::from(most)) as usize).clamp(1, 8) - 1],
    };
    counts.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_logs_tell_the_same_time() {
        let time = error_log_time(b"2026/11/21 08:06:59 [error]").unwrap();
        assert_eq!(access_log_time(b"21/Nov/2026:08:06:59 +0000"), Some(time));
        assert_eq!(clock(time), "2026-11-21 08:06:59");
        assert_eq!(error_log_time(b"2026/02/30 08:06:59 [error]"), None);
    }

    #[test]
    fn a_time_may_be_said_in_several_ways() {
        let time = error_log_time(b"2026/11/21 08:06:00").unwrap();
        assert_eq!(since("2026-11-21 08:06"), Ok(time));
        assert_eq!(since("2026/11/21 08:06:00"), Ok(time));
        assert_eq!(since("2026-11-21"), Ok(time - 8 * 3600 - 360));
        assert!((since("1h").unwrap() - since("60m").unwrap()).abs() <= 1);
        assert!(since("1h").unwrap() > since("1d").unwrap());
        assert!(since("yesterday").unwrap_err().contains("2h"));
    }

    #[test]
    fn no_count_is_lost_however_far_apart_the_times_are() {
        let mut line = Timeline::default();
        for time in [1_000_000, 5, 1_000_003, 80_000_000, 400, 400, -7] {
            line.add(time);
        }
        assert!(line.counts.len() <= MOST);
        assert_eq!(line.columns(-7, 80_000_000, 20).iter().sum::<u64>(), 7);
        assert_eq!(line.columns(0, 1, 1), [7]);
    }

    #[test]
    fn columns_stand_where_their_times_are() {
        let mut line = Timeline::default();
        (0..10).for_each(|_| line.add(90));
        line.add(0);
        assert_eq!(line.columns(0, 99, 10), [1, 0, 0, 0, 0, 0, 0, 0, 0, 10]);
        assert_eq!(spark(&line.columns(0, 99, 10), false), ".        #");
        assert_eq!(spark(&[8, 4, 0], true), "█▄ ");
    }
}
