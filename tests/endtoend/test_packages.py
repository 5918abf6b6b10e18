"""What is released: the wheel runs where nothing else of ours is, the sdist is the same each time."""

import hashlib
import os
import site
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.endtoend

ROOT = Path(__file__).parents[2]


def build(kind: str, directory: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(directory)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1900000000"},
    )
    [made] = directory.iterdir()
    return made


@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_two_builds_are_the_same(tmp_path: Path, kind: str) -> None:
    digests = {
        hashlib.sha256(build(kind, tmp_path / name).read_bytes()).hexdigest() for name in ("one", "two")
    }
    assert len(digests) == 1


def test_the_sdist_has_what_a_wheel_is_made_of(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files", "src"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert set(tracked) <= names
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]


def test_the_wheel_runs_on_its_own(tmp_path: Path) -> None:
    wheel = build("wheel", tmp_path / "dist")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    for file in (ROOT / "src").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert str(file.relative_to(ROOT / "src")) in held
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    [packages] = (tmp_path / "venv").glob("lib/python3.*/site-packages")
    # What it needs is what the tests have; our own source is not there.
    (packages / "needed.pth").write_text("\n".join(site.getsitepackages()))
    mox = tmp_path / "venv" / "bin" / "mox"
    where = subprocess.run(
        [python, "-c", "import mox; print(mox.__file__)"], capture_output=True, text=True, check=True, cwd="/"
    )
    assert where.stdout.strip().startswith(str(tmp_path))
    for command in (["version"], ["--help"], ["config", "describe-static"], ["licenses"]):
        done = subprocess.run([mox, *command], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout
