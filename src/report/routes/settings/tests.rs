use crate::Linter;
use crate::config::{Memory, Version};
use crate::report::routes::{Origin, RouteView, Setting};

/// The settings of the last route of a configuration, each as `name=value origin line lost-line`.
fn settings(text: &str, version: Option<Version>) -> Vec<String> {
    let mut files = Memory::new();
    files.insert("nginx.conf", text);
    let linter = Linter::default();
    let linted = linter.lint("nginx.conf".as_ref(), &files, &Default::default());
    let route = RouteView::new(&linted.tree, linted.routes.all.last().unwrap(), version);
    route.settings.iter().map(told).collect()
}

fn told(setting: &Setting) -> String {
    let value = setting.value.as_deref().unwrap_or("-");
    let line = |place: &Option<crate::report::routes::PlaceView>| place.as_ref().map_or(0, |place| place.line);
    let (origin, open) = (format!("{:?}", setting.origin).to_lowercase(), if setting.open { " open" } else { "" });
    assert_eq!(setting.origin == Origin::Lost, setting.lost_at.is_some());
    format!("{}={value} {origin} {} {}{open}", setting.name, line(&setting.place), line(&setting.lost_at))
}

const NESTED: &str = "events {}
http {
    proxy_set_header Upgrade $http_upgrade;
    proxy_read_timeout 1h;
    server {
        proxy_set_header Host $host;
        location /ws {
            proxy_set_header Connection upgrade;
            proxy_set_header Connection close;
            proxy_pass http://127.0.0.1:3000;
        }
    }
}
";

#[test]
fn each_value_says_where_it_is_from() {
    assert_eq!(
        settings(NESTED, None),
        [
            "Upgrade=- lost 3 6",
            "Connection=upgrade own 8 0",
            "Connection=close own 9 0",
            "proxy_http_version=1.0 default 0 0",
            "proxy_read_timeout=1h inherited 4 0",
            "Host=$proxy_host lost 6 8",
        ]
    );
}

#[test]
fn defaults_follow_the_nginx_version() {
    let text = "events {} http { server { location / { proxy_pass http://a; } } }";
    let old = settings(text, Some("1.28.3".parse().unwrap()));
    assert_eq!(old[1..3], ["Connection=close default 0 0", "proxy_http_version=1.0 default 0 0"]);
    let new = settings(text, Some("1.29.7".parse().unwrap()));
    assert_eq!(new[1..3], ["Connection=- default 0 0", "proxy_http_version=1.1 default 0 0"]);
}

#[test]
fn in_a_fragment_nothing_is_surely_a_default() {
    let told = settings("location /ws { proxy_set_header Upgrade $http_upgrade; proxy_pass http://a; }", None);
    assert_eq!(told[0], "Upgrade=$http_upgrade own 1 0");
    assert_eq!(told[3], "proxy_read_timeout=60s default 0 0 open");
}

#[test]
fn other_modules_have_their_own_timeout() {
    let text = "events {} http { server { uwsgi_read_timeout 5m; location / { uwsgi_pass app; } } }";
    assert_eq!(settings(text, None), ["uwsgi_read_timeout=5m inherited 1 0"]);
    assert_eq!(
        settings("events {} stream { server { listen 1; proxy_pass a:1; } }", None),
        ["proxy_timeout=10m default 0 0"]
    );
}

#[test]
fn a_variable_is_followed() {
    let mut files = Memory::new();
    files.insert(
        "nginx.conf",
        "events {} http { map $http_upgrade $c { default upgrade; '' close; }
         server { location / { proxy_set_header Connection $c; proxy_pass http://a; } } }",
    );
    let linter = Linter::default();
    let linted = linter.lint("nginx.conf".as_ref(), &files, &Default::default());
    let route = RouteView::new(&linted.tree, &linted.routes.all[0], None);
    let becomes = route.settings[1].becomes.as_ref().unwrap();
    assert_eq!(
        (becomes.handshake.join(" "), becomes.plain.join(" "), becomes.open),
        ("upgrade".into(), "close".into(), false)
    );
}
