#!/usr/bin/env python3
"""How long it takes from a key to the diagnostics: a file of 2,000 lines inside a tree of 100 files.

Prints the median and the worst of 100 keys, in milliseconds as the client sees them. Build with `cargo build --release`
and name the program: `NGINX_WSLINT=target/release/nginx-wslint tests/editors/latency.py`.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

SERVER = os.environ.get("NGINX_WSLINT", "target/release/nginx-wslint")
FILES, LINES, KEYS = 100, 2000, 100

LOCATION = """    location /app{0}/ws {{
        proxy_pass http://backend{0};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_read_timeout 1h;
    }}
"""
UPSTREAM = "upstream backend{0} {{\n    server 10.0.0.{1}:8080;\n}}\n"
MAIN = """events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }
    include conf.d/*.conf;
}
"""


def site(name: str, first: int, locations: int) -> str:
    numbers = range(first, first + locations)
    upstreams = "".join(UPSTREAM.format(one, one % 250) for one in numbers)
    inner = "".join(LOCATION.format(one) for one in numbers)
    return f"{upstreams}server {{\n    listen 80;\n    server_name {name};\n{inner}}}\n"


class Client:
    def __init__(self):
        self.server = subprocess.Popen([SERVER, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, **fields):
        body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.server.stdin.flush()

    def receive(self) -> dict:
        length = 0
        while line := self.server.stdout.readline().strip():
            length = int(line.split(b":")[1])
        return json.loads(self.server.stdout.read(length))

    def worked(self) -> float:
        """Milliseconds that the server has computed so far: what the wall clock says depends on what else runs."""
        fields = Path(f"/proc/{self.server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def until(self, version: int) -> dict:
        while True:
            message = self.receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["version"] == version:
                return message["params"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".git").mkdir()
        (root / "conf.d").mkdir()
        (root / "nginx.conf").write_text(MAIN)
        for one in range(FILES - 2):
            (root / f"conf.d/site{one}.conf").write_text(site(f"site{one}.example", 1000 + 4 * one, 4))
        text = site("big.example", 0, LINES // 12)
        path = root / "conf.d/big.conf"
        path.write_text(text)
        # Files lie there for a while before somebody types: what was written a moment ago is read again with every key.
        time.sleep(2.5)
        lines = sum(len(file.read_text().splitlines()) for file in root.rglob("*.conf"))
        print(f"{text.count(chr(10))} lines in a tree of {FILES} files with {lines} lines")

        client = Client()
        client.send(id=1, method="initialize", params={"capabilities": {}})
        client.receive()
        client.send(method="initialized", params={})
        start = time.perf_counter()
        document = {"uri": path.as_uri(), "languageId": "nginx", "version": 0, "text": text}
        client.send(method="textDocument/didOpen", params={"textDocument": document})
        found = client.until(0)["diagnostics"]
        print(f"open:   {1000 * (time.perf_counter() - start):7.1f} ms, {len(found)} diagnostics")

        # A value far down is written anew, key by key.
        line = text[: text.index("backend100;")].count("\n")
        times = []
        before = client.worked()
        for version in range(1, KEYS + 1):
            at = {"line": line, "character": 26}
            change = {"range": {"start": at, "end": at}, "text": "x"}
            start = time.perf_counter()
            client.send(
                method="textDocument/didChange",
                params={"textDocument": {"uri": path.as_uri(), "version": version}, "contentChanges": [change]},
            )
            client.until(version)
            times.append(1000 * (time.perf_counter() - start))
        worked = (client.worked() - before) / KEYS
        print(f"a key:  {statistics.median(times):7.1f} ms, at worst {max(times):.1f} ms; {worked:.1f} ms of computing")

        client.send(id=2, method="shutdown")
        client.send(method="exit")
        client.server.wait(10)


main()
