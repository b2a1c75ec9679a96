"""Files that include each other, settings, and files that change behind the editor's back."""

import asyncio
import os

from conftest import codes
from lsprotocol import types

HEADERS = """proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection "upgrade";
"""
MAIN = """events {}
http {
    server {
        location /ws {
            include ws.conf;
            proxy_pass http://127.0.0.1:3000;
        }
    }
}
"""


async def test_what_includes_a_changed_text_is_linted_again(editor):
    editor.write("ws.conf", HEADERS)
    editor.write("nginx.conf", MAIN)
    assert "missing-upgrade-header" not in codes(await editor.open("nginx.conf"))
    await editor.open("ws.conf")
    editor.change("ws.conf", "proxy_http_version 1.1;\n")
    uri = editor.uri("nginx.conf")
    await editor.until(lambda: "missing-upgrade-header" in codes(editor.published[uri][1]), "not saved anywhere")
    editor.change("ws.conf", HEADERS)
    await editor.until(lambda: "missing-upgrade-header" not in codes(editor.published[uri][1]), "mended")


async def test_a_text_that_is_not_on_disk_yet_is_included(editor):
    editor.write("nginx.conf", MAIN)
    uri = editor.uri("nginx.conf")
    await editor.open("nginx.conf", MAIN.replace("ws.conf", "new/*.conf"))
    (editor.folder / "new").mkdir()
    await editor.open("new/ws.conf", HEADERS)
    await editor.until(lambda: "missing-upgrade-header" not in codes(editor.published[uri][1]), "included")


async def test_a_file_that_changes_on_disk_counts(editor):
    editor.write("ws.conf", HEADERS)
    editor.write("nginx.conf", MAIN)
    await editor.open("nginx.conf")
    editor.write("ws.conf", "")
    change = types.FileEvent(uri=editor.uri("ws.conf"), type=types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[change]))
    uri = editor.uri("nginx.conf")
    await editor.until(lambda: "missing-upgrade-header" in codes(editor.published[uri][1]), "news of the disk")


async def test_a_text_is_linted_where_it_is_included(editor):
    editor.write("nginx.conf", "events {}\nhttp {\n    proxy_read_timeout 1h;\n    include sites-enabled/*;\n}\n")
    site = "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n" + "".join(
        f"        {line}\n" for line in HEADERS.splitlines()
    )
    editor.write("sites-available/app", site + "    }\n}\n")
    (editor.folder / "sites-enabled").mkdir()
    (editor.folder / "sites-enabled/app").symlink_to("../sites-available/app")
    found = await editor.open("sites-available/app")
    assert not any(one.severity == types.DiagnosticSeverity.Error for one in found)
    # Not saved: seen through the link all the same.
    editor.change("sites-available/app", site.replace("Upgrade $http_upgrade", "Upgrade close") + "    }\n}\n")
    assert "wrong-upgrade-value" in codes(await editor.diagnostics("sites-available/app"))


async def test_settings_count_and_are_read_again(editor, chat):
    editor.write("nginx-wslint.toml", '[rules]\nmissing-upgrade-header = "off"\n')
    assert codes(await editor.open("nginx.conf")) == ["missing-http-version"]
    editor.write("nginx-wslint.toml", 'nginx-version = "1.31.0"\n')
    change = types.FileEvent(uri=editor.uri("nginx-wslint.toml"), type=types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[change]))
    uri = editor.uri("nginx.conf")
    await editor.until(lambda: codes(editor.published[uri][1]) == ["missing-upgrade-header"], "no 1.1 needed since 1.29.7")


async def test_broken_settings_are_told_of(editor, chat):
    editor.write("nginx-wslint.toml", '[rules]\nno-such-rule = "off"\n')
    assert await editor.open("nginx.conf") == []
    assert any("no-such-rule" in one.message for one in editor.client.messages)


async def test_each_folder_has_its_own_settings(editor, chat):
    editor.write("other/nginx-wslint.toml", '[rules]\nhandshake = "off"\n')
    editor.write("other/nginx.conf", chat)
    assert len(await editor.open("nginx.conf")) == 2
    assert await editor.open("other/nginx.conf") == []


async def test_syntax_errors_are_diagnostics_and_nothing_is_fixed(editor):
    text = editor.write("nginx.conf", MAIN.replace("http://127.0.0.1:3000;", '"http://127.0.0.1:3000;'))
    found = await editor.open("nginx.conf")
    assert "syntax-error" in codes(found)
    everything = types.Range(types.Position(0, 0), types.Position(99, 0))
    assert await editor.actions("nginx.conf", everything, ["source.fixAll"]) == []
    assert text.count("\n") == 9


async def test_a_closed_text_has_no_diagnostics(editor, chat):
    await editor.open("nginx.conf")
    closing = types.DidCloseTextDocumentParams(text_document=editor.document("nginx.conf"))
    editor.client.text_document_did_close(closing)
    await editor.until(lambda: editor.published[editor.uri("nginx.conf")] == (None, []), "closed")


async def test_a_text_that_was_never_saved_is_linted(editor, chat):
    uri = "untitled:Untitled-1"
    item = types.TextDocumentItem(uri=uri, language_id="nginx", version=1, text=chat)
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    await editor.until(lambda: uri in editor.published, uri)
    assert "missing-upgrade-header" in codes(editor.published[uri][1])


async def test_settings_that_nobody_told_of_are_read_when_something_is_saved(editor, chat):
    assert len(await editor.open("nginx.conf")) == 2
    editor.write("nginx-wslint.toml", '[rules]\nhandshake = "off"\n')
    editor.save("nginx.conf")
    uri = editor.uri("nginx.conf")
    await editor.until(lambda: editor.published[uri][1] == [], "settings of their own")
    editor.write("nginx-wslint.toml", "# nothing\n")
    editor.save("nginx.conf")
    await editor.until(lambda: len(editor.published[uri][1]) == 2, "settings written anew")


PLAIN = HEADERS.replace("proxy_set_header Upgrade", "#roxy_set_header Upgrade")
GLOB = MAIN.replace("include ws.conf;", "include ws.conf;\n            include more/*.conf;")
HOUR = "proxy_read_timeout 1h;\n"
SILENT = '[rules]\nmissing-read-timeout = "off"\n'
SLEEPY = "missing-read-timeout"


def rewrite(path, text: str):
    """Other text of the same length, at a time that is said to be the same."""
    before = path.stat()
    assert before.st_size == len(text)
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


# What happens on disk, the files before it, what it is, and what was found before and is found then.
NEWS = {
    "another text of the same length and time": (
        {"ws.conf": HEADERS + HOUR},
        lambda at: rewrite(at / "ws.conf", PLAIN + HOUR),
        [],
        ["missing-upgrade-header"],
    ),
    "a file moved into the place of another": (
        {"ws.conf": HEADERS + HOUR, "other": PLAIN + HOUR},
        lambda at: os.replace(at / "other", at / "ws.conf"),
        [],
        ["missing-upgrade-header"],
    ),
    "a link that leads elsewhere": (
        {"more/one.txt": HOUR, "more/two.txt": "proxy_buffering off;\n", "more/a.conf": "-> one.txt",
         "more/two": "-> two.txt", "ws.conf": HEADERS},
        lambda at: os.replace(at / "more/two", at / "more/a.conf"),
        [],
        [SLEEPY],
    ),
    "a file that is gone": (
        {"ws.conf": PLAIN + HOUR},
        lambda at: (at / "ws.conf").unlink(),
        ["missing-upgrade-header"],
        [],
    ),
    "a file that comes": (
        {"ws.conf": HEADERS, "more/a.txt": HOUR},
        lambda at: (at / "more/a.conf").write_text(HOUR),
        [SLEEPY],
        [],
    ),
    "a file that no pattern names any more": (
        {"ws.conf": HEADERS, "more/a.conf": HOUR},
        lambda at: (at / "more/a.conf").rename(at / "more/a.off"),
        [],
        [SLEEPY],
    ),
    "new settings": (
        {"ws.conf": HEADERS},
        lambda at: (at / "nginx-wslint.toml").write_text(SILENT),
        [SLEEPY],
        [],
    ),
    "other settings": (
        {"ws.conf": HEADERS, "nginx-wslint.toml": SILENT},
        lambda at: rewrite(at / "nginx-wslint.toml", SILENT.replace("[", "#", 1).replace("missing", "#issing")),
        [],
        [SLEEPY],
    ),
    "settings that are gone": (
        {"ws.conf": HEADERS, "nginx-wslint.toml": SILENT},
        lambda at: (at / "nginx-wslint.toml").unlink(),
        [],
        [SLEEPY],
    ),
}


async def test_what_happens_on_disk_is_seen_with_the_next_key(editor):
    """Nobody tells the server: it has to look by itself, whatever it remembers."""
    for number, (files, *_) in enumerate(NEWS.values()):
        for name, text in {".git/HEAD": "", "nginx.conf": GLOB, "more/none": "", **files}.items():
            path = editor.folder / f"{number}/{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(text[3:]) if text.startswith("-> ") else path.write_text(text)
    # Long enough for stamps to be believed.
    await asyncio.sleep(2.3)
    seen = {}
    for number, (news, (_, happens, *_)) in enumerate(NEWS.items()):
        main = f"{number}/nginx.conf"

        async def key() -> list[str]:
            editor.change(main, ((0, 0), (0, 0), "#\n"))
            return codes(await editor.diagnostics(main))

        before = [codes(await editor.open(main)), await key(), await key()]
        happens(editor.folder / str(number))
        seen[news] = before, [await key(), await key()]
    assert seen == {news: ([before] * 3, [after] * 2) for news, (_, _, before, after) in NEWS.items()}
