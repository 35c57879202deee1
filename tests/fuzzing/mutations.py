"""Frames that are nearly right: well-formed ones of every dialect, changed here and there. The same for each seed."""

import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

NATIVE = (
    {"type": "hello", "id": 1, "token": "x.y.z", "client": "fuzz"},
    {"type": "sync", "id": 2, "known": [{"room": 1, "pos": 0, "at": 0}], "rest": False, "since": 1},
    {"type": "send", "id": 3, "room": 1, "key": "k-1", "text": "hi", "reply": 1, "files": [1]},
    {"type": "edit", "id": 4, "room": 1, "seq": 1, "text": "hi"},
    {"type": "delete", "id": 5, "room": 1, "seq": 1},
    {"type": "react", "id": 6, "room": 1, "seq": 1, "emoji": "👍", "on": True},
    {"type": "read", "id": 7, "room": 1, "seq": 1, "back": True},
    {"type": "history", "id": 8, "room": 1, "around": 1, "limit": 5},
    {"type": "activity", "id": 9, "room": 1, "what": "typing"},
    {"type": "watch", "id": 10, "people": [1, 2]},
    {"type": "status", "id": 11, "state": "away"},
    {"type": "ping", "id": 12},
    {"type": "nope", "id": 13},
)
"""A request of each type, and one of none."""

FRAMES: dict[str, tuple[Any, ...]] = {
    "native": NATIVE,
    "talker": (
        {"name": "ada", "message": "hi"},
        {"name": "ada", "message": "auth x.y.z"},
        {"name": "ada", "message": "history 5"},
    ),
    "messenger": (
        {"username": "ada", "message": "hi"},
        {"username": "ada", "message": "auth x.y.z"},
        {"username": "ada", "message": "history 5"},
    ),
    "direct": ({"from": 1, "to": 2, "content": "hi"},),
    "rooms": ({"Type": "enter", "RoomID": 1}, {"Type": "message", "Text": "hi"}),
    "support": (
        {"method": "message.auth", "params": ["x.y.z"], "id": 1},
        {"method": "message.send", "params": ["hi"], "id": 2},
        {"method": "message.operatorSend", "params": ["hi", 1], "id": 3},
        {"method": "message.conversations", "params": [], "id": 4},
        {"method": "message.history", "params": [1, 0, 50], "id": "five"},
    ),
}

NUMBERS = (
    *("0", "-0", "-1", "1.0", "0.5", "1e2", "1e308", "1e309", "-1e400", "NaN", "Infinity"),
    *(str(2**n + more) for n in (31, 32, 53, 63, 64) for more in (-1, 0, 1)),
    str(-(2**63) - 1),
    *("9" * digits for digits in (20, 400, 4301, 6000)),
)
"""At the edges of what computers count with, and beyond; some are no JSON."""

TEXTS = (
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00x"',
    '"\\ud83d"',
    '"\\ud800\\ud800"',
    '"\\x"',
    '"\\u12"',
    '"\t"',
    '"é"',
    json.dumps("x" * 4001),
    json.dumps("\u0301" * 300),
    '"no end',
)
"""Some with half a surrogate pair, which no UTF-8 has, some no JSON."""

OTHERS = ("null", "true", "[]", "{}", "[[[[]]]]", '{"a":{"b":[1]}}', "[1,", "", "[" * 3000, '{"a":' * 3000)

PIECES = (
    *("\0", "\n", '"', "\\", "{", "}", "[", "]", ",", ":", "x", "9" * 400, "\\ud800", "\ufeff", "//", "é"),
    *('"id":', '"type":"send",', "{}{}", "null"),
)


def frames(dialect: str, seed: int) -> Iterator[str]:
    """Mutated frames of a dialect, without end."""
    random = Random(f"{dialect} {seed}")
    while True:
        yield mutated(random, random.choice(FRAMES[dialect]))


def mutated(random: Random, frame: Any) -> str:
    """A frame in which a value is another, or a key, or which lacks a piece or has one too many; or all of that."""
    text = _with_other_values(random, frame) if random.random() < 0.7 else _compact(frame)
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        text = random.choice((_cut, _insert, _repeat, _swap))(random, text)
    return text


def _with_other_values(random: Random, frame: Any) -> str:
    """The frame with other values and keys in one to three places."""
    places = list(_places(frame))
    chosen = {random.choice(places) for _ in range(random.choice((1, 1, 1, 2, 3)))}
    return _written(random, frame, (), chosen)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from _places(child, (*path, key))


def _written(random: Random, value: Any, path: tuple[Any, ...], odd: set[tuple[Any, ...]]) -> str:
    if path and path in odd:
        return random.choice(random.choice((NUMBERS, NUMBERS, TEXTS, OTHERS)))
    if isinstance(value, list):
        return "[" + ",".join(_written(random, each, (*path, n), odd) for n, each in enumerate(value)) + "]"
    if not isinstance(value, dict):
        return _compact(value)
    members = [(json.dumps(key), _written(random, each, (*path, key), odd)) for key, each in value.items()]
    if path in odd:
        members = _other_members(random, members)
    return "{" + ",".join(f"{key}:{each}" for key, each in members) + "}"


def _other_members(random: Random, members: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """One of them missing, twice, of another name, or a stranger among them."""
    changed, place = list(members), random.randrange(len(members))
    key, value = changed[place]
    match random.randrange(5):
        case 0:
            del changed[place]
        case 1:
            changed.append((key, random.choice(NUMBERS)))
        case 2:
            changed[place] = random.choice((key.upper(), key.title(), '""', '"x\\ud800"')), value
        case 3:
            changed.insert(place, ('"extra"', random.choice((*NUMBERS, *TEXTS, *OTHERS))))
        case _:
            random.shuffle(changed)
    return changed


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cut(random: Random, text: str) -> str:
    start = random.randrange(len(text) + 1)
    return text[:start] + text[start + random.choice((1, 1, 3, len(text))) :]


def _insert(random: Random, text: str) -> str:
    at = random.choice((len(text), random.randrange(len(text) + 1)))
    return text[:at] + random.choice(PIECES) + text[at:]


def _repeat(random: Random, text: str) -> str:
    start = random.randrange(len(text) + 1)
    return text + text[start : start + 200]


def _swap(random: Random, text: str) -> str:
    start, middle, end = sorted(random.randrange(len(text) + 1) for _ in range(3))
    return text[:start] + text[middle:end] + text[start:middle] + text[end:]
