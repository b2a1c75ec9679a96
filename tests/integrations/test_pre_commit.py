"""The three hooks as pre-commit runs them."""

import os

import pytest
from conftest import SNIPPET, commit_all, run

CONFIG = """\
repos:
  - repo: {repository}
    rev: {commit}
    hooks:
      - id: {hook}
        args: [{args}]
"""


def hook(site, checkout, name, args=""):
    """Writes the settings of pre-commit into the site."""
    repository, commit = checkout
    text = CONFIG.format(repository=repository, commit=commit, hook=name, args=args)
    (site / ".pre-commit-config.yaml").write_text(text)


@pytest.fixture(params=["nginx-wslint", "nginx-wslint-rust", "nginx-wslint-system"])
def name(request):
    """Each hook."""
    return request.param


@pytest.fixture
def env(quick, program):
    """The environment of a commit, in which the program is installed."""
    return quick | {"PATH": f"{program.parent}{os.pathsep}{quick['PATH']}"}


def test_a_commit_is_stopped_mended_and_let_through(site, checkout, name, env):
    commit_all(site)
    snippet = site / "snippets/the chat.conf"
    snippet.write_text(SNIPPET + "# changed\n")
    hook(site, checkout, name)
    run(["git", "add", "--all"], site, status=0)
    # Only the snippet is passed on; what else counts for it is said in the files that include it.
    stopped = run(["pre-commit", "run"], site, env, status=1)
    assert "missing-upgrade-header" in stopped.stdout
    assert "snippets/the chat.conf" in stopped.stdout

    hook(site, checkout, name, "--fix")
    run(["git", "add", "--all"], site, status=0)
    run(["pre-commit", "run"], site, env, status=1)
    assert "proxy_set_header Upgrade $http_upgrade;" in snippet.read_text()
    run(["git", "add", "--all"], site, status=0)
    run(["pre-commit", "run"], site, env, status=0)


def test_hundreds_of_files_and_those_of_other_programs(site, checkout, env):
    for number in range(400):
        (site / f"conf.d/site {number}.conf").write_text(
            f"server {{ server_name s{number}.example; location / {{ root /srv; }} }}\n"
        )
    (site / "redis.conf").write_text("bind 127.0.0.1\nsave 3600 1\n")
    hook(site, checkout, "nginx-wslint-system")
    commit_all(site)
    found = run(["pre-commit", "run", "--all-files"], site, env, status=1)
    assert found.stdout.count("error[missing-upgrade-header]") == 1, found.stdout
    assert "redis.conf" not in found.stdout
