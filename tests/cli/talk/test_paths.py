"""The paths that Tab completes."""

from pathlib import Path

import pytest

from chat.cli.talk.paths import paths_beginning


def test_paths_are_completed_as_they_are_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pictures").mkdir()
    for name in ("plan.txt", "pictures/rose.png", ".hidden", "other"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths_beginning("p") == ["pictures/", "plan.txt"]
    assert paths_beginning("") == ["other", "pictures/", "plan.txt"]
    assert paths_beginning("~/pictures/r") == ["~/pictures/rose.png"]
    assert paths_beginning(f"{tmp_path}/.h") == [f"{tmp_path}/.hidden"]
    assert paths_beginning("nowhere/x") == []
    assert "/tmp/" in paths_beginning("/t")
