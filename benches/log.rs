//! How fast `log` reads, and in how much memory: `cargo bench --bench log`, a gigabyte unless `LOG_BYTES` says otherwise.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot be made ends here")]

use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Lines as a busy site writes them: mostly such as have nothing to do with WebSockets.
const LINES: [&str; 5] = [
    "[error] 12#12: *{n} open() \"/usr/share/nginx/html/favicon{r}.ico\" failed (2: No such file or directory), client: 10.0.0.{r}, server: www.example.com, request: \"GET /favicon{r}.ico HTTP/1.1\", host: \"www.example.com\", referrer: \"https://www.example.com/some/page?with=query\"",
    "[info] 12#12: *{n} client 10.0.0.{r} closed keepalive connection",
    "[warn] 12#12: *{n} an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/{r}/{n} while reading upstream, client: 10.0.0.1, server: www.example.com, request: \"GET /download/file-{n}.zip HTTP/1.1\", upstream: \"http://10.1.2.3:8080/download\", host: \"www.example.com\"",
    "[error] 12#12: *{n} connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.{r}, server: chat.example.com, request: \"GET /ws/room/{n} HTTP/1.1\", upstream: \"http://127.0.0.1:3000/ws/room/{n}\", host: \"chat.example.com\"",
    "[info] 12#12: *{n} upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 10.0.0.{r}, server: chat.example.com, request: \"GET /route-{m}/ws HTTP/1.1\", upstream: \"http://127.0.0.1:3000/ws\", host: \"chat.example.com\"",
];

fn main() {
    let wanted: u64 = std::env::var("LOG_BYTES").ok().and_then(|bytes| bytes.parse().ok()).unwrap_or(1_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("error.log");
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(&file).unwrap());
    let (mut written, mut number) = (0, 0_u64);
    while written < wanted {
        // One line in sixteen is about WebSockets.
        let of = if number.is_multiple_of(16) { 3 + number / 16 % 2 } else { number % 3 };
        let second = number / 50;
        let line = LINES[of as usize]
            .replace("{n}", &number.to_string())
            .replace("{r}", &(number % 251).to_string())
            .replace("{m}", &letters(number / 16 % 5000));
        let line = format!("2026/11/20 {:02}:{:02}:{:02} {line}\n", second / 3600 % 24, second / 60 % 60, second % 60);
        out.write_all(line.as_bytes()).unwrap();
        written += line.len() as u64;
        number += 1;
    }
    out.flush().unwrap();
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"))
        .args(["log", file.to_str().unwrap()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = None;
    while child.try_wait().unwrap().is_none() {
        peak = peak_kib(child.id()).or(peak);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let seconds = begin.elapsed().as_secs_f64();
    let memory = peak.map_or("unknown".to_owned(), |kib| format!("{} MiB", kib / 1024));
    println!(
        "{number} lines, {written} bytes: {seconds:.2} s, {:.0} MB/s, peak memory {memory}",
        written as f64 / 1e6 / seconds
    );
}

/// A number in letters, which `log` takes for a name of its own: thousands of routes.
fn letters(number: u64) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// The most memory that a process has had, where the system tells (proc_pid_status(5)).
fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
