//! The page for the browser, in a browser: Chromium without a window. Left out in one line where there is none, except
//! under `NGINX_WSLINT_REQUIRE_CHROMIUM`.

use std::path::{Path, PathBuf};
use std::process::Command;

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

/// What Chromium makes of a page, and what it complains of.
fn render(browser: &str, page: &Path, profile: &Path) -> (String, String) {
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=2000", "--timeout=60000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--log-net-log={}", profile.join("net.json").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let complaints = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect::<Vec<_>>()
        .join("\n");
    (String::from_utf8(output.stdout).unwrap(), complaints)
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
    let profile = tempfile::tempdir().unwrap();
    let (dom, complaints) = render(browser, &page, profile.path());
    assert!(findings > 5, "the examples have findings");
    assert_eq!(dom.matches("<article class=\"finding ").count(), findings);
    assert_eq!(complaints, "");
    // Every link inside of the page leads somewhere.
    for link in dom.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(dom.contains(&format!("id=\"{link}\"")), "nothing is called {link}");
    }
    // Chromium notes every address that it was asked for, its own services' apart.
    let asked = std::fs::read_to_string(profile.path().join("net.json")).unwrap_or_default();
    for address in ["nginx.org", "a.example"] {
        assert!(!asked.contains(address), "the page asked for {address}");
    }
}

#[test]
fn text_of_a_configuration_is_never_markup_to_a_browser() {
    let folder = run::folder(&run::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/hostile/in")));
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
    let profile = tempfile::tempdir().unwrap();
    let (dom, complaints) = render(browser, &page, profile.path());
    assert!(!dom.contains("<script") && !dom.contains("<img"));
    assert_eq!(complaints, "");
}
