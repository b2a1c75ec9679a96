//! The page for the browser, in a browser: Chromium without a window. Left out in one line where there is none, except
//! under `NGINX_WSLINT_REQUIRE_CHROMIUM`.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::run::{self, run};

/// Chromium by the names it goes by.
fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
    if found.is_none() {
        assert!(std::env::var_os("NGINX_WSLINT_REQUIRE_CHROMIUM").is_none(), "Chromium is missing");
        eprintln!("left out: no Chromium here to render the page");
    }
    found
}

/// What a browser makes of a page.
struct Rendered {
    /// The document when it has settled.
    dom: String,
    /// Everything that was asked for, as paths.
    requests: Vec<String>,
    /// Every address in Chromium's log of its network.
    network: String,
    /// What it complains of.
    complaints: Vec<String>,
}

/// Has Chromium fetch the page from a server on this machine that writes down what it is asked for.
fn render(browser: &str, page: &Path) -> Rendered {
    let profile = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = std::fs::read(page).unwrap();
    let server = std::thread::spawn(move || serve(&listener, &body));
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=2000", "--timeout=60000", "--dump-dom"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--log-net-log={}", profile.path().join("net.json").display()))
        .arg(format!("http://{address}/report.html"))
        .output()
        .unwrap();
    TcpStream::connect(address).unwrap().write_all(b"GET /end HTTP/1.1\r\n\r\n").unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    Rendered {
        dom: String::from_utf8(output.stdout).unwrap(),
        requests: server.join().unwrap(),
        network: std::fs::read_to_string(profile.path().join("net.json")).unwrap(),
        complaints: complaints.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    }
}

/// Answers every request with the page until it is asked for `/end`; the paths that it was asked for.
fn serve(listener: &TcpListener, body: &[u8]) -> Vec<String> {
    let mut paths = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut line = String::new();
        // A browser opens connections in advance and may never use them.
        if BufReader::new(&stream).read_line(&mut line).is_err() || line.is_empty() {
            continue;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        if path == "/end" {
            break;
        }
        paths.push(path);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
        let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(body);
    }
    paths
}

fn page(folder: &Path, args: &[&str]) -> PathBuf {
    let mut all = vec!["--pedantic", "--output-format", "html=report.html", "--output-format", "json"];
    all.extend(args);
    let result = run(folder, &all, b"");
    assert!(result.stderr.is_empty(), "{}", result.shown());
    std::fs::write(folder.join("report.json"), &result.stdout).unwrap();
    folder.join("report.html")
}

#[test]
fn a_browser_shows_every_finding_and_asks_for_nothing_else() {
    let Some(browser) = chromium() else { return };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folder = run::folder(&run::read(&examples));
    let page = page(folder.path(), &["."]);
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    let findings = json["diagnostics"].as_array().unwrap().len();
    assert!(findings > 5, "the examples have findings");
    let rendered = render(browser, &page);
    assert_eq!(rendered.dom.matches("<article class=\"finding ").count(), findings);
    assert_eq!(rendered.complaints, Vec::<String>::new());
    assert_eq!(rendered.requests, ["/report.html"]);
    assert!(rendered.network.contains("/report.html"), "the log tells what was asked for");
    assert!(!rendered.network.contains("nginx.org"), "links are not followed");
    // Every link inside of the page leads somewhere.
    for link in rendered.dom.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(rendered.dom.contains(&format!("id=\"{link}\"")), "nothing is called {link}");
    }
}

#[test]
fn text_of_a_configuration_is_never_markup_to_a_browser() {
    let folder = run::folder(&crate::formats::files());
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/hostile/rules");
    let page = page(folder.path(), &["--select", "hostile", "--rules", rules.to_str().unwrap(), "."]);
    let text = std::fs::read_to_string(&page).unwrap();
    for markup in ["<script", "<img", "<b>", "<i>"] {
        assert!(!text.contains(markup), "{markup}");
    }
    assert!(text.contains("&lt;script&gt;alert(3)&lt;/script&gt;"));
    assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'));
    assert!(!text.contains("src=\"") && !text.contains("@import") && !text.contains("url("));
    let Some(browser) = chromium() else { return };
    let rendered = render(browser, &page);
    assert!(!rendered.dom.contains("<script") && !rendered.dom.contains("<img"));
    assert_eq!(rendered.complaints, Vec::<String>::new());
    assert_eq!(rendered.requests, ["/report.html"]);
}
