"""JSON pointers in the query, for tools whose payload nobody can change: `?text=/alert/message`. Sync and pure.

Source: RFC 6901.
"""

from collections.abc import Mapping
from typing import Any

from chat.features.hooks.payloads.values import (
    Content,
    Unreadable,
    bold,
    label_of,
    line_of,
    lines,
    link,
    text_of,
)

FIELDS = ("text", "title", "url", "username")
"""What the query may point at."""

_MOST_STEPS = 20


def read(pointers: Mapping[str, str], payload: object) -> Content:
    """Return the content at these places of a payload. Raises Unreadable."""
    found = {name: _at(payload, pointer, name) for name, pointer in pointers.items()}
    title = bold(
        link(found.get("title"), found.get("url")) if found.get("title") else line_of(found.get("url"))
    )
    return Content(lines([title, text_of(found.get("text"))]), label_of(found.get("username")))


def _at(payload: object, pointer: str, name: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value at a pointer; None: there is none."""
    steps = pointer.split("/")
    if steps[0] or len(steps) > _MOST_STEPS:
        raise Unreadable(
            "invalid_payload", f"`{name}` of the address is no JSON pointer: it begins with a slash"
        )
    value = payload
    for step in steps[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(key)
        elif (
            isinstance(value, list)
            and key.isascii()
            and key.isdigit()
            and len(key) < 8
            and int(key) < len(value)
        ):
            value = value[int(key)]
        else:
            return None
    return value
