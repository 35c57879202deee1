"""Strategies for the codecs' tests: messages, refusals, and nearly correct frames."""

import json
import string
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from chat.domain.entities import Conversation, Message, MessageKind, Pair, Peer, People, Person, SupportOf
from chat.domain.refusals import Code, Refusal
from chat.engine.events import (
    Authorised,
    Entered,
    Event,
    Overview,
    Pong,
    Refused,
    Said,
    Saved,
    Transcript,
    Welcome,
)
from tests.support.frames import text_of

HIGHEST_ID = 2**63 - 1
LAST_SECOND = 253_402_300_799.0
"""The end of the year 9999, in Unix seconds."""


def payload(frame: bytes) -> Any:
    """The JSON in one whole text frame."""
    return json.loads(text_of(frame))


texts = st.text(st.characters(exclude_categories=["Cs"]))
"""Any text that UTF-8 can carry."""
ids = st.integers(1, HIGHEST_ID)
kinds = st.sampled_from(MessageKind)
pairs = st.builds(Pair, ids, ids)
conversing = st.builds(SupportOf, st.builds(Peer, ids, texts))
anybody = pairs | conversing | st.none()
people = st.builds(Person, id=ids, name=texts, email=texts | st.none())
refusals = st.builds(Refusal, st.sampled_from(Code), texts)
times = st.floats(0, LAST_SECOND).map(lambda seconds: round(seconds, 6))


def messages(
    people: SearchStrategy[People] = anybody, text: SearchStrategy[str] = texts
) -> SearchStrategy[Message]:
    return st.builds(Message, ids, ids, ids, ids, texts, text, times, kinds, people)


conversations = st.builds(Conversation, ids, texts, messages(conversing), st.integers(0, 1000))
refs = st.none() | st.integers(-(2**63), HIGHEST_ID) | texts


def events() -> SearchStrategy[Event]:
    """Any event that a client may receive."""
    return st.one_of(
        st.builds(Said, messages()),
        st.builds(Saved, messages(), refs),
        st.builds(Authorised, people),
        st.builds(Refused, refusals, refs),
        st.builds(Welcome, ids),
        st.just(Entered()),
        st.just(Pong()),
        st.builds(Transcript, st.lists(messages(conversing), max_size=3), refs),
        st.builds(Overview, st.lists(conversations, max_size=3), refs),
    )


json_values: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**62, 2**66) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
"""Whatever JSON can say and more: lone surrogates, NaN, ids beyond 64 bits."""


def frames_with(keys: Sequence[str], words: Sequence[str] = ()) -> SearchStrategy[str | bytes]:
    """Frames of any kind, most of them objects that have nearly these keys and, as values, often these words."""
    cased = st.sampled_from(keys).flatmap(
        lambda key: st.sampled_from([key, key, key, key.lower(), key.upper()])
    )
    value = json_values | st.sampled_from([*words, "", "x"]) if words else json_values
    objects = st.dictionaries(cased | st.text(max_size=5), value, max_size=len(keys) + 1)
    whole = st.fixed_dictionaries(dict.fromkeys(keys, value))
    encoded = (objects | whole).map(json.dumps)
    return st.one_of(
        st.text(), st.binary(), encoded, encoded, encoded.flatmap(broken), json_values.map(json.dumps)
    )


def broken(text: str) -> SearchStrategy[str]:
    """The text with a part cut out, or something put in between."""
    place = st.integers(0, len(text))
    more = st.text(max_size=3) | st.sampled_from(["[" * 5000, "9" * 5000, '"', "\\ud800", "\0", "}{", ","])
    return st.builds(
        lambda start, end, inserted: text[:start] + inserted + text[max(start, end) :], place, place, more
    )


NO_FRAMES: list[str | bytes] = [
    "",
    " ",
    "x",
    "[]",
    "null",
    "1",
    "{}",
    "[" * 200_000,
    '{"a":' * 100_000,
    '{"x": ' + "9" * 5000 + "}",
    "\ud800",
    "\0",
    "﻿{}",
    "{}{}",
    b"",
    b"\xff",
    b"{}",
    string.printable,
]
"""Frames that no dialect has any sense for."""
