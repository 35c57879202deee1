"""The package contains what it should, and what tools leave behind is not committed."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
in_a_clone = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this tree is no clone")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120).stdout


def test_a_source_distribution_has_what_a_server_is_built_and_deployed_from(tmp_path: Path) -> None:
    output(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path))
    (packed,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        paths = [Path(*Path(name).parts[1:]) for name in archive.getnames()]
    # Fmt: skip.
    assert {path.parts[0] for path in paths} - {".gitignore"} == {
        "chat",
        "sql",
        "deploy",
        "Containerfile",
        "compose.yaml",
        "constraints.txt",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "PKG-INFO",
        "pyproject.toml",
    }
    missing = [path for path in (ROOT / "chat").rglob("*.py") if path.relative_to(ROOT) not in paths]
    assert missing == []
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    needed = {Path(name) for line in copied for name in line.split()}
    assert needed - {Path(path.parts[0]) for path in paths} == set(), "or no image can be built from it"
    assert Path("chat/py.typed") in paths, "or type checkers pass over the types of chat.client"


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
