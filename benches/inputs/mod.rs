//! Configurations of any size, made of a few lines: the same for the same numbers.

#![allow(dead_code, reason = "each benchmark uses some of them")]

use std::fmt::Write;

/// A main file around what stands in `http`.
pub(crate) fn main_file(inside: &str) -> String {
    format!("events {{}}\nhttp {{\n{inside}}}\n")
}

/// Servers of one location; every hundredth has a WebSocket route with a problem.
pub(crate) fn servers(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let (path, header) = if number % 100 == 0 { ("/ws", "") } else { ("/", "proxy_set_header Host $host; ") };
        let _ = writeln!(
            text,
            "server {{ listen 80; server_name h{number}.example.com; \
             location {path} {{ proxy_pass http://127.0.0.1:1; {header}}} }}"
        );
    }
    main_file(&text)
}

/// One server of so many locations.
pub(crate) fn locations(count: usize) -> String {
    let each = |number| format!("location /p{number} {{ proxy_pass http://127.0.0.1:1; }}\n");
    main_file(&format!("server {{\n{}}}\n", (0..count).map(each).collect::<String>()))
}

/// One server of so many named locations, each reached from a location before it.
pub(crate) fn named_locations(count: usize) -> String {
    let each = |number| {
        format!(
            "location /p{number} {{ error_page 418 = @n{number}; if ($http_upgrade) {{ return 418; }} root /srv; }}\n\
             location @n{number} {{ proxy_pass http://127.0.0.1:1; }}\n"
        )
    };
    main_file(&format!("server {{\n{}}}\n", (0..count).map(each).collect::<String>()))
}

/// Locations that each `set` the variable that they pass to.
pub(crate) fn variables(count: usize) -> String {
    let each = |number| {
        format!(
            "location /p{number} {{ set $target 10.0.{}.{}; proxy_pass http://$target; }}\n",
            number / 250,
            number % 250
        )
    };
    main_file(&format!("server {{\nresolver 127.0.0.1;\n{}}}\n", (0..count).map(each).collect::<String>()))
}

/// One map of so many entries, of about 40 bytes each, behind the address of a route.
pub(crate) fn map(entries: usize) -> String {
    let each = |number| format!("    host-{number}.example.com 10.1.{}.{};\n", number / 250 % 250, number % 250);
    let entries: String = (0..entries).map(each).collect();
    main_file(&format!(
        "map_hash_max_size 2097152;\nmap_hash_bucket_size 128;\nmap $host $backend {{\n    default 127.0.0.1;\n{entries}}}\n\
         server {{ location /ws {{ proxy_pass http://$backend:8080; }} }}\n"
    ))
}

/// One line of about so many bytes.
pub(crate) fn one_line(bytes: usize) -> String {
    let count = bytes / 100;
    let servers = |number| {
        format!("server {{ listen 80; server_name h{number}.x; location /ws {{ proxy_pass http://127.0.0.1:1; }} }} ")
    };
    format!("events {{}} http {{ {}}}", (0..count).map(servers).collect::<String>())
}

/// So many routes with problems, in one file.
pub(crate) fn problems(count: usize) -> String {
    let each = |number| {
        format!(
            "    server {{\n        listen 80;\n        server_name h{number}.x;\n        location /ws {{\n            \
             proxy_pass http://127.0.0.1:1;\n        }}\n    }}\n"
        )
    };
    main_file(&(0..count).map(each).collect::<String>())
}

/// So many routes that inherit one line that is wrong.
pub(crate) fn inherited(count: usize) -> String {
    let each = |number| format!("location /ws{number} {{ proxy_pass http://127.0.0.1:1; }}\n");
    let locations: String = (0..count).map(each).collect();
    main_file(&format!(
        "proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection close;\nserver {{\n{locations}}}\n"
    ))
}

/// So many lines of `proxy_set_header` in one block.
pub(crate) fn headers(count: usize) -> String {
    let each = |number| format!("proxy_set_header X-{number} $host;\n");
    let lines: String = (0..count).map(each).collect();
    main_file(&format!("server {{ location /ws {{ proxy_pass http://127.0.0.1:1;\n{lines}}} }}\n"))
}

/// A file of a tree: a server of about 200 lines and 6 KB; every tenth has a WebSocket route with a problem.
pub(crate) fn site(number: usize) -> String {
    let mut text = format!("server {{\n    listen 80;\n    server_name s{number}.example.com;\n");
    for path in 0..32 {
        let path = if path == 0 && number.is_multiple_of(10) { "ws".to_owned() } else { format!("p{path}") };
        let _ = write!(
            text,
            "    location /{path} {{\n        proxy_pass http://127.0.0.1:8080;\n        proxy_set_header Host $host;\n        \
             proxy_set_header X-Real-IP $remote_addr;\n        proxy_read_timeout 60s;\n    }}\n"
        );
    }
    text + "}\n"
}

/// The main file of a tree of such files in `conf.d`.
pub(crate) fn tree() -> String {
    main_file("    server_names_hash_max_size 8192;\n    include conf.d/*.conf;\n")
}

/// A main file that includes so many files, one by one; and those files.
pub(crate) fn includes(count: usize) -> (String, Vec<(String, String)>) {
    let site = |number| {
        let text = format!("server {{ server_name s{number}; location /ws {{ proxy_pass http://127.0.0.1:1; }} }}\n");
        (format!("conf.d/{number}.conf"), text)
    };
    let files: Vec<(String, String)> = (0..count).map(site).collect();
    (main_file(&files.iter().map(|(name, _)| format!("include {name};\n")).collect::<String>()), files)
}

/// So many sites of two servers: one with pages and a policy for them, one with nothing but a WebSocket.
pub(crate) fn policies(count: usize) -> String {
    let each = |number| {
        format!(
            "server {{ server_name s{number}.x; add_header Content-Security-Policy \"default-src 'self'\"; root /srv; }}\n\
             server {{ server_name ws.s{number}.x; location /ws {{ proxy_pass http://127.0.0.1:1; \
             proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }} }}\n"
        )
    };
    main_file(&(0..count).map(each).collect::<String>())
}

/// So many routes, each with a map of its own for its `Connection` header.
pub(crate) fn maps(count: usize) -> String {
    let map = |number| format!("map $http_upgrade $connection_{number} {{ default upgrade; '' close; }}\n");
    let server = |number| {
        format!(
            "server {{ server_name s{number}.x; location /ws {{ proxy_pass http://127.0.0.1:1; proxy_http_version 1.1; \
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_{number}; }} }}\n"
        )
    };
    main_file(&(0..count).map(map).chain((0..count).map(server)).collect::<String>())
}
