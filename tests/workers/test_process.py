"""Which program a worker is."""

import subprocess
import sys
from pathlib import Path

import pytest

from chat.workers.process import command

ROOT = Path(__file__).parents[2]

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_it_is_this_very_package_wherever_its_parent_was_started(
    elsewhere: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "__init__.py").write_text("raise SystemExit('another package')")
    monkeypatch.chdir(tmp_path if elsewhere else ROOT)
    done = subprocess.run([*command(), "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Serve as one of several workers." in done.stdout
