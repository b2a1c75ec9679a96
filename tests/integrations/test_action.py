"""The action, its steps run as the runner would run them: expressions filled in, outputs read from files."""

import os
import re
import shutil
import tarfile
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, commit_all, run

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def outputs(path):
    """The outputs a step has written."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


class Runner:
    """A runner with its folders and files; `with_inputs` runs the action in a folder."""

    def __init__(self, tmp_path, env):
        self.temp = tmp_path / "runner temp"
        self.temp.mkdir(exist_ok=True)
        self.env = env | {"RUNNER_TEMP": str(self.temp), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64"}

    def with_inputs(self, folder, steps=None, **given):
        """Runs the steps up to the first that fails: its exit status, what was printed, all outputs, the summary."""
        inputs = {name: str(of.get("default", "")) for name, of in ACTION["inputs"].items()}
        assert set(given) <= set(inputs)
        values = {f"inputs.{name}": value for name, value in (inputs | given).items()}
        values |= {"github.action_path": str(ROOT), "github.action_repository": "example/nginx-wslint"}
        values |= steps or {}
        summary, printed, status = self.temp / "summary.md", "", 0
        summary.write_text("")
        for step in ACTION["runs"]["steps"]:
            if any(name.startswith(f"steps.{step['id']}.") for name in values):
                continue
            written = self.temp / f"{step['id']}.out"
            written.write_text("")
            assert "${{" not in step["run"], "an input in the text of a script would be run"
            fill = lambda text: re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: values[found[1]], text)
            env = self.env | {name: fill(value) for name, value in step["env"].items()}
            env |= {"GITHUB_OUTPUT": str(written), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(folder)}
            done = run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], folder, env)
            printed, status = printed + done.stdout, done.returncode
            values |= {f"steps.{step['id']}.outputs.{name}": value for name, value in outputs(written).items()}
            if status != 0:
                break
        named = {name: fill(of["value"]) for name, of in ACTION["outputs"].items() if fill_able(of["value"], values)}
        return status, printed, named, summary.read_text()


def fill_able(text, values):
    """Whether all names in an expression have values."""
    return all(name in values for name in re.findall(r"\$\{\{ *([\w.-]+) *\}\}", text))


@pytest.fixture
def runner(tmp_path, quick):
    """A runner without a token and without a network it would need."""
    return Runner(tmp_path, quick | {"GITHUB_ACTIONS": "true", "CI": "true"})


@pytest.fixture
def installed(program):
    """The outputs of a first step that has installed the program."""
    return {"steps.install.outputs.program": str(program)}


def test_annotations_sarif_and_the_exit_status(runner, site, installed):
    status, printed, named, summary = runner.with_inputs(site, installed)
    assert status == 1
    assert re.search(r"^::error file=snippets/the chat\.conf,line=2,", printed, re.MULTILINE), printed
    assert named["exit-status"] == "1" and named["changed"] == "false"
    assert yaml.safe_load(Path(named["sarif"]).read_text())["version"] == "2.1.0"
    assert "missing-upgrade-header" in summary


def test_paths_are_lines_and_never_run(runner, site, installed):
    shutil.copytree(site, site / "$(touch hacked); `touch hacked` 'x")
    status, printed, _, _ = runner.with_inputs(site, installed, paths="$(touch hacked); `touch hacked` 'x\r\n\n")
    assert status == 1, printed
    assert "file=$(touch hacked); `touch hacked` 'x/snippets/the chat.conf" in printed
    assert not list(site.rglob("hacked"))
    status, printed, _, _ = runner.with_inputs(site, installed, paths="--fix")
    assert status == 2 and "--fix" in printed


def test_fix_writes_and_says_so(runner, site, installed):
    commit_all(site)
    status, _, named, _ = runner.with_inputs(site, installed, fix="true")
    assert status == 0 and named["changed"] == "true"
    status, _, named, _ = runner.with_inputs(site, installed, fix="true")
    assert status == 0 and named["changed"] == "false"
    assert runner.with_inputs(site, installed, fix="yes")[0] == 2


def test_fail_on_and_more_arguments(runner, site, installed):
    status, printed, _, _ = runner.with_inputs(site, installed, **{"fail-on": "never"})
    assert status == 0 and "::error" in printed
    status, printed, _, _ = runner.with_inputs(site, installed, args="--ignore\nhandshake\n")
    assert status == 0, printed


def test_without_a_release_it_is_built_from_the_checkout(runner, site):
    status, printed, named, _ = runner.with_inputs(site)
    assert status == 1 and "missing-upgrade-header" in printed, printed
    assert named["exit-status"] == "1"


def test_a_released_binary_is_checked_and_used(runner, site, program, tmp_path):
    # Stands in for the network: gives the files of a folder by the last part of their address.
    released, tools = tmp_path / "released", tmp_path / "tools"
    released.mkdir(), tools.mkdir()
    name = "nginx-wslint-x86_64-unknown-linux-musl.tar.gz"
    with tarfile.open(released / name, "w:gz") as tar:
        tar.add(program, "nginx-wslint")
    checksum = run(["sha256sum", name], released, status=0).stdout
    (released / f"{name}.sha256").write_text(checksum)
    curl = tools / "curl"
    curl.write_text(
        '#!/bin/bash\nfor a; do :; done\nwhile [ "$1" != --output ]; do shift; done\n'
        f'echo "$a" >> "{tools}/asked"\ncp "{released}/${{a##*/}}" "$2"\n'
    )
    curl.chmod(0o755)
    runner.env["PATH"] = f"{tools}{os.pathsep}{runner.env['PATH']}"
    status, printed, _, _ = runner.with_inputs(site, version="v9.8.7")
    assert status == 1 and "missing-upgrade-header" in printed, printed
    asked = (tools / "asked").read_text().splitlines()
    assert asked[0].endswith(f"/example/nginx-wslint/releases/download/v9.8.7/{name}")

    (released / f"{name}.sha256").write_text("0" * 64 + f"  {name}\n")
    status, printed, _, _ = runner.with_inputs(site, version="9.8.7")
    assert status == 2 and "checksum" in printed


def test_a_version_that_is_not_there_is_an_error(runner, site):
    runner.env["PIP_NO_INDEX"] = "1"
    runner.env.pop("PIP_FIND_LINKS", None)
    tools = runner.temp / "tools"
    tools.mkdir()
    (tools / "curl").write_text("#!/bin/sh\nexit 22\n")
    (tools / "curl").chmod(0o755)
    runner.env["PATH"] = f"{tools}{os.pathsep}{runner.env['PATH']}"
    status, printed, _, _ = runner.with_inputs(site, version="99.0.0")
    assert status == 2 and "99.0.0 is not released" in printed
    status, printed, _, _ = runner.with_inputs(site, version="1.0; touch x")
    assert status == 2 and "not one" in printed
