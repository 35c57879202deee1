"""Values of an import that are kept as JSON: counts of its file, of this server before and after it; why it failed."""

import msgspec


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of things."""

    people: int = 0
    rooms: int = 0
    messages: int = 0
    files: int = 0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a file (`inside`), of the part that was here `before`, and of the part that is `here` after the import.

    `source` is the server or workspace of the file. `lost` counts by reason: things that are left out or change.
    """

    source: str
    inside: Counts
    before: Counts
    here: Counts | None = None
    lost: dict[str, int] = {}


class Cause(msgspec.Struct, frozen=True):
    """Why an import failed, by a key and values: the page has a text of it in its languages."""

    key: str
    values: dict[str, str] = {}
