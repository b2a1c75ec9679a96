"""What is installed and what is shipped."""

import tarfile
import zipfile

from conftest import ROOT, run

SHIPPED = {"Cargo.toml", "Cargo.lock", "README.md", "CHANGELOG.md", "LICENSE", "LICENSE-MIT", "LICENSE-APACHE", "build.rs"}


def test_the_wheel_gives_the_command(checkout, quick, site, tmp_path):
    folder, _ = checkout
    wheels = tmp_path / "wheels"
    run(["python", "-m", "pip", "wheel", "--no-deps", "--wheel-dir", wheels, folder], tmp_path, quick, status=0)
    (wheel,) = wheels.glob("*.whl")
    files = zipfile.ZipFile(wheel).namelist()
    metadata = zipfile.ZipFile(wheel).read(next(name for name in files if name.endswith("METADATA"))).decode()
    for line in ["Name: nginx-wslint", "License-Expression: MIT OR Apache-2.0", "Requires-Python: >=3.8"]:
        assert line in metadata
    assert "Description-Content-Type: text/markdown" in metadata
    assert any(name.endswith("licenses/LICENSE-MIT") for name in files)

    run(["python", "-m", "venv", tmp_path / "venv"], tmp_path, status=0)
    run([tmp_path / "venv/bin/pip", "install", "--no-index", wheel], tmp_path, status=0)
    found = run([tmp_path / "venv/bin/nginx-wslint", "."], site, status=1)
    assert "missing-upgrade-header" in found.stdout


def test_the_source_distribution_is_complete(checkout, quick, tmp_path):
    folder, _ = checkout
    run(["maturin", "sdist", "--out", tmp_path], folder, quick, status=0)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
        assert SHIPPED | {"pyproject.toml", "src/main.rs", "grammar/nginx.pest"} <= names
        assert not any(name.startswith(("tests/", ".ci")) for name in names), names
    run(["python", "-m", "pip", "wheel", "--no-deps", "--wheel-dir", tmp_path, archive], tmp_path, quick, status=0)


def test_the_crate_holds_what_belongs_and_nothing_else(checkout):
    folder, _ = checkout
    listed = run(["cargo", "package", "--list", "--allow-dirty"], folder, status=0).stdout.splitlines()
    listed = [name for name in listed if " " not in name]
    assert SHIPPED <= set(listed)
    folders = {name.split("/")[0] for name in listed if "/" in name}
    assert folders == {"benches", "build", "examples", "grammar", "rules", "src"}


def test_the_workflow_of_the_readme_names_this_version():
    version = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version"))
    assert f"rev: v{version}" in (ROOT / "README.md").read_text()
