"""The web client's pure modules, in Node."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node: apt-get install nodejs")
def test_the_pure_modules() -> None:
    files = sorted(str(file) for file in HERE.rglob("*.test.mjs"))
    assert files
    run = subprocess.run(["node", "--test", *files], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout
