"""Clients that err, and typing that is faster than anything."""

import asyncio
import json
import os
import subprocess

import pytest
from conftest import SERVER, applied, codes, place
from lsprotocol import types


async def test_texts_that_nobody_opened_are_nothing(editor):
    everything = types.Range(types.Position(0, 0), types.Position(9, 0))
    assert await editor.actions("none.conf", everything) == []
    assert await editor.client.text_document_hover_async(types.HoverParams(**editor.at("none.conf", 0, 0))) is None


@pytest.mark.parametrize(
    "text",
    [
        "[program:app]\ncommand=/usr/bin/app --port 3000\nautostart=true\n",
        '<VirtualHost *:80>\n    <Location "/ws">\n        Require all granted\n    </Location>\n</VirtualHost>\n',
        "[www]\n; The user.\nuser = www-data\n; listen = 9000\npm = dynamic\n",
    ],
)
async def test_a_file_of_another_program_is_left_alone(editor, text):
    editor.write("conf.d/app.conf", text)
    assert await editor.open("conf.d/app.conf") == []
    # Until it becomes one of nginx.
    editor.change("conf.d/app.conf", "server {\n    listen 80\n}\n")
    assert codes(await editor.diagnostics("conf.d/app.conf")) == ["syntax-error"]


async def test_places_outside_of_the_text_do_no_harm(editor, chat):
    await editor.open("nginx.conf")
    editor.change("nginx.conf", ((900, 900), (999, 0), "# end\n"), ((5, 0), (2, 0), ""))
    await editor.diagnostics("nginx.conf")
    assert await editor.client.text_document_hover_async(types.HoverParams(**editor.at("nginx.conf", 900, 7))) is None


async def test_changes_follow_each_other_in_every_encoding(editor_name, editor, chat):
    text = "# 🚀é\n" + chat
    await editor.open("nginx.conf", text)
    bytes_counted = editor.client.offered.capabilities.position_encoding == types.PositionEncodingKind.Utf8
    rocket = 6 if bytes_counted else 4
    line, character = place(text, "/ws {")
    editor.change("nginx.conf", ((0, rocket), (0, rocket), "x"), ((line, character), (line, character + 3), "/plain"))
    await editor.diagnostics("nginx.conf")
    editor.change("nginx.conf", ((0, 0), (0, rocket + 1), "# "))
    await editor.diagnostics("nginx.conf")
    params = types.DocumentSymbolParams(text_document=editor.document("nginx.conf"))
    symbols = await editor.client.text_document_document_symbol_async(params)
    names = str(symbols)
    assert "location /plain" in names and "location /ws" not in names


async def test_typing_fast_is_linted_once_for_many_keys(editor, chat):
    await editor.open("nginx.conf")
    before = editor.client.count
    for _ in range(300):
        editor.change("nginx.conf", ((0, 0), (0, 0), "#"))
    found = await editor.diagnostics("nginx.conf")
    assert "missing-upgrade-header" in codes(found)
    assert editor.client.count - before < 100


async def test_any_beginning_of_a_file_is_survived(editor, chat):
    await editor.open("nginx.conf", "")
    for end in range(0, len(chat), 7):
        editor.change("nginx.conf", chat[:end])
        await editor.diagnostics("nginx.conf")
    editor.change("nginx.conf", "a{" * 20000)
    await editor.diagnostics("nginx.conf")
    params = types.DocumentSymbolParams(text_document=editor.document("nginx.conf"))
    assert len(await editor.client.text_document_document_symbol_async(params)) == 1
    editor.change("nginx.conf", chat)
    assert len(await editor.diagnostics("nginx.conf")) == 2


async def test_a_long_file_of_many_findings_is_mended_at_once(editor):
    routes = "".join(
        f"        location /app{index}/ws {{\n            proxy_pass http://127.0.0.1:{3000 + index};\n        }}\n"
        for index in range(300)
    )
    text = editor.write("nginx.conf", f"events {{}}\nhttp {{\n    server {{\n{routes}    }}\n}}\n")
    found = await editor.open("nginx.conf")
    assert len(found) == 600
    [fix_all] = await editor.actions("nginx.conf", found[0].range, ["source.fixAll.nginxWslint"])
    editor.change("nginx.conf", applied(text, fix_all.edit, editor.uri("nginx.conf")))
    assert await editor.diagnostics("nginx.conf") == []


def frames(*bodies: bytes) -> bytes:
    return b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)


def message(**fields) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **fields}).encode()


def speak(data: bytes) -> tuple[int, list[dict]]:
    done = subprocess.run([SERVER, "server"], input=data, capture_output=True, timeout=60, check=False)
    answers, rest = [], done.stdout
    while rest:
        head, rest = rest.split(b"\r\n\r\n", 1)
        length = int(head.split(b":")[1])
        answers.append(json.loads(rest[:length]))
        rest = rest[length:]
    return done.returncode, answers


START = message(id=1, method="initialize", params={"capabilities": {}})
END = message(id=9, method="shutdown"), message(method="exit")


def test_what_is_no_message_is_refused_and_the_rest_served():
    odd = b"{", b"[]", b"\xff\xfe", message(id=5, method=[1]), message(id=1.5, method="x"), b"{}"
    code, answers = speak(b"hello\n" + frames(START, *odd, *END))
    assert code == 0
    assert [one["error"]["code"] for one in answers if "error" in one] == [-32700, -32600, -32700, -32600, -32600, -32600]
    assert [one["id"] for one in answers if "error" in one] == [None, None, None, 5, 1.5, None]
    assert [one for one in answers if one["id"] == 9 and one["result"] is None]


def test_wrong_params_are_answered_with_an_error():
    bad = [
        message(id=2, method="textDocument/hover", params={"textDocument": 7}),
        message(id=3, method="textDocument/codeAction"),
        message(id=4, method="textDocument/rename", params={}),
        message(method="textDocument/didOpen", params=[]),
        message(method="textDocument/didChange", params={"textDocument": {"uri": "x", "version": "y"}}),
        message(method="textDocument/didOpen", params={
            "textDocument": {"uri": "file:///%zz%00", "languageId": "nginx", "version": 1, "text": "a"},
        }),
    ]
    code, answers = speak(frames(START, *bad, *END))
    assert code == 0
    failed = {one["id"]: one["error"]["code"] for one in answers if "error" in one}
    assert failed == {2: -32602, 3: -32602, 4: -32601}
    logged = [one for one in answers if one.get("method") == "window/logMessage"]
    assert len(logged) == 2


def test_nothing_is_served_before_the_beginning_and_after_the_end():
    hover = message(id=2, method="textDocument/hover", params={})
    code, answers = speak(frames(hover, START, START, END[0], hover, END[1]))
    assert code == 0
    assert [one.get("error", {}).get("code") for one in answers] == [-32002, None, -32600, None, -32600]


def test_leaving_without_a_word_is_an_error():
    assert speak(frames(START, END[1]))[0] == 1
    assert speak(frames(START))[0] == 1


def test_a_request_that_was_taken_back_is_not_worked_on():
    hover = message(id=2, method="textDocument/hover", params={})
    cancel = message(method="$/cancelRequest", params={"id": 2})
    # Everything lies in the pipe before the server reads: what it has not looked at yet can be taken back.
    reader, writer = os.pipe()
    os.write(writer, frames(START, hover, cancel, *END))
    os.close(writer)
    done = subprocess.run([SERVER, "server"], stdin=reader, capture_output=True, timeout=60, check=False)
    assert b"-32800" in done.stdout or b"-32602" in done.stdout
    assert done.returncode == 0


async def test_the_server_is_quiet_when_nothing_changes(editor, chat):
    await editor.open("nginx.conf")
    editor.news.clear()
    editor.save("nginx.conf")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await editor.news.wait()
