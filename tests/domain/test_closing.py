"""The page for clients explains every close code."""

from pathlib import Path

import pytest

from chat.domain import closing
from chat.domain.closing import Closing

PAGE = Path(__file__).parents[2] / "docs/protocols/README.md"
CLOSINGS = {name: value for name, value in vars(closing).items() if isinstance(value, Closing)}


@pytest.mark.parametrize("name", CLOSINGS)
def test_the_page_lists_the_retry_of_each_close_code(name: str) -> None:
    known = CLOSINGS[name]
    (row,) = (line for line in PAGE.read_text().splitlines() if line.startswith(f"| {known.code} "))
    assert row.split(" | ")[-1].startswith(known.retry)


@pytest.mark.parametrize("name", CLOSINGS)
def test_a_reason_fits_into_a_close_frame(name: str) -> None:
    assert len(CLOSINGS[name].reason.encode()) <= 123
