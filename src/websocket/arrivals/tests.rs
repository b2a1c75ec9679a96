use crate::config::{Memory, Tree, TreeOptions};
use crate::websocket::{Confidence, Routes, Signals};

/// What is believed of the last route of a server, whether nothing but WebSockets goes over it, and why.
fn last(server: &str) -> (Option<Confidence>, bool, String) {
    let mut files = Memory::new();
    files.insert("nginx.conf", format!("events {{}} http {{ server {{ {server} }} }}"));
    let tree = Tree::read("nginx.conf".as_ref(), &files, &TreeOptions::default());
    let routes = Routes::new(&tree, Signals::builtin(), &[]);
    let intent = routes.all.last().map(|route| route.intent.as_ref().clone()).unwrap_or_default();
    (intent.confidence, intent.only, intent.why().to_owned())
}

const NAMED: &str = "location @be { proxy_pass http://10.0.0.1:4000; }";
const INNER: &str = "location /inner { proxy_pass http://10.0.0.1:4000; }";

#[test]
fn the_path_that_clients_ask_for_speaks_for_where_it_leads() {
    for (from, to, why) in [
        ("location /ws { try_files $uri @be; }", NAMED, "it is reached from `location /ws` by `try_files`"),
        (
            "location /ws { error_page 418 = @be; return 418; }",
            NAMED,
            "it is reached from `location /ws` by `error_page`",
        ),
        (
            "location /ws { try_files $uri =404; error_page 404 = @be; }",
            NAMED,
            "it is reached from `location /ws` by `error_page`",
        ),
        (
            "error_page 404 = @be; location /ws { root /srv; }",
            NAMED,
            "it is reached from `location /ws` by `error_page`",
        ),
        ("location /ws { rewrite ^/ws(.*)$ /inner$1 last; }", INNER, "it is reached from `location /ws` by `rewrite`"),
        ("location /ws { rewrite ^/ws/(.*)$ /inner/$1; }", INNER, "it is reached from `location /ws` by `rewrite`"),
        (
            "location /ws { if (!-e $request_filename) { rewrite ^ /inner last; } }",
            INNER,
            "it is reached from `location /ws` by `rewrite`",
        ),
        ("location /ws { try_files $uri /inner$uri; }", INNER, "it is reached from `location /ws` by `try_files`"),
        ("rewrite ^/ws/(.*)$ /inner/$1 last;", INNER, "it is reached by `rewrite ^/ws/(.*)$`"),
        (
            "location /ws { try_files $uri @a; } location @a { rewrite ^ /inner last; }",
            INNER,
            "it is reached from `location /ws` by `try_files` and `rewrite`",
        ),
    ] {
        let (confidence, _, reason) = last(&format!("{from} {to}"));
        assert_eq!((confidence, reason.as_str()), (Some(Confidence::Likely), why), "{from}");
    }
}

#[test]
fn what_leads_elsewhere_says_nothing() {
    for (from, to) in [
        ("location / { try_files $uri @be; }", NAMED),
        ("location /assets { try_files $uri @be; }", NAMED),
        ("location /ws { try_files $uri =404; }", NAMED),
        ("location /ws { return 503; } error_page 503 = @be;", NAMED),
        ("location /ws { try_files $uri @other; }", NAMED),
        ("location /ws { return 404; }", NAMED),
        ("location /ws { return 403; error_page 418 = @be; }", NAMED),
        ("location /ws { proxy_pass http://10.0.0.2:4000; error_page 502 = @be; }", NAMED),
        ("location /ws { if ($request_method = POST) { return 418; } error_page 418 = @be; root /srv; }", NAMED),
        ("location /ws { rewrite ^/ws(.*)$ /inner$1 break; proxy_pass http://10.0.0.2:4000; }", INNER),
        ("location /ws { rewrite ^/ws(.*)$ https://example.com/inner$1; }", INNER),
        ("location /ws { rewrite ^/ws(.*)$ /inner$1 permanent; }", INNER),
        ("location /ws { rewrite ^/ws(.*)$ /inner$1; break; }", INNER),
        ("location /ws { rewrite ^/wss(.*)$ /inner$1 last; }", INNER),
        ("error_page 404 /404.html; location /ws { root /srv; }", "location / { proxy_pass http://10.0.0.1:4000; }"),
        ("location /ws { try_files $uri /index.html; }", "location / { proxy_pass http://10.0.0.1:4000; }"),
        ("location /ws { # nginx-wslint: not-websocket\n try_files $uri @be; }", NAMED),
    ] {
        assert_eq!(last(&format!("{from} {to}")).0, None, "{from}");
    }
}

#[test]
fn a_target_that_others_reach_too_is_mixed() {
    let ws = "location /ws { try_files $uri @be; }";
    assert!(last(&format!("{ws} {NAMED}")).1);
    assert!(!last(&format!("location / {{ try_files $uri @be; }} {ws} {NAMED}")).1);
    assert!(!last(&format!("error_page 404 = @be; {ws} {NAMED}")).1);
    assert!(!last(&format!("location /ws {{ rewrite ^ /inner last; }} {INNER}")).1);
    let tested = "location / { error_page 418 = @be; if ($http_upgrade) { return 418; } }";
    assert_eq!(last(&format!("{tested} {NAMED}")).0, Some(Confidence::Certain));
    assert!(last(&format!("{tested} {NAMED}")).1);
    let untested =
        "location /x { return 418; } error_page 418 = @be; location / { if ($http_upgrade) { return 418; } }";
    assert!(!last(&format!("{untested} {NAMED}")).1);
}
