"""JSON objects whose keys are matched without regard to case, as Go's encoding/json does."""

from functools import lru_cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def decode_caseless(raw: bytes | str, shape: type[T]) -> T:
    """Return `raw` as a `shape`; the last of several spellings of a key counts, unknown keys are ignored.

    Raises ValueError (msgspec's errors are ones too) or RecursionError.
    """
    return caseless(msgspec.json.decode(raw, type=dict[str, Any]), shape)


def caseless(values: dict[str, Any], shape: type[T], *, strict: bool = True) -> T:
    """Return the values as a `shape`. With `strict` off, numbers may come as text, as in a query."""
    spelling = _spelling(shape)
    known = {spelling[key.lower()]: value for key, value in values.items() if key.lower() in spelling}
    return msgspec.convert(known, shape, strict=strict)


@lru_cache
def _spelling(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Return the keys of a shape as it spells them, by their lower case."""
    return {field.encode_name.lower(): field.encode_name for field in msgspec.structs.fields(shape)}
