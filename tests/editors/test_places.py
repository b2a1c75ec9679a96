"""Hover, definitions and symbols."""

import pytest
from conftest import place
from lsprotocol import types

TREE = {
    "nginx.conf": """events {}
http {
    include maps.conf;
    include conf.d/*.conf;
    upstream chat {
        server 127.0.0.1:3000;
    }
}
""",
    "maps.conf": """map $http_upgrade $connection_upgrade {
    default upgrade;
    ''      close;
}
""",
    "conf.d/app.conf": """server {
    listen 80;
    server_name a.example b.example;
    proxy_read_timeout 1h;
    set $target chat;
    location /ws {
        proxy_pass http://chat;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        error_page 502 = @away;
    }
    location /plain {
        proxy_pass http://$target;
    }
    location @away {
        return 503;
    }
}
server {
    listen 81;
    location @away {
        return 404;
    }
}
""",
}
APP = "conf.d/app.conf"


@pytest.fixture
async def app(editor):
    for name, text in TREE.items():
        editor.write(name, text)
    await editor.open(APP)
    return TREE[APP]


async def definition(editor, name, line, character):
    params = types.DefinitionParams(**editor.at(name, line, character))
    found = await editor.client.text_document_definition_async(params) or []
    return [(one.uri.removeprefix(editor.folder.as_uri() + "/"), one.range.start.line) for one in found]


async def hover(editor, name, line, character):
    return await editor.client.text_document_hover_async(types.HoverParams(**editor.at(name, line, character)))


@pytest.mark.parametrize(
    ("word", "count", "goal"),
    [
        ("chat;", 1, ("nginx.conf", 4)),
        ("$target", 1, (APP, 4)),
        ("$connection_upgrade", 0, ("maps.conf", 0)),
        ("@away", 0, (APP, 15)),
    ],
)
async def test_names_lead_to_where_they_are_defined(editor, app, word, count, goal):
    line, character = place(app, word, count)
    assert await definition(editor, APP, line, character + 2) == [goal]


async def test_a_variable_leads_to_the_upstream_behind_it(editor, app):
    line, character = place(app, "http://$target")
    assert await definition(editor, APP, line, character + 1) == [("nginx.conf", 4)]


async def test_includes_lead_to_their_files(editor, app):
    editor.write("conf.d/more.conf", "server { listen 82; }\n")
    main = TREE["nginx.conf"]
    await editor.open("nginx.conf")
    assert await definition(editor, "nginx.conf", *place(main, "maps.conf")) == [("maps.conf", 0)]
    many = await definition(editor, "nginx.conf", *place(main, "conf.d"))
    assert many == [(APP, 0), ("conf.d/more.conf", 0)]
    assert await definition(editor, "nginx.conf", *place(main, "events")) == []
    assert await definition(editor, "nginx.conf", 999, 999) == []


async def test_a_location_shows_what_is_in_effect_and_where_it_is_set(editor_name, editor, app):
    for word in ("location /ws", "proxy_pass http://chat"):
        said = await hover(editor, APP, *place(app, word))
        assert "/ws -> http://chat" in said.contents.value
        assert "proxy_read_timeout" in said.contents.value
        assert "app.conf:4" in said.contents.value, "where the server sets it"
        assert "127.0.0.1:3000" in said.contents.value
        assert str(editor.folder) not in said.contents.value, "files are named from the main file's folder"
        assert all(len(line) <= 76 for line in said.contents.value.splitlines())
    assert await hover(editor, APP, *place(app, "return 503")) is None


async def test_a_variable_shows_its_map_and_what_it_becomes(editor, app):
    said = await hover(editor, APP, *place(app, "$connection_upgrade"))
    assert "```nginx" in said.contents.value
    assert "map $http_upgrade $connection_upgrade {\n    default upgrade;" in said.contents.value
    assert "# maps.conf:1\n" in said.contents.value
    assert 'handshake: "upgrade"' in said.contents.value
    assert "```nginx\n# maps.conf:1\n" in said.contents.value
    line, character = place(app, "$connection_upgrade")
    assert said.range == types.Range(types.Position(line, character), types.Position(line, character + 19))


async def test_a_finding_shows_its_rule(editor_name, editor, chat):
    found = await editor.open("nginx.conf")
    said = await hover(editor, "nginx.conf", found[0].range.start.line, found[0].range.start.character)
    assert said.contents.kind == types.MarkupKind.Markdown
    assert "### [missing-upgrade-header](https://" in said.contents.value
    assert "**What you see.**" in said.contents.value
    lines = [line for line in said.contents.value.splitlines() if not line.startswith("### ")]
    assert all(len(line) <= 80 for line in lines), "fits a window of 80 columns"


async def test_fences_of_the_text_do_not_end_the_block(editor):
    text = editor.write("nginx.conf", "events {}\nhttp { server { location /ws { proxy_pass http://b/```x; } } }\n")
    await editor.open("nginx.conf")
    said = await hover(editor, "nginx.conf", *place(text, "proxy_pass"))
    assert said.contents.value.startswith("````text\n")


async def test_blocks_are_symbols_that_lie_in_each_other(editor, app):
    params = types.DocumentSymbolParams(text_document=editor.document(APP))
    first, second = await editor.client.text_document_document_symbol_async(params)
    assert (first.name, first.detail) == ("server a.example b.example", "80")
    assert [one.name for one in first.children] == ["location /ws", "location /plain", "location @away"]
    assert first.children[0].detail == "-> http://chat"
    assert second.name == "server" and second.range.start.line == 19
    await editor.open("maps.conf")
    params = types.DocumentSymbolParams(text_document=editor.document("maps.conf"))
    [only] = await editor.client.text_document_document_symbol_async(params)
    assert only.name == "map $http_upgrade $connection_upgrade"
