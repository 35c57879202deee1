"""The vectors, and how a value is compared with a pattern. Pure, but for reading the files."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

Json = dict[str, Any]

DIRECTORY = Path(__file__).parent / "vectors"


class Vector(NamedTuple):
    """A recorded conversation.

    Attributes:
        name: that of its file.
        about: what a client has to do in it.
        positions: the positions that the program is started with, by room; None: none.
        steps: in order, as docs/protocols/conformance.md describes them.
    """

    name: str
    about: str
    positions: Json | None
    steps: list[Json]


def read_vectors() -> list[Vector]:
    """Return all vectors, by name."""
    return [_read(path) for path in sorted(DIRECTORY.glob("*.jsonl"))]


def _read(path: Path) -> Vector:
    head, *steps = map(msgspec.json.decode, path.read_text(encoding="utf-8").splitlines())
    return Vector(path.stem, head["about"], head.get("positions"), steps)


def differs(value: object, pattern: object, path: str = "") -> str | None:
    """Say where a value differs from a pattern; None if it does not. Sync and pure.

    An object has at least the fields of its pattern, and those with null are absent or null. Lists are equally long.
    """
    match value, pattern:
        case dict(), dict():
            for name, part in pattern.items():
                if (found := differs(value.get(name), part, f"{path}.{name}")) is not None:
                    return found
        case list(), list() if len(value) == len(pattern):
            for index, part in enumerate(pattern):
                if (found := differs(value[index], part, f"{path}[{index}]")) is not None:
                    return found
        case _ if value != pattern or isinstance(value, bool) != isinstance(pattern, bool):
            place = path.lstrip(".") or "it"
            return f"{place} is {_json(value)} instead of {_json(pattern)}"
    return None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
