"""The names of tests: sentences that fit into a line of pytest's report."""

import re
from pathlib import Path

_NAME = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
_ROOT = Path(__file__).parents[1]


def test_names_of_tests_have_at_most_80_characters() -> None:
    files = [*(_ROOT / "tests").rglob("test_*.py"), *(_ROOT / "sweep" / "tests").rglob("test_*.py")]
    names = [name for file in files for name in _NAME.findall(file.read_text(encoding="utf-8"))]
    assert [name for name in names if len(name) > 80] == []
    assert len(names) > 1000
