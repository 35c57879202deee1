"""The paths that Tab completes."""

from pathlib import Path

import pytest

from chat.cli.talk.paths import complete_path


def test_paths_are_completed_as_they_are_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pictures").mkdir()
    for name in ("plan.txt", "pictures/rose.png", ".hidden", "other"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert complete_path("p") == ["pictures/", "plan.txt"]
    assert complete_path("") == ["other", "pictures/", "plan.txt"]
    assert complete_path("~/pictures/r") == ["~/pictures/rose.png"]
    assert complete_path(f"{tmp_path}/.h") == [f"{tmp_path}/.hidden"]
    assert complete_path("nowhere/x") == []
    assert "/tmp/" in complete_path("/t")
