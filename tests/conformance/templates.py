"""Expected frames with placeholders: JSON or text, compared with the received ones, and the placeholders' values.

A hole is a name in braces. One without a dot is a name that the runner makes up, as `{ada}`; in capitals, `{ADA}`,
it is the same name in capitals. One with a dot, as `{ada.id}`, is whatever stood there first, and from then on
that. What its last part says is checked: `id`, `token`, `time`, `seconds`, `milliseconds`, `number`, or anything at
all; alone, as `{time}`, it is any of that kind. `{x*4001}` is 4,001 times `x`. In JSON, `...` is anything; at either
end of a list, any further items.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

HOLE = re.compile(r"\{([A-Za-z][\w-]*(?:\.[\w-]+)*)\}")
_REPEATED = re.compile(r"\{(.)\*(\d+)\}")
_JSON_STRING_OR_HOLE = re.compile(r'("(?:[^"\\]|\\.)*")|\{([A-Za-z][\w-]*(?:\.[\w-]+)*)\}|(\.\.\.)')
_MARK = "\0hole:"
_REST = "\0rest"

_CLOCKS_DIFFER = 86_400
"""Seconds that the server's clock may be off: this is about formats, not about clocks."""

_SHOWN = 200
"""Characters of a value that a difference shows."""

Values = dict[str, Any]
"""What the holes stand for."""


def _is_id(value: object) -> bool:
    return type(value) is int and value > 0


def _is_token(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) < 255 and not any(map(str.isspace, value))


def _is_time(value: object) -> bool:
    """RFC 3339."""
    if not isinstance(value, str) or not re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value
    ):
        return False
    return abs(datetime.fromisoformat(value).timestamp() - time.time()) < _CLOCKS_DIFFER


def _is_seconds(value: object) -> bool:
    """Unix seconds."""
    return type(value) is int and abs(value - time.time()) < _CLOCKS_DIFFER


def _is_milliseconds(value: object) -> bool:
    """Unix milliseconds."""
    return type(value) is int and _is_seconds(value // 1000)


_KINDS: dict[str, tuple[str, Callable[[object], bool], str]] = {
    # What it is, whether a value is that, and how it looks within a text.
    "id": ("a positive number", _is_id, r"\d+"),
    "token": ("a token of 1 to 254 characters", _is_token, r"\S+"),
    "time": ("a time of today as RFC 3339 writes it", _is_time, r"\S+"),
    "seconds": ("a time of today in Unix seconds", _is_seconds, r"\d+"),
    "milliseconds": ("a time of today in Unix milliseconds", _is_milliseconds, r"\d+"),
    "number": ("a number", lambda value: type(value) is int, r"-?\d+"),
    "any": ("anything", lambda value: True, r".*?"),
}

_NUMBERS = {"id", "seconds", "milliseconds", "number"}


def kind_of(hole: str) -> str:
    """Return of which kind a hole is; `any` where its name does not say."""
    last = hole.rpartition(".")[2]
    return last if last in _KINDS else "any"


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Put values in the holes of what is sent. Raises KeyError for one that nothing is known of."""
    text = _REPEATED.sub(lambda found: found[1] * int(found[2]), text)
    return HOLE.sub(lambda found: str(values[found[1]]), text)


def compare(
    template: str, came: object, values: Mapping[str, Any], *, lenient: bool = False
) -> tuple[list[str], Values]:
    """Compare what came, as text, with a template; return the differences, and the values of new holes.

    `lenient` lets objects have more keys than the template. Where there is a difference, the values mean nothing.
    """
    template = _REPEATED.sub(lambda found: found[1] * int(found[2]), template)
    comparison = _Comparison(values, lenient)
    expected = _as_json(template)
    if template.strip() == "...":
        return [], {}
    if expected is None:
        comparison.text("", template, came if isinstance(came, str) else repr(came))
        return comparison.differences, comparison.found
    try:
        parsed = json.loads(came) if isinstance(came, str) else came
    except ValueError:
        return [f"expected JSON, came {_short(came)}"], {}
    comparison.value("", expected[0], parsed)
    return comparison.differences, comparison.found


def _as_json(template: str) -> tuple[Any] | None:
    """Return the template as JSON whose holes outside of strings are marked strings; None: it is plain text."""

    def mark(found: re.Match[str]) -> str:
        string, hole, _ = found.groups()
        return string or json.dumps(_MARK + hole if hole else _REST)

    try:
        return (json.loads(_JSON_STRING_OR_HOLE.sub(mark, template)),)
    except ValueError:
        return None


class _Comparison:
    def __init__(self, values: Mapping[str, Any], lenient: bool) -> None:
        self._values = values
        self._lenient = lenient
        self.found: Values = {}
        self.differences: list[str] = []

    def value(self, where: str, expected: object, came: object) -> None:
        match expected:
            case str() if expected == _REST:
                return
            case str() if expected.startswith(_MARK):
                self._hole(where, expected.removeprefix(_MARK), came)
            case str() if isinstance(came, str):
                self.text(where, expected, came)
            case dict() if isinstance(came, dict):
                self._object(where, expected, came)
            case list() if isinstance(came, list):
                self._list(where, expected, came)
            case _ if type(expected) is not type(came) or expected != came:
                self._differ(where, json.dumps(expected, ensure_ascii=False), came)

    def text(self, where: str, expected: str, came: str) -> None:
        """Compare text that may have holes in it."""
        new: list[str] = []
        pattern = shown = ""
        for place, part in enumerate(HOLE.split(expected)):
            known = part if place % 2 == 0 else self._known(part)
            if known is None:
                new.append(part)
                whole = expected == f"{{{part}}}"
                pattern += f"({'.*' if whole else _KINDS[kind_of(part)][2]})"
                shown += f"{{{part}}}"
            else:
                pattern += re.escape(str(known))
                shown += str(known)
        found = re.fullmatch(pattern, came, re.DOTALL)
        if found is None:
            return self._differ(where, json.dumps(shown, ensure_ascii=False), came)
        for hole, text in zip(new, found.groups(), strict=True):
            self._hole(where, hole, int(text) if text.isdecimal() and kind_of(hole) in _NUMBERS else text)
        return None

    def _hole(self, where: str, hole: str, came: object) -> None:
        known = self._known(hole)
        if known is not None:
            if type(known) is not type(came) or known != came:
                self._differ(where, f"{known!r}, which {{{hole}}} is", came)
            return
        what, is_one, _ = _KINDS[kind_of(hole)]
        if not is_one(came):
            self._differ(where, what, came)
        if "." in hole:
            self.found[hole] = came

    def _known(self, hole: str) -> Any:
        return self._values.get(hole, self.found.get(hole))

    def _object(self, where: str, expected: dict[str, Any], came: dict[str, Any]) -> None:
        for key, value in expected.items():
            if key in came:
                self.value(f"{where}.{key}", value, came[key])
            else:
                self.differences.append(f"{where}.{key}: is missing".lstrip("."))
        for key in came.keys() - expected.keys() if not self._lenient else ():
            self.differences.append(
                f"{where}.{key}: expected no such key, came {_short(came[key])}".lstrip(".")
            )

    def _list(self, where: str, expected: list[Any], came: list[Any]) -> None:
        more_before, more_behind = expected[:1] == [_REST], expected[-1:] == [_REST]
        items = [item for item in expected if item != _REST]
        if len(came) < len(items) or (len(came) > len(items) and not (more_before or more_behind)):
            return self._differ(where, f"{len(items)} items", came)
        start = 0 if more_behind else len(came) - len(items)
        for place, item in enumerate(items, start):
            self.value(f"{where}[{place}]", item, came[place])
        return None

    def _differ(self, where: str, expected: str, came: object) -> None:
        there = f"{where.lstrip('.')}: " if where else ""
        self.differences.append(f"{there}expected {_short(expected)}, came {_short(came)}")


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"
