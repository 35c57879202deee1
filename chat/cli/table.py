"""Rows of text in columns, by how wide a terminal draws them. Pure."""

from collections.abc import Iterator, Sequence


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return rows in columns; the first is the head. Sync and pure."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def columns(text: str) -> int:
    """Return how many columns a text of one line takes. Sync and pure.

    It may be more than its letters take one by one: some scripts have vowels that are drawn beside their letter.
    """
    if text.isascii() and text.isprintable():
        return len(text)
    import wcwidth  # takes longer than a command does, and few tables need it

    return wcwidth.width(text, control_codes="ignore")
