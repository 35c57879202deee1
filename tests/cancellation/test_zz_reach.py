"""After all sweeps: every line of `chat/` at which a task can wait was cancelled at, or is excused with a reason."""

from pathlib import Path

import pytest
from await_lines import all_lines
from excuses import EXCUSED
from ledger import ROOT, Ledger

pytest_plugins = ["sweeping_plugin"]
FEWEST_SWEEPS = 40
"""Fewer ran when only some tests were asked for; then there is nothing to say here."""


@pytest.mark.after_sweeps
def test_every_await_line_that_can_be_reached_was_cancelled_at(sweeps: Ledger) -> None:
    if len(sweeps.reports) < FEWEST_SWEEPS or sweeps.failed:
        pytest.skip("only after all sweeps")
    missed = [
        f"{Path(line.file).relative_to(ROOT)}:{line.number}: {line.text}"
        for line in sorted(all_lines(Path(ROOT)) - sweeps.cancelled_at)
        if not excused(line.file, line.text)
    ]
    assert not missed, f"{len(missed)} lines were never cancelled at:\n  " + "\n  ".join(missed)


def excused(file: str, text: str) -> bool:
    """Whether a line stands in the list of those that can't be reached."""
    name = str(Path(file).relative_to(ROOT))
    return any(name == each.file and each.text in text for each in EXCUSED)


def test_every_excuse_is_about_a_line_that_is_there() -> None:
    lines = all_lines(Path(ROOT))
    for each in EXCUSED:
        assert any(line.file == f"{ROOT}/{each.file}" and each.text in line.text for line in lines), each
