//! Whole configurations made by chance that nginx accepts for the most part: WebSocket routes right, half right and wrong
//! among everything that a fix could harm.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::dice::Dice;

/// A main file, `nginx.conf`, and what it includes.
pub(crate) fn site(dice: &mut Dice) -> BTreeMap<PathBuf, Vec<u8>> {
    let indent = *dice.pick(&["    ", "    ", "  ", "\t"]);
    let crlf = dice.once_in(8);
    let mut writer = Writer { dice, indent, depth: 0, text: String::new(), ports: 8000, names: 0 };
    let mut files = BTreeMap::new();
    let main = writer.main_file();
    let mut add = |name: &str, mut text: String| {
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        files.insert(PathBuf::from(name), text.into_bytes());
    };
    add("nginx.conf", main);
    add("conf.d/a.conf", writer.file(Writer::server));
    let mut other = writer.file(Writer::server);
    if writer.dice.once_in(3) {
        other.truncate(other.trim_end().len());
    }
    add("conf.d/b.conf", other);
    add("snippets/headers.conf", writer.file(|inner| inner.headers(3)));
    add(
        "snippets/timeouts.conf",
        writer.file(|inner| inner.some(1, &["proxy_send_timeout 30s;", "send_timeout 30s;"])),
    );
    add("snippets/ws.conf", writer.file(|inner| inner.location("/shared/ws")));
    files
}

struct Writer<'d> {
    dice: &'d mut Dice,
    indent: &'static str,
    depth: usize,
    text: String,
    ports: usize,
    names: usize,
}

impl Writer<'_> {
    fn file(&mut self, body: impl FnOnce(&mut Self)) -> String {
        body(self);
        std::mem::take(&mut self.text)
    }

    fn line(&mut self, text: &str) {
        let note = *self.dice.pick(&["", "", "", "", "", "", " # a note", "\n"]);
        self.text += &format!("{}{text}{note}\n", self.indent.repeat(self.depth));
    }

    fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        let lead = self.indent.repeat(self.depth);
        let open = *self.dice.pick(&[" {", " {", " {", "{"]);
        let start = self.text.len();
        self.text +=
            &if self.dice.once_in(8) { format!("{lead}{head}\n{lead}{{\n") } else { format!("{lead}{head}{open}\n") };
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.text += &format!("{lead}}}\n");
        let inner = &self.text[start..];
        if self.dice.once_in(10) && !inner.contains('#') && inner.len() < 300 {
            let joined = inner.split_whitespace().collect::<Vec<_>>().join(" ");
            self.text.truncate(start);
            self.text += &format!("{lead}{joined}\n");
        }
    }

    fn some(&mut self, most: usize, lines: &[&str]) {
        for _ in 0..self.dice.roll(most + 1) {
            let line = *self.dice.pick(lines);
            self.line(line);
        }
    }

    fn main_file(&mut self) -> String {
        self.file(|main| {
            main.some(1, &["worker_processes auto;", "# the whole site", "worker_shutdown_timeout 10s;"]);
            main.line("events { }");
            main.block("http", |http| {
                http.some(1, &["sendfile on;", "gzip on;", "server_tokens off;", "keepalive_timeout 65;"]);
                if http.dice.once_in(5) {
                    http.line("map_hash_bucket_size 128;");
                }
                if http.dice.once_in(4) {
                    http.headers(3);
                }
                if http.dice.once_in(2) {
                    http.map();
                }
                http.block("upstream app", |upstream| {
                    upstream.line("server 127.0.0.1:3000;");
                    upstream.some(1, &["server 127.0.0.1:3001;", "keepalive 16;", "server 127.0.0.1:3002;"]);
                });
                let early = http.dice.once_in(2);
                if early {
                    http.line("include conf.d/*.conf;");
                }
                http.server();
                if http.dice.once_in(2) {
                    http.server();
                }
                if !early {
                    http.line("include conf.d/*.conf;");
                }
            });
        })
    }

    fn map(&mut self) {
        let variable = *self.dice.pick(&["$connection_upgrade", "$connection_upgrade", "$conn", "$websocket_upgrade"]);
        self.block(&format!("map $http_upgrade {variable}"), |map| {
            let default = *map.dice.pick(&["default upgrade;", "default upgrade;", "default close;"]);
            map.line(default);
            map.some(1, &["'' close;", "'' '';", "\"\" close;"]);
        });
    }

    fn server(&mut self) {
        self.ports += 1;
        let port = self.ports;
        self.block("server", |server| {
            server.line(&format!("listen 127.0.0.1:{port};"));
            server.some(1, &["server_name a.example;", "server_name _;", "server_name ws.example.com;"]);
            server.some(
                1,
                &["add_header X-Frame-Options DENY;", "root /srv;", "client_max_body_size 2m;", "deny 10.0.0.1;"],
            );
            server.some(1, &["if ($arg_x) { return 403; }", "set $flag 1;", "rewrite ^/old/(.*) /new/$1;"]);
            if server.dice.once_in(3) {
                server.headers(3);
            }
            if server.dice.once_in(4) {
                server.line("proxy_http_version 1.1;");
            }
            if server.dice.once_in(4) {
                server.line("include snippets/headers.conf;");
            }
            if server.dice.once_in(4) {
                server.line("include snippets/ws.conf;");
            }
            server.location("= /auth");
            for _ in 0..=server.dice.roll(3) {
                server.names += 1;
                let kinds = [
                    "/ws{}",
                    "= /ws{}",
                    "~ ^/(ws|api){}/",
                    "^~ /socket.io{}/",
                    "/api{}/",
                    "/cable{}",
                    "@ws{}",
                    "/{}/live",
                ];
                let path = server.dice.pick(&kinds).replace("{}", &server.names.to_string());
                server.location(&path);
            }
        });
    }

    fn location(&mut self, path: &str) {
        self.block(&format!("location {path}"), |location| {
            let is_plain = path.starts_with('/');
            location.some(1, &["# the endpoint", "access_log off;", "allow all;", "gzip off;"]);
            if path == "= /auth" {
                location.line("internal;");
            } else if location.dice.once_in(6) {
                location.line("auth_request /auth;");
            }
            if location.dice.once_in(4) {
                location.headers(3);
            }
            let passes = [
                "proxy_pass http://127.0.0.1:3000;",
                "proxy_pass http://app;",
                "proxy_pass http://app;",
                "proxy_pass http://127.0.0.1:3001/in/;",
                "return 204;",
                "grpc_pass grpc://127.0.0.1:5000;",
                "fastcgi_pass 127.0.0.1:9000;",
                "uwsgi_pass 127.0.0.1:9001;",
            ];
            let count = if location.dice.once_in(4) { passes.len() } else { 4 };
            let mut pass = passes[location.dice.roll(count)];
            if !is_plain && pass.contains("/in/") {
                pass = "proxy_pass http://app;";
            }
            location.line(pass);
            let version = *location.dice.pick(&[
                "",
                "proxy_http_version 1.1;",
                "proxy_http_version 1.1;",
                "proxy_http_version 1.0;",
            ]);
            if !version.is_empty() {
                location.line(version);
            }
            location.headers(4);
            location.some(1, &["proxy_read_timeout 60s;", "proxy_read_timeout 1h;", "proxy_read_timeout 10;"]);
            location.some(
                1,
                &[
                    "proxy_buffering off;",
                    "proxy_hide_header Upgrade;",
                    "proxy_hide_header X-Powered-By;",
                    "add_header X-A b;",
                ],
            );
            location.some(
                1,
                &[
                    "include snippets/timeouts.conf;",
                    "add_header Upgrade $http_upgrade;",
                    "add_header Connection upgrade;",
                ],
            );
            if location.dice.once_in(5) {
                location.line("include snippets/headers.conf;");
            }
            if location.dice.once_in(6) {
                let head =
                    *location.dice.pick(&["if ($http_upgrade = \"websocket\")", "if ($arg_b)", "limit_except GET"]);
                let body = *location.dice.pick(&["proxy_pass http://127.0.0.1:3009;", "proxy_pass http://app;"]);
                location.block(head, |inner| inner.line(body));
            }
            if is_plain && location.dice.once_in(6) {
                location.names += 1;
                let inner = format!("{path}/in{}", location.names);
                location.location(&inner);
            }
        });
    }

    fn headers(&mut self, most: usize) {
        self.some(
            most,
            &[
                "proxy_set_header Upgrade $http_upgrade;",
                "proxy_set_header Upgrade $http_upgrade;",
                "proxy_set_header   Upgrade     $http_upgrade;",
                "proxy_set_header Connection \"upgrade\";",
                "proxy_set_header Connection 'Upgrade';",
                "proxy_set_header Connection $http_connection;",
                "proxy_set_header Connection \"\";",
                "proxy_set_header Connection close;",
                "proxy_set_header Upgrade websocket;",
                "proxy_set_header Host $host;",
                "proxy_set_header Host \"$http_host\";",
                "proxy_set_header   X-Real-IP   $remote_addr;",
                "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-A b;",
                "proxy_set_header Cookie \"\";",
                "# proxy_set_header Upgrade $http_upgrade;",
            ],
        );
    }
}
