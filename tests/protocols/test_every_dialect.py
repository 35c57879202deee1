"""Properties of every codec: it never raises, and never leaks other people's data."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import chat
from chat.domain.entities import Message, Pair, Peer, SupportOf
from chat.domain.refusals import BAD_TOKEN, UNAVAILABLE
from chat.engine.dialect import Dialect, Encoder, Greet, by_name, by_path
from chat.engine.events import Event, Refused, Said
from chat.protocols.direct.codec import DIRECT
from chat.protocols.direct.handlers import DirectClient
from chat.protocols.lines.handlers import LobbyClient
from chat.protocols.native.connection.socket import NativeClient
from chat.protocols.registry import DIALECTS, STREAMS
from chat.protocols.rooms.handlers import RoomsClient
from chat.protocols.support.codec import DESK_ENCODER
from chat.protocols.support.handlers import SupportClient
from tests.protocols.strategies import NO_FRAMES, events, frames_with, messages, texts
from tests.support.frames import text_of

CLIENTS = {
    "talker": LobbyClient,
    "messenger": LobbyClient,
    "direct": DirectClient,
    "support": SupportClient,
    "rooms": RoomsClient,
    "native": NativeClient,
}
"""Whose handlers there are for each dialect's commands."""

KEYS = {
    "talker": ["name", "message"],
    "messenger": ["username", "message"],
    "direct": ["from", "to", "content"],
    "support": ["method", "params", "id"],
    "rooms": ["Type", "RoomID", "Text"],
    "native": ["type", "id", "room", "key", "text"],
}
WORDS = [
    "auth x",
    "history 5",
    "ping",
    "enter",
    "message",
    "hello",
    "sync",
    "send",
    "message.auth",
    "message.send",
    "message.operatorSend",
    "message.conversations",
    "message.history",
]

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
ENCODERS: list[Encoder] = [*DIALECTS, DESK_ENCODER]


@each_dialect
@pytest.mark.parametrize("frame", NO_FRAMES, ids=range(len(NO_FRAMES)))
def test_a_malformed_frame_becomes_a_misunderstood_command(dialect: Dialect, frame: str | bytes) -> None:
    assert type(dialect.decode(frame)) in CLIENTS[dialect.name].handlers


@each_dialect
@given(data=st.data())
def test_every_frame_becomes_a_command_that_is_handled(dialect: Dialect, data: st.DataObject) -> None:
    frame = data.draw(frames_with(KEYS[dialect.name], WORDS))
    assert type(dialect.decode(frame)) in CLIENTS[dialect.name].handlers


@each_dialect
@given(data=st.data())
def test_frames_of_the_other_dialects_are_understood_or_refused_too(
    dialect: Dialect, data: st.DataObject
) -> None:
    other = data.draw(st.sampled_from(list(KEYS)))
    frame = data.draw(frames_with(KEYS[other], WORDS))
    assert type(dialect.decode(frame)) in CLIENTS[dialect.name].handlers


@each_dialect
def test_a_greeting_is_handled(dialect: Dialect) -> None:
    assert Greet in CLIENTS[dialect.name].handlers


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
@given(event=events())
def test_every_event_becomes_one_whole_frame_or_nothing(encoder: Encoder, event: Event) -> None:
    frame = encoder.encode(event)
    if frame:
        assert text_of(frame).decode()


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
@pytest.mark.parametrize("size", [0, 1, 60, 100, 125, 126, 127, 4000, 65_400, 65_535, 65_536, 70_000])
def test_a_frame_has_its_length_in_every_form(encoder: Encoder, size: int) -> None:
    people = Pair(1, 2) if encoder is DIRECT else SupportOf(Peer(2, "ben"))
    said = Said(Message(1, 1, 1, 1, "ada", "x" * size, 0.0, people=people))
    assert b"x" * size in text_of(encoder.encode(said))


@each_dialect
def test_a_refusal_is_always_put_into_words(dialect: Dialect) -> None:
    for refusal in (BAD_TOKEN, UNAVAILABLE):
        assert text_of(dialect.encode(Refused(refusal)))


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
@given(message=messages(text=st.just("text of this one")), other=messages(text=st.just("text of another")))
def test_a_frame_holds_nothing_of_another_message(encoder: Encoder, message: Message, other: Message) -> None:
    assume(other.text not in message.sender_name)  # Hypothesis tries the words of this file as names, too
    before = encoder.encode(Said(message))
    encoder.encode(Said(other))
    assert encoder.encode(Said(message)) == before
    assert other.text.encode() not in before


@given(text=texts.filter(str.strip))
def test_a_frame_never_depends_on_its_recipient(text: str) -> None:
    """The hub encodes once for a whole encoder, so equal messages must have equal bytes."""
    for encoder in ENCODERS:
        people = Pair(1, 2) if encoder is DIRECT else SupportOf(Peer(2, "ben"))
        said = [Said(Message(1, 1, 1, 1, "ada", text, 0.5, people=people)) for _ in range(2)]
        assert encoder.encode(said[0]) == encoder.encode(said[1])


def test_names_paths_and_shapes_are_each_dialects_own() -> None:
    def all_differ(values: Iterable[object]) -> bool:
        listed = list(values)
        return len(set(listed)) == len(listed)

    assert all_differ(dialect.name for dialect in DIALECTS)
    assert all_differ(dialect.path for dialect in DIALECTS)
    for dialect in DIALECTS:
        assert by_name(DIALECTS, dialect.name) is dialect
        assert by_path(DIALECTS, dialect.path) is dialect
        # At `/` the first whose keys are all there is chosen: none may hide another.
        assert not any(other.shape <= dialect.shape for other in DIALECTS if other is not dialect)
    assert by_name(DIALECTS, "klingon") is None
    assert by_path(DIALECTS, "/") is None


@each_dialect
def test_a_frame_of_the_shape_is_known_by_its_keys(dialect: Dialect) -> None:
    keys = msgspec.json.decode(msgspec.json.encode(dict.fromkeys(KEYS[dialect.name], ""))).keys()
    assert dialect.shape <= keys


def test_the_package_counts_its_protocols() -> None:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    assert f"{words[len(DIALECTS) + len(STREAMS)]} protocols over one core" in str(chat.__doc__)
