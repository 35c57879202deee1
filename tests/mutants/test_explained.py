"""The table of explained survivors is about code that exists."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_README = (_ROOT / "tests" / "mutants" / "README.md").read_text(encoding="utf-8")
_ROWS = re.findall(r"^\| (`\w+/[\w/]*\.py`[^|]*) \| ([^|]+) \|", _README, re.MULTILINE)


def files_of(where: str) -> list[Path]:
    """Return the files of a row; one without a folder is in the folder of the first."""
    names = re.findall(r"`([\w/.]+)`", where)
    folder = (_ROOT / "chat" / names[0]).parent
    return [_ROOT / "chat" / name if "/" in name else folder / name for name in names]


def is_there(code: str, source: str) -> bool:
    """Whether a source has this code, in which an ellipsis stands for anything; `f()` may be a function named f."""
    if (function := re.fullmatch(r"(\w+)\(\)", code)) and f"def {function[1]}(" in source:
        return True
    return re.search(".*".join(map(re.escape, code.split("…"))), source) is not None


@pytest.mark.parametrize(
    ("where", "defect"), _ROWS, ids=[f"{where} {defect}"[:60] for where, defect in _ROWS]
)
def test_each_explained_survivor_names_existing_code(where: str, defect: str) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in files_of(where))
    codes = [code for code in re.findall(r"`([^`]+)`", defect) if re.search(r"\w{4}", code)]
    assert [code for code in codes if not is_there(code, source)] == []


def test_there_are_explained_survivors() -> None:
    assert len(_ROWS) > 30
