"""Statements are those of PostgreSQL 14, which an operator may have."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

_NEWER = re.compile(r"\b0[xob][0-9a-f]|\b\d+_\d", re.IGNORECASE)
"""Numbers that PostgreSQL 16 reads and those before do not."""


def statements() -> Iterator[tuple[str, str]]:
    """Each text of the server that is SQL, with its place."""
    for path in sorted((ROOT / "chat").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.search(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b", text):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", text
    for path in sorted((ROOT / "sql").glob("*.sql")):
        yield str(path.relative_to(ROOT)), re.sub("--.*|'[^']*'", "", path.read_text())


def test_no_statement_has_a_number_that_only_newer_ones_read() -> None:
    assert _NEWER.search("pg_advisory_xact_lock(0x70757364)")
    found = list(statements())
    assert len(found) > 300
    assert [(place, text) for place, text in found if _NEWER.search(text)] == []
