use super::*;
use crate::Linter;
use crate::config::Memory;

const LOST: &str = "http { server { server_name a.example b.example; proxy_set_header Upgrade $http_upgrade;\n\
    proxy_set_header Connection upgrade;\nlocation /ws {\n  proxy_set_header Host $host;\n  proxy_pass http://b;\n} } }\n\
    events {}\n";

fn report(files: &[(&str, &str)]) -> Report {
    let mut memory = Memory::new();
    files.iter().for_each(|(path, text)| memory.insert(*path, *text));
    let linter = Linter::default();
    let linted = linter.lint(files[0].0.as_ref(), &memory, &Default::default());
    let scope = Scope { asked: &|_| true, shown: &|_| true, editable: &|_| true };
    let mut builder = Builder::new();
    builder.add(&linted, &scope);
    builder.add(&linted, &scope);
    builder.finish()
}

#[test]
fn a_finding_brings_its_places_its_route_and_its_fix() {
    let report = report(&[("a.conf", LOST)]);
    let lost: Vec<_> = report.diagnostics.iter().filter(|one| one.rule == "lost-websocket-headers").collect();
    let [lost] = lost[..] else { panic!("{:?}", report.diagnostics) };
    assert_eq!((lost.start.line, lost.start.column, lost.related[0].start.line), (4, 3, 1));
    let route = lost.route.as_ref().unwrap();
    assert_eq!((route.location.as_str(), route.server.as_deref()), ("/ws", Some("a.example b.example")));
    assert!(lost.excerpts[0].labels.iter().any(|label| label.primary));
    assert!(lost.fixes[0].preview.iter().any(|line| line.text.contains("proxy_set_header Upgrade")));
    assert_eq!(report.summary().files, 1);
}

#[test]
fn a_fingerprint_does_not_move_with_the_lines() {
    let prints = |text: &str| -> Vec<String> {
        report(&[("a.conf", text)]).diagnostics.into_iter().map(|one| one.fingerprint).collect()
    };
    let before = prints(LOST);
    assert!(!before.is_empty());
    assert_eq!(before, prints(&format!("# a new line\n\nuser www;\n{LOST}")));
    assert_ne!(before, prints(&LOST.replace("/ws", "/ws2")));
    // Another server above, but for its name the same, takes nobody's name away.
    let server = LOST.split_once("http { ").unwrap().1.split_once(" }\nevents").unwrap().0;
    let two = prints(&LOST.replacen("http { ", &format!("http {{ {}\n", server.replace("example", "test")), 1));
    assert!(before.iter().all(|one| two.contains(one)), "{before:?} {two:?}");
    let twice = prints(&LOST.replacen("http { ", &format!("http {{ {server}\n"), 1));
    assert_eq!(twice.len(), twice.iter().collect::<HashSet<_>>().len());
    assert!(before.iter().all(|one| twice.contains(one)));
    assert_eq!(before.len(), before.iter().collect::<HashSet<_>>().len());
}

#[test]
fn files_are_known_by_how_well_they_were_understood() {
    let status = |text: &str| report(&[("a.conf", text)]).files[0].status;
    assert_eq!(status("events {}"), Status::Ok);
    assert_eq!(status("events {} }"), Status::SyntaxError);
    assert_eq!(status("server { listen {{ port }}; }"), Status::Partial);
    let report = report(&[("a.conf", "events {} }")]);
    let [problem] = &report.problems[..] else { panic!("one problem, once") };
    assert_eq!(problem.place.map(|(start, _)| start.column), Some(11));
    assert!(problem.excerpt.is_some());
}

#[test]
fn an_include_that_is_not_here_is_named() {
    let report = report(&[("a.conf", "events {}\nhttp { include /srv/x.conf; }")]);
    let unread = UnreadInclude { file: "a.conf".into(), line: 2, pattern: "/srv/x.conf".into() };
    assert_eq!(report.unread, [unread]);
}

#[test]
fn a_reason_is_shortened_to_its_first_sentence() {
    assert_eq!(
        first_sentence("Nothing before nginx 1.29.7\nsays 1.1. It is\nso."),
        "Nothing before nginx 1.29.7 says 1.1."
    );
    assert_eq!(first_sentence("One, e.g. this"), "One, e.g. this");
}
