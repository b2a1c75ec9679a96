"""The server as started by editors, and what the tests say to it."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

REPOSITORY = Path(__file__).resolve().parents[2]
SERVER = os.environ.get("NGINX_WSLINT", str(REPOSITORY / "target/debug/nginx-wslint"))
EXAMPLES = REPOSITORY / "examples"
# Long enough for a machine that does much else at the time.
PATIENCE = 30

# An editor that counts UTF-16, ones that know little, and one that knows much.
EDITORS = ["visual-studio-code", "neovim@0.7.0", "neovim", "emacs"]


class Client(LanguageClient):
    """Knows for which version each diagnostic is, and tells when there are new ones."""

    def __init__(self):
        super().__init__(converter_factory=default_converter)
        self.published: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        self.count = 0
        self.news = asyncio.Event()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams):
            self.published[params.uri] = (params.version, list(params.diagnostics))
            self.count += 1
            self.news.set()

        @self.feature(types.WINDOW_SHOW_MESSAGE)
        def shown(params: types.ShowMessageParams):
            self.messages.append(params)

        @self.feature(types.WINDOW_LOG_MESSAGE)
        def logged(params: types.LogMessageParams):
            self.log_messages.append(params)

        @self.feature(types.CLIENT_REGISTER_CAPABILITY)
        def registered(params: types.RegistrationParams):
            self.registrations = params.registrations


class Editor:
    """A client with helpers for what editors do all the time."""

    def __init__(self, client: Client, folder: Path):
        self.client = client
        self.folder = folder
        self.versions: dict[str, int] = {}
        self.published = client.published
        self.news = client.news

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(uri=self.uri(name))

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return text

    def copy(self, example: str, name: str) -> str:
        return self.write(name, (EXAMPLES / example).read_text())

    async def until(self, test, what: str):
        """Waits until something holds of what was published."""
        async with asyncio.timeout(PATIENCE):
            while not (result := test()):
                self.news.clear()
                await self.news.wait()
        return result

    async def diagnostics(self, name: str) -> list[types.Diagnostic]:
        """The diagnostics of the newest version."""
        uri = self.uri(name)
        await self.until(lambda: self.published.get(uri, (None,))[0] == self.versions[uri], name)
        return self.published[uri][1]

    async def open(self, name: str, text: str | None = None) -> list[types.Diagnostic]:
        text = (self.folder / name).read_bytes().decode() if text is None else text
        uri = self.uri(name)
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri=uri, language_id="nginx", version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return await self.diagnostics(name)

    def change(self, name: str, *changes):
        """Sends changes: whole texts, or `(start, end, text)` with places as `(line, character)`."""
        uri = self.uri(name)
        self.versions[uri] += 1
        events = [
            types.TextDocumentContentChangeWholeDocument(text=one)
            if isinstance(one, str)
            else types.TextDocumentContentChangePartial(
                range=types.Range(types.Position(*one[0]), types.Position(*one[1])), text=one[2]
            )
            for one in changes
        ]
        identifier = types.VersionedTextDocumentIdentifier(uri=uri, version=self.versions[uri])
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(text_document=identifier, content_changes=events)
        )

    def save(self, name: str):
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=self.document(name)))

    async def actions(
        self,
        name: str,
        found: types.Range,
        only: list[str] | None = None,
        named: Sequence[types.Diagnostic] = (),
    ) -> list[types.CodeAction]:
        context = types.CodeActionContext(diagnostics=list(named), only=only)
        params = types.CodeActionParams(text_document=self.document(name), range=found, context=context)
        return list(await self.client.text_document_code_action_async(params) or [])

    def at(self, name: str, line: int, character: int) -> dict:
        return {"text_document": self.document(name), "position": types.Position(line, character)}


def codes(diagnostics: list[types.Diagnostic]) -> list[str]:
    return sorted(str(one.code) for one in diagnostics)


def place(text: str, word: str, count: int = 0) -> tuple[int, int]:
    """Line and column of a word in a text of ASCII characters."""
    at = -1
    for _ in range(count + 1):
        at = text.index(word, at + 1)
    line = text.count("\n", 0, at)
    return line, at - (text.rfind("\n", 0, at) + 1)


def applied(text: str, edit: types.WorkspaceEdit, uri: str) -> str:
    """The text after an edit, as an editor that counts UTF-16 applies it."""
    edits = []
    for change in edit.document_changes or []:
        assert change.text_document.uri == uri
        edits.extend(change.edits)
    for changed, more in (edit.changes or {}).items():
        assert changed == uri
        edits.extend(more)
    lines = text.splitlines(keepends=True) + [""]
    starts = [sum(map(len, lines[:index])) for index in range(len(lines))]

    def offset(position: types.Position) -> int:
        line = lines[position.line].encode("utf-16-le")
        return starts[position.line] + len(line[: 2 * position.character].decode("utf-16-le"))

    for one in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        text = text[: offset(one.range.start)] + one.new_text + text[offset(one.range.end) :]
    return text


@pytest.fixture(params=EDITORS)
def editor_name(request):
    return request.param


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[SERVER, "server", "--stdio"], client_factory=Client))
async def client(lsp_client: Client, request, tmp_path):
    name = request.getfixturevalue("editor_name") if "editor_name" in request.fixturenames else EDITORS[0]
    params = types.InitializeParams(
        capabilities=client_capabilities(name),
        workspace_folders=[types.WorkspaceFolder(uri=tmp_path.as_uri(), name="test")],
    )
    lsp_client.offered = await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client, tmp_path) -> Editor:
    # Settings further up would count.
    (tmp_path / ".git").mkdir()
    return Editor(client, tmp_path)


@pytest.fixture
def chat(editor):
    text = editor.copy("chat-app/broken.conf", "nginx.conf")
    shutil.copy(EXAMPLES / "chat-app/fixed.conf", editor.folder / "fixed.txt")
    return text
