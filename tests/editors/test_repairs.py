"""From a broken file to a mended one."""

import subprocess

from conftest import EXAMPLES, SERVER, applied, codes
from lsprotocol import types

FIX_ALL = "source.fixAll.nginxWslint"


async def test_a_broken_file_is_found_and_mended(editor_name, editor, chat):
    found = await editor.open("nginx.conf")
    assert codes(found) == ["missing-http-version", "missing-upgrade-header"]
    error = next(one for one in found if one.code == "missing-upgrade-header")
    assert error.severity == types.DiagnosticSeverity.Error
    assert error.source == "nginx-wslint"
    assert (error.range.start.line, error.range.start.character) == (18, 12)
    assert "`/ws`" in error.message and "likely carries WebSockets" in error.message
    assert error.code_description.href.startswith("https://")
    assert error.data["confidence"] == "likely"
    assert error.data["route"]["evidence"][0]["weight"] == "likely"
    assert not error.related_information, "what the message says is not said again"

    [fix_all] = await editor.actions("nginx.conf", error.range, [FIX_ALL])
    assert fix_all.kind == FIX_ALL
    mended = applied(chat, fix_all.edit, editor.uri("nginx.conf"))
    assert mended == (EXAMPLES / "chat-app/fixed.conf").read_text()
    editor.change("nginx.conf", mended)
    assert await editor.diagnostics("nginx.conf") == []
    assert await editor.actions("nginx.conf", error.range) == []


async def test_the_evidence_has_its_places(editor, chat):
    text = chat.replace("location /ws {", "location /ws {\n            proxy_set_header Upgrade $http_upgrade;")
    found = await editor.open("nginx.conf", text)
    [error] = [one for one in found if one.code == "missing-connection-header"]
    told = {one.message: one.location.range.start.line for one in error.related_information}
    assert told["carries WebSockets: it sends an `Upgrade` header"] == 18
    assert told["likely carries WebSockets: its path `/ws` is a usual one for WebSockets"] == 17


async def test_each_problem_has_its_own_preferred_fix(editor, chat):
    await editor.open("nginx.conf")
    found = await editor.diagnostics("nginx.conf")
    actions = await editor.actions("nginx.conf", found[0].range, ["quickfix"])
    preferred = [one for one in actions if one.is_preferred]
    assert len(preferred) == 2
    version = next(one for one in preferred if "proxy_http_version" in one.title)
    assert version.diagnostics[0].code == "missing-http-version"
    mended = applied(chat, version.edit, editor.uri("nginx.conf"))
    assert mended.replace("            proxy_http_version 1.1;\n", "") == chat
    editor.change("nginx.conf", mended)
    assert codes(await editor.diagnostics("nginx.conf")) == ["missing-upgrade-header"]


async def test_what_the_client_names_is_mended_wherever_the_cursor_stands(editor, chat):
    found = await editor.open("nginx.conf")
    begin = types.Position(found[0].range.start.line, 0)
    cursor = types.Range(begin, begin)
    assert await editor.actions("nginx.conf", cursor, ["quickfix"]) == []
    named = await editor.actions("nginx.conf", cursor, ["quickfix"], found[:1])
    assert {one.diagnostics[0].code for one in named} == {found[0].code}
    assert sum(bool(one.is_preferred) for one in named) == 1


async def test_fixing_all_writes_what_the_command_writes(editor):
    for broken in sorted(EXAMPLES.glob("*/broken.conf")):
        name = f"{broken.parent.name}.conf"
        text = editor.write(name, broken.read_text())
        await editor.open(name)
        everything = types.Range(types.Position(0, 0), types.Position(999, 0))
        actions = await editor.actions(name, everything, [FIX_ALL])
        fixed = applied(text, actions[0].edit, editor.uri(name)) if actions else text
        command = [SERVER, "--fix", "--stdin-filename", str(editor.folder / name), "-"]
        expected = subprocess.run(command, input=text.encode(), capture_output=True, check=False).stdout.decode()
        assert fixed == expected, name


async def test_unsafe_fixes_say_so_and_are_not_preferred(editor):
    text = editor.write(
        "nginx.conf",
        "events {}\nhttp {\n    server {\n        location /ws {\n            proxy_pass http://b;\n"
        "            proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n"
        '            proxy_set_header Connection "upgrade";\n            proxy_read_timeout 0;\n'
        "        }\n    }\n}\n",
    )
    found = await editor.open("nginx.conf")
    zero = next(one for one in found if one.code == "zero-timeout")
    actions = await editor.actions("nginx.conf", zero.range)
    [unsafe] = [one for one in actions if "(unsafe" in one.title]
    assert not unsafe.is_preferred and unsafe.kind == types.CodeActionKind.QuickFix
    assert "proxy_read_timeout 0;" not in applied(text, unsafe.edit, editor.uri("nginx.conf"))
    for fix_all in await editor.actions("nginx.conf", zero.range, [FIX_ALL]):
        assert "proxy_read_timeout 0;" in applied(text, fix_all.edit, editor.uri("nginx.conf"))


async def test_a_finding_can_be_ignored_with_a_reason(editor, chat):
    found = await editor.open("nginx.conf")
    error = next(one for one in found if one.code == "missing-upgrade-header")
    actions = await editor.actions("nginx.conf", error.range, ["quickfix"])
    [ignore] = [one for one in actions if "missing-upgrade-header" in one.title]
    text = applied(chat, ignore.edit, editor.uri("nginx.conf"))
    assert "            # nginx-wslint: ignore[missing-upgrade-header] reason\n            proxy_pass" in text
    editor.change("nginx.conf", text)
    assert codes(await editor.diagnostics("nginx.conf")) == ["missing-http-version"]


async def test_a_fix_stays_within_the_file_that_is_shown(editor):
    editor.write("nginx.conf", "events {}\nhttp {\n    include conf.d/*.conf;\n}\n")
    text = editor.write(
        "conf.d/app.conf", "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n"
    )
    found = await editor.open("conf.d/app.conf")
    assert "missing-upgrade-header" in codes(found)
    [fix_all] = await editor.actions("conf.d/app.conf", found[0].range, ["source.fixAll"])
    mended = applied(text, fix_all.edit, editor.uri("conf.d/app.conf"))
    editor.change("conf.d/app.conf", mended)
    assert await editor.diagnostics("conf.d/app.conf") == []


async def test_line_ends_and_characters_of_every_width_survive(editor_name, editor):
    chat = (EXAMPLES / "chat-app/broken.conf").read_text()
    text = editor.write(
        "nginx.conf", chat.replace("location /ws {", "location /ws { # 🚀 für あ").replace("\n", "\r\n")
    )
    found = await editor.open("nginx.conf")
    [fix_all] = await editor.actions("nginx.conf", found[0].range, [FIX_ALL])
    mended = applied(text, fix_all.edit, editor.uri("nginx.conf"))
    assert "# 🚀 für あ\r\n" in mended
    assert mended.count("\n") == mended.count("\r\n")
