"""Turns msgspec's errors, which name Python types and patterns, into texts for people."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Meta, inspect

_PLACE = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.(\w+)|\[[^\[\]]*\]")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_LENGTH = re.compile(r"Expected `(\w+)` of length ([<>])= (\d+)")
_CHOICE = re.compile(r"Invalid (?:enum )?value (.*)", re.DOTALL)

_ECHOED = 40
"""Characters of a value that a text quotes."""

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "list": "a list",
    "object": "an object",
    "Path": "a path",
    "null": "null",
}
_ITEMS = {"str": "character", "bytes": "byte"}

_FORM = "form"
"""The key of a pattern's form in the extra of its Meta."""


class Wrong(NamedTuple):
    """The wrong field of the outermost object, if there is one, and the reason."""

    field: str | None
    text: str


def pattern(regex: str, form: str, **constraints: Any) -> Meta:  # noqa: ANN401 - as Meta takes them
    """Return the Meta of texts that match `regex`; `form` describes them in words."""
    return Meta(pattern=regex, extra={_FORM: form}, **constraints)


def wrong_value(error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401 - types have no common one
    """Return the reason why a value does not fit its type. Sync and pure."""
    message, path = _parts(error)
    return _words(message, kind, path)


def wrong_field(error: msgspec.ValidationError, shape: Any) -> Wrong:  # noqa: ANN401
    """Return the field and the reason why a request does not fit its type. Sync and pure."""
    message, path = _parts(error)
    if missing := _MISSING.fullmatch(message):
        path, words = f"{path}.{missing[1]}", " is missing"
    else:
        words = f": {_words(message, shape, path)}"
    place = path.removeprefix(".")
    first = _STEP.match(path)
    return Wrong(first and first[1], f"{place}{words}" if place else words.removeprefix(": "))


def _parts(error: msgspec.ValidationError) -> tuple[str, str]:
    """Return an error's message and its path, such as `.known[0].pos`."""
    text = str(error)
    place = _PLACE.search(text)
    return (text, "") if place is None else (text[: place.start()], place[1])


def _words(message: str, kind: Any, path: str) -> str:  # noqa: ANN401
    if length := _LENGTH.fullmatch(message):
        limit = "at most" if length[2] == "<" else "at least"
        items = _ITEMS.get(length[1], "item") + ("" if length[3] == "1" else "s")
        return f"expected {limit} {length[3]} {items}"
    if message.startswith("Expected `str` matching regex "):
        return f"expected {_form(kind, path)}"
    if choice := _CHOICE.fullmatch(message):
        got = choice[1] if len(choice[1]) <= _ECHOED else f"{choice[1][:_ECHOED]}…"
        return f"expected {' or '.join(_choices(kind, path)) or 'another value'}, got {got}"
    if message.endswith("out of range"):
        return "the number is out of range"
    text = re.sub("`([A-Za-z]+(?: \\| [A-Za-z]+)*)`", _kinds, message)
    text = re.sub(r"(?<=\d)\.0$", "", text)
    return text[0].lower() + text[1:]


def _kinds(found: re.Match[str]) -> str:
    """Return the types between two backticks in words: one or several, perhaps with null."""
    names = found[1].removesuffix(" | null").split(" | ")
    return " or ".join(_KINDS.get(name, f"a {name}") for name in names)


def _form(kind: Any, path: str) -> str:  # noqa: ANN401
    for each in _types_at(kind, path):
        if isinstance(each, inspect.Metadata) and each.extra and _FORM in each.extra:
            return str(each.extra[_FORM])
    return "text of another form"


def _choices(kind: Any, path: str) -> list[str]:  # noqa: ANN401
    choices: list[str] = []
    for each in _types_at(kind, path):
        if isinstance(each, inspect.LiteralType):
            choices += map(str, each.values)
        elif isinstance(each, inspect.EnumType):
            choices += [str(choice.value) for choice in each.cls]
    return choices


def _types_at(kind: Any, path: str) -> tuple[inspect.Type, ...]:  # noqa: ANN401
    """Return the description of the type at that path."""
    types = tuple(_each(_info_of_class(kind) if isinstance(kind, type) else inspect.type_info(kind)))
    for step in _STEP.finditer(path):
        types = tuple(each for outer in types for inner in _inside(outer, step[1]) for each in _each(inner))
    return types


@lru_cache(256)
def _info_of_class(kind: type) -> inspect.Type:
    """Inspect each class only once, however many wrong requests come."""
    return inspect.type_info(kind)


def _each(kind: inspect.Type) -> Iterator[inspect.Type]:
    """Yield the type, the parts of a union, and the type inside a Meta."""
    yield kind
    match kind:
        case inspect.Metadata():
            yield from _each(kind.type)
        case inspect.UnionType():
            for part in kind.types:
                yield from _each(part)


def _inside(kind: inspect.Type, field: str | None) -> Iterator[inspect.Type]:
    """Yield the type of an object's field of that name, or of a collection's items."""
    match kind:
        case inspect.StructType():
            yield from (each.type for each in kind.fields if each.encode_name == field)
        case inspect.DictType():
            yield kind.value_type
        case inspect.CollectionType():
            yield kind.item_type
