"""The package stands alone: it imports nothing of this project, and its README's example runs beside a copy of it."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TAKEN = [path for path in sorted(HERE.glob("*.py")) if not path.name.startswith("test_")]
LIBRARIES = {"outcome", "pytest", "trio"}


@pytest.mark.parametrize("path", TAKEN, ids=lambda path: path.name)
def test_it_imports_nothing_but_trio_and_pytest(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                imported |= {name.name.partition(".")[0] for name in names}
            case ast.ImportFrom(module=str() as module, level=0):
                imported.add(module.partition(".")[0])
    assert imported - sys.stdlib_module_names <= LIBRARIES


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_example_runs_in_another_project(tmp_path: Path, workers: str) -> None:
    package = tmp_path / "cancel_sweep"
    package.mkdir()
    for path in TAKEN:
        shutil.copy(path, package)
    files = re.findall(
        r"^`(\w+\.py)`[^`]*```python\n(.*?)^```", (HERE / "README.md").read_text(), re.M | re.S
    )
    assert [name for name, _ in files] == ["workshop.py", "conftest.py", "test_workshop.py"]
    for name, text in files:
        (tmp_path / name).write_text(text)
    options = ("-p", "no:cacheprovider", "-W", "error", "--strict-markers", "-n", workers, "-v")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    assert ("three jobs: " in done.stdout) == (workers == "0")  # the summary of one process
    assert "test_every_line_that_waits_was_cancelled_at" in done.stdout
