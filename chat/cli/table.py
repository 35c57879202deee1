"""Aligns rows of text in columns of a terminal. Pure."""

from collections.abc import Iterator, Sequence


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return aligned rows; the first is the head. Sync and pure."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def printable(line: str) -> str:
    """Replace control characters, which a name or a client may contain. Sync and pure."""
    return line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line)


def columns(text: str) -> int:
    """Return the width of a line in columns. Sync and pure.

    It may differ from the sum of its letters: some scripts draw vowels beside their letter.
    """
    if text.isascii() and text.isprintable():
        return len(text)
    import wcwidth  # late: the import takes longer than most commands

    return wcwidth.width(text, control_codes="ignore")
