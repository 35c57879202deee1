"""The package contains what it should, and what tools leave behind is not committed."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKED_FILES = (
    *("Containerfile", "compose.yaml", "constraints.txt", "README.md", "LICENSE", "CHANGELOG.md"),
    "pyproject.toml",
)
in_a_clone = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this tree is no clone")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120).stdout


def test_a_source_distribution_has_what_a_server_is_built_and_deployed_from(tmp_path: Path) -> None:
    output(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path))
    (packed,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        paths = [Path(*Path(name).parts[1:]) for name in archive.getnames()]
    expected = {"chat", "sql", "deploy", "client", "PKG-INFO", *PACKED_FILES}
    assert {path.parts[0] for path in paths} - {".gitignore"} == expected
    missing = [path for path in (ROOT / "chat").rglob("*.py") if path.relative_to(ROOT) not in paths]
    assert missing == []
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    needed = {Path(name) for line in copied for name in line.split()}
    assert (
        needed - ({Path(path.parts[0]) for path in paths} | {*paths} | {path.parent for path in paths})
        == set()
    ), "or no image can be built from it"
    assert Path("chat/py.typed") in paths, "or type checkers pass over the types of chat.client"


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_two_builds_are_equal_byte_for_byte(target: str, tmp_path: Path) -> None:
    """Also of a tree whose files have other times, as a fresh checkout's."""
    built = []
    for name, times in (("one", (1_000_000_000, 1_000_000_000)), ("other", (1_700_000_000, 1_700_000_000))):
        tree = tmp_path / name
        for part in ("chat", "sql", "deploy", "client"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (ROOT / name for name in PACKED_FILES):
            shutil.copy(file, tree)
        for path in tree.rglob("*"):
            os.utime(path, times)
        build = [sys.executable, "-m", "hatchling", "build", "--target", target]
        subprocess.run(build, check=True, capture_output=True, timeout=120, cwd=tree)
        (packed,) = (tree / "dist").iterdir()
        built.append(hashlib.sha256(packed.read_bytes()).hexdigest())
    assert built[0] == built[1]


@in_a_clone
def test_files_removed_by_clean_are_ignored_by_git() -> None:
    (removing,) = (
        line for line in output("make", "-n", "USABLE=", "clean").splitlines() if line.startswith("rm")
    )
    removed = removing.split()[2:]
    ask = ["git", "check-ignore", "--no-index", *(f"{name}/" for name in removed)]
    ignored = subprocess.run(
        ask, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    ).stdout.split()
    assert [name.rstrip("/") for name in ignored] == removed
    assert output("git", "ls-files", *removed) == ""
