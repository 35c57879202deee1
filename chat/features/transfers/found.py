"""What the check of an import found, and what was here after it; kept as JSON."""

import msgspec


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of things."""

    people: int = 0
    rooms: int = 0
    messages: int = 0
    files: int = 0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is `inside` a file, what of it was here `before`, and what is `here` after the import.

    `source` is the server or workspace that it is of. `lost` counts what is left out or becomes something else.
    """

    source: str
    inside: Counts
    before: Counts
    here: Counts | None = None
    lost: dict[str, int] = {}
