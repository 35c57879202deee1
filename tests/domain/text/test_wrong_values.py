"""An invalid value is reported in words, with its field, and never in Python's types or patterns."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from chat.domain.text.wrong_values import Wrong, pattern, wrong_field, wrong_value

Key = Annotated[str, pattern(r"^[a-z]{1,4}$(?!\n)", "1 to 4 letters a to z")]


class Place(msgspec.Struct):
    """A part of a request."""

    at: Annotated[int, Meta(ge=0, le=9)]


class Request(msgspec.Struct):
    """A request with a field of each kind."""

    text: Annotated[str, Meta(min_length=1, max_length=4)]
    key: Key | None = None
    keys: Annotated[tuple[Key, ...], Meta(max_length=2)] = ()
    known: list[Place] = []
    rate: Annotated[float, Meta(le=2)] = 1.0
    on: bool | UnsetType = UNSET
    role: Literal["owner", "member"] | UnsetType | None = UNSET
    by_name: dict[str, Key] = {}


@pytest.mark.parametrize(
    ("sent", "field", "text"),
    [
        ({}, "text", "text is missing"),
        ([], None, "expected an object, got a list"),
        ({"text": 5}, "text", "text: expected text, got a whole number"),
        ({"text": None}, "text", "text: expected text, got null"),
        ({"text": "12345"}, "text", "text: expected at most 4 characters"),
        ({"text": ""}, "text", "text: expected at least 1 character"),
        ({"key": "K"}, "key", "key: expected 1 to 4 letters a to z"),
        ({"key": "a\n"}, "key", "key: expected 1 to 4 letters a to z"),
        ({"keys": ["a", "B"]}, "keys", "keys[1]: expected 1 to 4 letters a to z"),
        ({"keys": ["a"] * 3}, "keys", "keys: expected at most 2 items"),
        ({"by_name": {"x": "B"}}, "by_name", "by_name[...]: expected 1 to 4 letters a to z"),
        ({"known": [{"at": 1}, {}]}, "known", "known[1].at is missing"),
        ({"known": [{"at": 10}]}, "known", "known[0].at: expected a whole number <= 9"),
        ({"known": [7]}, "known", "known[0]: expected an object, got a whole number"),
        ({"rate": 2.5}, "rate", "rate: expected a number <= 2"),
        ({"on": "yes"}, "on", "on: expected true or false, got text"),
        ({"role": "king"}, "role", "role: expected member or owner, got 'king'"),
        ({"role": "k" * 5000}, "role", f"role: expected member or owner, got '{'k' * 39}…"),
    ],
)
def test_a_field_of_a_request(sent: Any, field: str | None, text: str) -> None:
    whole = sent if not isinstance(sent, dict) or not sent or "text" in sent else {"text": "x"} | sent
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(msgspec.json.encode(whole), type=Request)
    assert wrong_field(raised.value, Request) == Wrong(field, text)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400 + ".5", "9" * 5000])
def test_a_number_that_no_machine_holds(number: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(f'{{"text": "x", "rate": {number}}}', type=Request)
    assert wrong_field(raised.value, Request) == Wrong("rate", "rate: the number is out of range")


def test_a_single_value_has_no_field() -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert("K", Key)
    assert wrong_value(raised.value, Key) == "expected 1 to 4 letters a to z"


def test_a_pattern_without_words_is_not_shown() -> None:
    kind = Annotated[str, Meta(pattern="^a$")]
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert("K", kind)
    assert wrong_value(raised.value, kind) == "expected text of another form"
