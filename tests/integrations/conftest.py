"""What the tests of the integrations share: the program, this checkout as a repository of its own, a broken site."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "integrations"

MAIN = """\
events {}
http {
    include conf.d/*.conf;
}
"""

SERVER = """\
server {
    listen 80;
    proxy_http_version 1.1;
    include "snippets/the chat.conf";
}
"""

SNIPPET = """\
location /ws {
    proxy_pass http://127.0.0.1:3000;
}
"""


def run(command, folder, env=None, status=None):
    """Runs a command; its exit status must be `status` if one is named."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
    )
    if status is not None:
        assert done.returncode == status, f"{command} ended with {done.returncode}\n{done.stdout}"
    return done


@pytest.fixture(scope="session")
def program():
    """The program as `cargo build` made it."""
    return ROOT / "target" / "debug" / ("nginx-wslint.exe" if os.name == "nt" else "nginx-wslint")


@pytest.fixture(scope="session")
def quick():
    """An environment in which a release build is quick rather than good, and is made once for all tests."""
    return os.environ | {
        "CARGO_TARGET_DIR": str(WORK / "cargo"),
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
        "PRE_COMMIT_HOME": str(WORK / "pre-commit"),
    }


def commit_all(folder):
    """Makes a folder a git repository with all its files committed, and gives the commit."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    run([*git, "init", "--quiet", "--initial-branch=main"], folder, status=0)
    run([*git, "add", "--all"], folder, status=0)
    run([*git, "commit", "--quiet", "--no-verify", "--message=all"], folder, status=0)
    return run([*git, "rev-parse", "HEAD"], folder, status=0).stdout.strip()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """This working tree, as it is, as a repository of its own: its folder and its commit."""
    folder = WORK / "checkout"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT, status=0).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder, commit_all(folder)


@pytest.fixture
def site(tmp_path):
    """A site in a folder with a space in its name: the mistake is in a snippet that a server includes."""
    folder = tmp_path / "the site"
    for name, text in {"nginx.conf": MAIN, "conf.d/chat.conf": SERVER, "snippets/the chat.conf": SNIPPET}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
