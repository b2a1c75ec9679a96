//! Configurations made by chance as people write them for WebSockets: right, half right and wrong.

use super::dice::Dice;

/// A main file with what it includes, in the form in which `nginx -T` prints them; sometimes a lone fragment.
pub(crate) fn configuration(dice: &mut Dice) -> Vec<u8> {
    let indent = *dice.pick(&["    ", "  ", "\t", ""]);
    let mut writer = Writer { dice, indent, depth: 0, text: String::new() };
    let fragment = writer.dice.once_in(5);
    let main = if fragment { writer.fragment() } else { writer.main_file() };
    let mut dump = if fragment && writer.dice.once_in(2) {
        main
    } else {
        let shared = writer.file(|inner| inner.header_lines(3));
        let servers = writer.file(Writer::server);
        format!(
            "# configuration file /etc/nginx/nginx.conf:\n{main}\n# configuration file \
             /etc/nginx/snippets/headers.conf:\n{shared}\n# configuration file /etc/nginx/conf.d/app.conf:\n{servers}\n"
        )
    };
    if writer.dice.once_in(6) {
        dump = dump.replace('\n', "\r\n");
    }
    if writer.dice.once_in(8) {
        // On one line, as generators write; a comment would swallow the rest.
        let lines = dump.lines().filter(|line| line.starts_with("# configuration") || !line.contains('#'));
        let joined: Vec<String> = lines
            .map(|line| if line.starts_with('#') { format!("\n{line}\n") } else { line.trim().to_owned() + " " })
            .collect();
        dump = joined.concat();
    }
    dump.into_bytes()
}

struct Writer<'d> {
    dice: &'d mut Dice,
    indent: &'static str,
    depth: usize,
    text: String,
}

impl Writer<'_> {
    fn file(&mut self, body: impl FnOnce(&mut Self)) -> String {
        body(self);
        std::mem::take(&mut self.text)
    }

    fn main_file(&mut self) -> String {
        self.file(|inner| {
            inner.line("events { }");
            inner.block("http", |http| {
                http.some_of(2, &["include mime.types;", "keepalive_timeout 65;", "# everything", ""]);
                if http.dice.once_in(2) {
                    http.map();
                }
                if http.dice.once_in(2) {
                    http.upstream();
                }
                if http.dice.once_in(4) {
                    http.header_lines(3);
                }
                http.some_of(1, &["include conf.d/*.conf;", "include /etc/nginx/conf.d/*.conf;", "include gone.conf;"]);
                for _ in 0..=http.dice.roll(2) {
                    http.server();
                }
            });
        })
    }

    fn fragment(&mut self) -> String {
        let kind = self.dice.roll(3);
        self.file(|inner| match kind {
            0 => inner.server(),
            1 => {
                inner.map();
                inner.server();
            }
            _ => inner.location(0),
        })
    }

    fn line(&mut self, text: &str) {
        let note = *self.dice.pick(&["", "", "", "", "", "", "", " # a note", "\n", "  "]);
        self.text += &format!("{}{text}{note}\n", self.indent.repeat(self.depth));
    }

    fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        let open = *self.dice.pick(&[" {", " {", " {", "{", "\n{", " { # opens"]);
        let head = format!("{head}{open}");
        self.text += &format!("{}{head}\n", self.indent.repeat(self.depth));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.text += &format!("{}}}\n", self.indent.repeat(self.depth));
    }

    fn some_of(&mut self, most: usize, lines: &[&str]) {
        for _ in 0..self.dice.roll(most + 1) {
            let line = *self.dice.pick(lines);
            self.line(line);
        }
    }

    fn map(&mut self) {
        let head = *self.dice.pick(&[
            "map $http_upgrade $connection_upgrade",
            "map $http_upgrade $connection_upgrade",
            "map $http_upgrade $cu",
            "map $http_connection $connection_upgrade",
            "map $uri $other",
        ]);
        self.block(head, |map| {
            map.some_of(1, &["default upgrade;", "default close;", "default Upgrade;", "default \"upgrade\";"]);
            map.some_of(2, &["'' close;", "'' '';", "\"\" close;", "websocket upgrade;", "~*websocket upgrade;"]);
        });
    }

    fn upstream(&mut self) {
        let head = *self.dice.pick(&["upstream backend", "upstream socket_nodes", "upstream app"]);
        self.block(head, |upstream| {
            upstream.some_of(2, &["ip_hash;", "keepalive 16;", "least_conn;", "# nodes"]);
            upstream.line("server 127.0.0.1:3000;");
            upstream.some_of(2, &["server 127.0.0.1:3001;", "server 127.0.0.1:3002 backup;"]);
        });
    }

    fn server(&mut self) {
        self.block("server", |server| {
            server.some_of(2, &["listen 80;", "listen 443 ssl;", "listen 443 ssl http2;", "listen [::]:80;"]);
            server.some_of(1, &["server_name example.com;", "server_name ws.example.com;", "server_name _;"]);
            server.some_of(1, &["set $backend http://127.0.0.1:3000;", "map $http_upgrade $x { default upgrade; }"]);
            if server.dice.once_in(3) {
                server.header_lines(3);
            }
            server.some_of(1, &["proxy_http_version 1.1;", "proxy_read_timeout 10;", "include snippets/headers.conf;"]);
            for _ in 0..=server.dice.roll(3) {
                server.location(0);
            }
        });
    }

    fn location(&mut self, depth: usize) {
        const PATHS: [&str; 16] = [
            "/",
            "/ws",
            "/ws/",
            "= /ws",
            "/socket.io/",
            "^~ /socket.io/",
            "~ ^/(ws|api)/",
            "~* /signalr",
            "/api/",
            "/cable",
            "@websocket",
            "/hub",
            "~ ^/v\\d+/live$",
            "\"/a b\"",
            "/events",
            "~ \"^/r/[a-z]{2}/ws\"",
        ];
        let head = format!("location {}", self.dice.pick(&PATHS));
        self.block(&head, |location| {
            location.some_of(1, &["# the WebSocket endpoint", "access_log off;", "allow all;"]);
            if location.dice.once_in(4) {
                location.header_lines(4);
            }
            location.some_of(1, &["proxy_http_version 1.1;", "proxy_http_version 1.0;", "proxy_http_version 1.1;"]);
            if !location.dice.once_in(8) {
                let pass = *location.dice.pick(&[
                    "proxy_pass http://127.0.0.1:3000;",
                    "proxy_pass http://backend;",
                    "proxy_pass http://backend/;",
                    "proxy_pass http://socket_nodes/ws;",
                    "proxy_pass $backend;",
                    "proxy_pass https://app;",
                    "proxy_pass ws://127.0.0.1:3000;",
                    "proxy_pass http://$host:8080$request_uri;",
                    "grpc_pass grpc://backend;",
                    "return 301 https://$host$request_uri;",
                ]);
                location.line(pass);
            }
            location.header_lines(5);
            location.some_of(
                2,
                &[
                    "proxy_read_timeout 60s;",
                    "proxy_read_timeout 1h;",
                    "proxy_read_timeout 0;",
                    "proxy_buffering off;",
                    "include snippets/headers.conf;",
                    "include proxy_params;",
                    "proxy_hide_header Upgrade;",
                    "auth_request /auth;",
                ],
            );
            if location.dice.once_in(6) {
                let head =
                    *location.dice.pick(&["if ($http_upgrade)", "if ($http_upgrade = websocket)", "limit_except GET"]);
                location.block(head, |inner| {
                    inner.some_of(1, &["proxy_pass http://backend;", "return 405;", "deny all;"]);
                    inner.header_lines(1);
                });
            }
            if depth < 2 && location.dice.once_in(5) {
                location.location(depth + 1);
            }
        });
    }

    fn header_lines(&mut self, most: usize) {
        self.some_of(
            most,
            &[
                "proxy_set_header Upgrade $http_upgrade;",
                "proxy_set_header Upgrade $http_upgrade;",
                "proxy_set_header Connection \"upgrade\";",
                "proxy_set_header Connection 'Upgrade';",
                "proxy_set_header Connection $connection_upgrade;",
                "proxy_set_header   Connection   $http_connection;",
                "proxy_set_header Connection \"\";",
                "proxy_set_header Connection close;",
                "proxy_set_header Connection keep-alive;",
                "proxy_set_header Upgrade websocket;",
                "proxy_set_header Upgrade \"\\$http_upgrade\";",
                "proxy_set_header upgrade $upgrade;",
                "proxy_set_header Host $host;",
                "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
                "proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade;",
                "# proxy_set_header Upgrade $http_upgrade;",
                "add_header Connection upgrade;",
            ],
        );
    }
}
