"""The table of survivors in README.md explains code that is there."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
CHAT = HERE.parents[1] / "chat"


class Row(NamedTuple):
    """A row of the table: the files that it names, and the code that it quotes from them."""

    files: tuple[Path, ...]
    quotes: tuple[str, ...]


def rows() -> list[Row]:
    table = (HERE / "README.md").read_text().partition("## Explained")[2].partition("\n## ")[0]
    cells = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return [row(where.strip("| "), defect) for where, defect, _why in cells]


def row(where: str, defect: str) -> Row:
    first, *others = re.findall(r"`([^`]+)`", where)
    files = (CHAT / first, *((CHAT / first).parent / each for each in others))
    # What follows "to" stands there with the defect only.
    return Row(files, tuple(re.findall(r"`([^`]+)`", re.sub(r"\bto `[^`]+`", "", defect))))


def is_in(quote: str, code: str) -> bool:
    """Whether code has this text in it, however it is laid out. An ellipsis stands for any text."""
    if re.fullmatch(r"\w+\(\)", quote):
        return re.search(rf"\b{quote[:-2]}\(", code) is not None
    parts = [re.escape("".join(part.split())) for part in quote.split("…")]
    return re.search(".*?".join(parts), "".join(code.split())) is not None


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.files[0].name)
def test_an_explained_survivor_quotes_code_that_is_there(row: Row) -> None:
    code = "\n".join(file.read_text() for file in row.files)
    gone = [quote for quote in row.quotes if not is_in(quote, code)]
    assert not gone, f"{[str(each.relative_to(CHAT)) for each in row.files]} have no {gone}"


def test_a_quote_of_code_that_has_gone_is_found() -> None:
    quoted = row("`gateway/tls.py`, `listener.py`", "a checkpoint: `no such code` to `<=`, `open_lifespan()`")
    assert [file.name for file in quoted.files] == ["tls.py", "listener.py"]
    assert quoted.quotes == ("no such code", "open_lifespan()")
    assert not is_in("no such code", quoted.files[0].read_text())
