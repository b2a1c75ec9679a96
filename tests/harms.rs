//! Edits that look innocent and do harm. Each is asked for by a rule that thinks of its own route alone; the proof has to
//! see what else it would change, leave the files as they are, and say what that is.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const WS: &str = "proxy_pass http://127.0.0.1:1;\nproxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\n\
                  proxy_set_header Connection upgrade;\n";

/// A folder with files, and with a rule that is sure of itself: it matches WebSocket routes for which `when` holds.
fn folder(files: &[(&str, &str)], when: &str, fix: &str) -> TempDir {
    let rule = format!(
        "summary = \"a\"\nseverity = \"error\"\nwhy = \"b\"\nsymptom = \"c\"\nevidence = \"d\"\n\
         [match]\nwebsocket = \"likely\"\n{when}\n[report]\nat = \"pass\"\nmessage = \"e\"\n\
         [[fix]]\nsafety = \"safe\"\ntitle = \"f\"\n{fix}\n\
         [[example]]\ncontext = \"location\"\nbad = \"proxy_pass http://a;\"\n"
    );
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files.iter().copied().chain([("rules/house/crude.toml", rule.as_str())]) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nginx-wslint"));
    command.current_dir(folder).args(["--isolated", "--color", "never", "--rules", "rules"]).args(args);
    command.output().unwrap()
}

fn text(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// Fixes with the crude rule alone; everything that was said.
fn fix(folder: &TempDir) -> String {
    let output = run(folder.path(), &["--select", "crude", "--fix", "--output-format", "full", "."]);
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The fix is withdrawn for this reason, and no file is touched.
fn withdrawn(files: &[(&str, &str)], when: &str, fix_of_rule: &str, why: &str) {
    let folder = folder(files, when, fix_of_rule);
    let said = fix(&folder);
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("crude was not fixed"), "{said}");
    assert!(flat.contains(why), "{said}");
    for (name, before) in files {
        assert_eq!(text(&folder, name), *before, "{name} was changed\n{said}");
    }
}

/// The same fix where it does no harm: without this, nothing would show that the reason is the harm.
fn applied(files: &[(&str, &str)], when: &str, fix_of_rule: &str) {
    let folder = folder(files, when, fix_of_rule);
    let said = fix(&folder);
    let is_changed = files.iter().any(|(name, before)| text(&folder, name) != *before);
    assert!(is_changed && !said.contains("was not fixed"), "{said}");
}

fn main_file(http: &str) -> String {
    format!("events {{}}\nhttp {{\n{http}\n}}\n")
}

fn server(body: &str) -> String {
    main_file(&format!("server {{\nlisten 80;\n{body}\n}}"))
}

const ADD_HEADER: &str =
    "set = { directive = \"proxy_set_header\", value = \"X-Ws 1\" }\nchanges = [\"proxy_set_header X-Ws\"]";
const ADD_TO_SERVER: &str = "set = { directive = \"proxy_set_header\", value = \"X-Ws 1\", in = \"server\" }\nchanges = [\"proxy_set_header X-Ws\"]";
const NO_HEADER: &str = "none = [{ header = \"X-Ws\" }]";

#[test]
fn a_header_in_a_location_that_inherits_others() {
    let bare = "location /ws {\nproxy_pass http://127.0.0.1:1;\n}";
    applied(&[("nginx.conf", &server(bare))], NO_HEADER, ADD_HEADER);
    let text = server(&format!("proxy_set_header Host $host;\n{bare}"));
    withdrawn(
        &[("nginx.conf", &text)],
        NO_HEADER,
        ADD_HEADER,
        "would also change `proxy_set_header host` of `location /ws`",
    );
}

#[test]
fn a_header_of_the_server_reaches_the_target_of_an_auth_request() {
    let with = |auth: &str| {
        server(&format!(
            "location /ws {{\nauth_request /auth;\nproxy_pass http://127.0.0.1:1;\n}}\n\
             location = /auth {{\ninternal;\n{auth}proxy_pass http://127.0.0.1:2;\n}}"
        ))
    };
    let why = "would also change `proxy_set_header x-ws` of `location = /auth`";
    withdrawn(&[("nginx.conf", &with(""))], NO_HEADER, ADD_TO_SERVER, why);
    applied(&[("nginx.conf", &with("proxy_set_header Host a;\n"))], NO_HEADER, ADD_TO_SERVER);
}

#[test]
fn a_header_of_the_server_reaches_an_if_block() {
    let text = server(
        "location /ws {\nproxy_pass http://127.0.0.1:1;\n}\n\
         location /old {\nif ($arg_new) {\nproxy_pass http://127.0.0.1:2;\n}\nreturn 204;\n}",
    );
    withdrawn(&[("nginx.conf", &text)], NO_HEADER, ADD_TO_SERVER, "`proxy_set_header x-ws` of `location /old`");
}

#[test]
fn a_header_reaches_a_nested_location() {
    let with = |inner: &str| {
        server(&format!("location /ws {{\nproxy_pass http://127.0.0.1:1;\nlocation /ws/files {{\n{inner}\n}}\n}}"))
    };
    let when = "all = [{ directive = \"proxy_pass\", is = [\"http://127.0.0.1:1\"] }]\nnone = [{ header = \"X-Ws\" }]";
    let text = with("proxy_pass http://127.0.0.1:2;");
    withdrawn(
        &[("nginx.conf", &text)],
        when,
        ADD_HEADER,
        "would also change `proxy_set_header x-ws` of `location /ws/files`",
    );
    applied(&[("nginx.conf", &with("return 204;"))], when, ADD_HEADER);
}

const SHORTER: &str = "all = [{ directive = \"proxy_read_timeout\", is = [\"10s\"], as = \"line\" }]";
const LONGER: &str = "replace = { at = \"line\", with = \"1h\" }\nchanges = [\"proxy_read_timeout\"]";

#[test]
fn a_shared_snippet_is_edited_for_one_of_its_includers() {
    let root = server(&format!(
        "location /ws {{\ninclude snip.conf;\n{WS}}}\nlocation /api {{\ninclude snip.conf;\nproxy_pass http://127.0.0.1:2;\n}}"
    ));
    let files = [("nginx.conf", &*root), ("snip.conf", "proxy_read_timeout 10s;\n")];
    withdrawn(&files, SHORTER, LONGER, "would also change `proxy_read_timeout` of `location /api`");
    let alone = root.replacen("include snip.conf;\nproxy_pass http://127.0.0.1:2;", "return 204;", 1);
    applied(&[("nginx.conf", &alone), files[1]], SHORTER, LONGER);
}

#[test]
fn a_shared_snippet_is_edited_for_one_of_two_roots() {
    let ws = format!("location /ws {{\ninclude ../snip.conf;\n{WS}}}\n");
    let (a, b) = (server(&ws), server("location /api {\ninclude ../snip.conf;\nproxy_pass http://127.0.0.1:2;\n}"));
    let snippet = ("snip.conf", "proxy_read_timeout 10s;\n");
    let why = "would also change `proxy_read_timeout` of `location /api` (b/nginx.conf:";
    withdrawn(&[("a/nginx.conf", &a), ("b/nginx.conf", &b), snippet], SHORTER, LONGER, why);
    applied(&[("a/nginx.conf", &a), ("b/nginx.conf", &a), snippet], SHORTER, LONGER);
}

/// The lines of a location lie in a file that each root has of its own, so that only one of them lacks the setting.
#[test]
fn a_setting_that_another_root_has_already_would_be_there_twice() {
    let root = server("include ../loc.conf;");
    let location = format!("location /ws {{\n{WS}include extra.conf;\n}}\n");
    let files = |extra| {
        [
            ("a/nginx.conf", root.clone()),
            ("a/extra.conf", "client_max_body_size 1m;\n".into()),
            ("b/nginx.conf", root.clone()),
            ("b/extra.conf", extra),
            ("loc.conf", location.clone()),
        ]
    };
    let when = "none = [{ directive = \"proxy_read_timeout\" }]";
    let fix = "set = { directive = \"proxy_read_timeout\", value = \"1h\" }\nchanges = [\"proxy_read_timeout\"]";
    let twice: [(&str, String); 5] = files("proxy_read_timeout 1h;\n".into());
    let twice: Vec<(&str, &str)> = twice.iter().map(|(name, text)| (*name, &**text)).collect();
    withdrawn(&twice, when, fix, "it would write a second `proxy_read_timeout` line, beside one of `location /ws`");
    let once: [(&str, String); 5] = files("client_max_body_size 2m;\n".into());
    let once: Vec<(&str, &str)> = once.iter().map(|(name, text)| (*name, &**text)).collect();
    applied(&once, when, fix);
}

#[cfg(unix)]
#[test]
fn a_snippet_is_the_same_file_under_another_name() {
    let a = server(&format!("location /ws {{\ninclude ../snip.conf;\n{WS}}}\n"));
    let b = server("location /api {\ninclude link.conf;\nproxy_pass http://127.0.0.1:2;\n}");
    let files = [("a/nginx.conf", &*a), ("b/nginx.conf", &*b), ("snip.conf", "proxy_read_timeout 10s;\n")];
    let folder = folder(&files, SHORTER, LONGER);
    std::os::unix::fs::symlink("../snip.conf", folder.path().join("b/link.conf")).unwrap();
    let said = fix(&folder);
    assert!(said.contains("was not fixed"), "{said}");
    assert_eq!(text(&folder, "snip.conf"), files[2].1, "{said}");
}

/// One tree that reads a file under two names: both see the same edit.
#[test]
fn a_snippet_that_is_named_in_two_ways_is_edited_once() {
    let folder = folder(&[("snip.conf", "proxy_read_timeout 10s;\n")], SHORTER, LONGER);
    let absolute = folder.path().join("snip.conf");
    let root = server(&format!(
        "location /ws {{\ninclude snip.conf;\n{WS}}}\nlocation /wss {{\ninclude {};\n{WS}}}",
        absolute.display()
    ));
    std::fs::write(folder.path().join("nginx.conf"), root).unwrap();
    let said = fix(&folder);
    assert_eq!(text(&folder, "snip.conf"), "proxy_read_timeout 1h;\n", "{said}");
}

#[test]
fn a_map_whose_variable_a_later_include_defines() {
    let when = "all = [{ header = \"Connection\", as = \"line\" }]";
    let fix = "define = { at = \"line\" }\nchanges = [\"map\", \"proxy_set_header Connection\"]";
    let root = main_file(&format!(
        "server {{\nlocation /ws {{\n{}}}\n}}\ninclude late.conf;",
        WS.replace("Connection upgrade", "Connection $conn")
    ));
    let late = "map $http_upgrade $conn {\ndefault upgrade;\n'' close;\n}\n";
    withdrawn(&[("nginx.conf", &root), ("late.conf", late)], when, fix, "something else defines `$conn` already");
}

#[test]
fn a_block_that_is_included_twice_inherits_two_things() {
    let location = "location /ws {\nproxy_pass http://127.0.0.1:1;\n}\n";
    let with = |other: &str| {
        main_file(&format!(
            "server {{\nlisten 80;\nproxy_set_header Host $host;\ninclude loc.conf;\n}}\n\
             server {{\nlisten 81;\nproxy_set_header {other};\ninclude loc.conf;\n}}"
        ))
    };
    // The built-in rule writes the inherited lines along, which are different ones in the two servers.
    let fix_all = |root: &str| {
        let folder = folder(&[("nginx.conf", root), ("loc.conf", location)], NO_HEADER, ADD_HEADER);
        run(folder.path(), &["--select", "handshake", "--fix", "."]);
        text(&folder, "loc.conf")
    };
    let same = fix_all(&with("Host $host"));
    assert!(same.contains("proxy_set_header Upgrade $http_upgrade;"), "{same}");
    assert_eq!(same.matches("proxy_set_header Host $host;").count(), 1, "{same}");
    let different = fix_all(&with("X-Other 1"));
    assert!(!different.contains("proxy_set_header"), "{different}");
}

#[test]
fn a_line_of_http_counts_in_servers_that_are_not_here() {
    let with = |include: &str| {
        main_file(&format!(
            "proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection close;\nproxy_http_version 1.1;\n\
             {include}server {{\nlisten 80;\nlocation /ws {{\nproxy_pass http://127.0.0.1:1;\nproxy_read_timeout 1h;\n}}\n}}"
        ))
    };
    let fix_all = |root: &str| {
        let folder = folder(&[("nginx.conf", root)], NO_HEADER, ADD_HEADER);
        run(folder.path(), &["--select", "handshake", "--fix", "."]);
        text(&folder, "nginx.conf")
    };
    let seen = fix_all(&with(""));
    assert!(!seen.contains("Connection close"), "{seen}");
    let unseen = with("include /srv/elsewhere/sites/*.conf;\n");
    assert!(fix_all(&unseen).contains("proxy_set_header Connection close;\n"), "{}", fix_all(&unseen));
}

#[test]
fn a_header_beside_an_include_that_cannot_be_read() {
    let with = |include: &str| server(&format!("location /ws {{\n{include}proxy_pass http://127.0.0.1:1;\n}}"));
    let fix_all = |root: &str| {
        let folder = folder(&[("nginx.conf", root)], NO_HEADER, ADD_HEADER);
        run(folder.path(), &["--select", "missing-upgrade-header", "--pedantic", "--fix", "."]);
        text(&folder, "nginx.conf")
    };
    assert!(fix_all(&with("")).contains("Upgrade $http_upgrade"));
    let unread = with("include /srv/elsewhere/proxy.conf;\n");
    assert_eq!(fix_all(&unread), unread);
}

#[test]
fn a_large_buffer_alone_is_refused_by_nginx() {
    let text = server(&format!("location /ws {{\n{WS}proxy_read_timeout 1h;\n}}"));
    let when = "none = [{ directive = \"proxy_buffer_size\" }]";
    let fix = "set = { directive = \"proxy_buffer_size\", value = \"128k\" }\nchanges = [\"proxy_buffer_size\"]";
    let folder = folder(&[("nginx.conf", &text)], when, fix);
    // All rules take part: one of them knows what nginx says of it.
    let output = run(folder.path(), &["--fix", "--output-format", "full", "."]);
    let said = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("crude was not fixed: it would bring up `oversized-proxy-buffer`"), "{said}");
}

#[test]
fn a_header_that_goes_uncovers_those_of_the_server() {
    let when = "all = [{ directive = \"add_header\", is = [\"X-Old\"], scope = \"own\", as = \"line\" }]";
    let fix = "remove = { at = \"line\" }\nchanges = [\"add_header X-Old\"]";
    let with = |server_line: &str| server(&format!("{server_line}location /ws {{\n{WS}add_header X-Old 1;\n}}"));
    let why = "would also change `add_header x-frame-options` of `location /ws`";
    withdrawn(&[("nginx.conf", &with("add_header X-Frame-Options DENY;\n"))], when, fix, why);
    applied(&[("nginx.conf", &with(""))], when, fix);
    // What adds up anyway cannot be uncovered.
    let merging = with("add_header X-Frame-Options DENY;\nadd_header_inherit merge;\n");
    applied(&[("nginx.conf", &merging)], when, fix);
}

#[test]
fn a_line_of_a_list_that_two_directives_fill() {
    let when = "none = [{ directive = \"allow\", scope = \"own\" }]";
    let fix = "set = { directive = \"allow\", value = \"127.0.0.1\" }\nchanges = [\"allow\"]";
    let text = server(&format!("deny all;\nlocation /ws {{\n{WS}}}"));
    withdrawn(&[("nginx.conf", &text)], when, fix, "would also change `deny` of `location /ws`");
}

#[test]
fn settings_that_have_nothing_to_do_with_websockets_are_compared_too() {
    for (directive, value) in [
        ("root", "/srv"),
        ("gzip", "on"),
        ("error_page", "404 /a"),
        ("access_log", "off"),
        ("client_max_body_size", "2m"),
    ] {
        let when = format!("none = [{{ directive = \"{directive}\" }}]");
        let fix = format!(
            "set = {{ directive = \"{directive}\", value = \"{value}\", in = \"server\" }}\nchanges = [\"proxy_pass\"]"
        );
        let text = server(&format!("location /ws {{\n{WS}}}\nlocation / {{\nreturn 204;\n}}"));
        withdrawn(&[("nginx.conf", &text)], &when, &fix, &format!("would also change `{directive}` of `"));
    }
}

#[test]
fn rules_that_fight_change_nothing_and_are_named() {
    let text = server(&format!("location /ws {{\n{WS}proxy_read_timeout 10s;\nproxy_buffering on;\n}}"));
    let folder = folder(&[("nginx.conf", &text)], SHORTER, LONGER);
    let own = std::fs::read_to_string(folder.path().join("rules/house/crude.toml")).unwrap();
    let own = own.replace("[[example]]", "reveals = [\"back\", \"crude\"]\n[[example]]");
    std::fs::write(folder.path().join("rules/house/crude.toml"), &own).unwrap();
    let back = own.replace("\"10s\"", "\"1h\"").replace("with = \"1h\"", "with = \"10s\"");
    std::fs::write(folder.path().join("rules/house/back.toml"), back).unwrap();
    let calm = own.replace(SHORTER, "all = [{ directive = \"proxy_buffering\", is = [\"on\"], as = \"line\" }]");
    let calm = calm.replace(LONGER, "replace = { at = \"line\", with = \"off\" }\nchanges = [\"proxy_buffering\"]");
    std::fs::write(folder.path().join("rules/house/calm.toml"), calm).unwrap();
    let output = run(folder.path(), &["--select", "house", "--fix", "."]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("after 10 passes: back, crude undo each other; nothing was changed"), "{said}");
    assert_eq!(self::text(&folder, "nginx.conf"), text);
}
