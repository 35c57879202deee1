"""Direct: ids both ways, and a frame names its sender and its addressee alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.entities import Message, Pair, Person
from chat.domain.refusals import BAD_FRAME, BINARY_FRAME, Refusal
from chat.engine.events import Authorised, Entered, Overview, Pong, Refused, Said, Saved, Transcript, Welcome
from chat.protocols.client import Misunderstood
from chat.protocols.direct.codec import DIRECT, DirectDialect
from chat.protocols.direct.commands import Ping, Send
from tests.protocols.strategies import HIGHEST_ID, ids, messages, pairs, payload, refusals, texts
from tests.support.frames import text_of


@given(message=messages(pairs))
def test_a_client_can_parse_the_message(message: Message) -> None:
    assert message.peer is not None
    assert payload(DIRECT.encode(Said(message))) == {
        "from": message.sender_id,
        "to": message.peer.id,
        "content": message.text,
    }


@given(message=messages(pairs))
def test_an_encoded_message_is_decoded_unchanged(message: Message) -> None:
    assert message.peer is not None
    frame = text_of(DIRECT.encode(Said(message))).decode()
    assert DIRECT.decode(frame) == Send(message.sender_id, message.peer.id, message.text)


@given(message=messages(pairs), name=texts)
def test_a_frame_has_no_names_rooms_or_times(message: Message, name: str) -> None:
    assert message.peer is not None
    people = Pair(message.sender_id, message.peer.id)
    twin = Message(1, 1, 1, message.sender_id, name, message.text, 0.0, message.kind, people)
    assert DIRECT.encode(Said(message)) == DIRECT.encode(Said(twin))


@given(message=messages(st.none()))
def test_a_message_to_a_room_is_no_direct_message(message: Message) -> None:
    assert DIRECT.encode(Said(message)) == b""


@given(message=messages(pairs))
def test_changes_of_other_protocols_are_not_encoded(message: Message) -> None:
    for event in (
        Saved(message),
        Authorised(Person(id=1, name="ada")),
        Entered(),
        Transcript([message], None),
        Overview([], None),
    ):
        assert DIRECT.encode(event) == b""


@given(client_id=ids)
def test_a_client_receives_its_id(client_id: int) -> None:
    assert text_of(DIRECT.encode(Welcome(client_id))) == b"Connected with id %d" % client_id


def test_a_ping_is_a_word_and_so_is_its_answer() -> None:
    assert DIRECT.decode("ping") == DIRECT.decode(" ping\n") == Ping()
    assert text_of(DIRECT.encode(Pong())) == b"pong"
    for text in ("Ping", "ping!", '"ping"', "pingping"):
        assert DIRECT.decode(text) == Misunderstood(BAD_FRAME)
    assert DIRECT.decode(b"ping") == Misunderstood(BINARY_FRAME)


@given(refusal=refusals, to=st.integers())
def test_an_error_names_the_addressee_if_it_is_about_one(refusal: Refusal, to: int) -> None:
    assert payload(DIRECT.encode(Refused(refusal))) == {"error": refusal.text}
    assert payload(DIRECT.encode(Refused(refusal, to))) == {"error": refusal.text, "to": to}


@pytest.mark.parametrize("number", [0, -1, HIGHEST_ID, 2**63, 2**64, -(2**63) - 1, 10**100])
def test_an_id_of_any_size_is_carried_and_can_be_named_in_an_error(number: int) -> None:
    sent = DIRECT.decode(json.dumps({"from": number, "to": number, "content": "hi"}))
    assert sent == Send(number, number, "hi")
    assert payload(DIRECT.encode(Refused(BAD_FRAME, number)))["to"] == number


@pytest.mark.parametrize(
    "value", ["true", "false", '"1"', "1.5", "1.0", "null", "[1]", "{}", "NaN", "1e400", "9" * 5000]
)
@pytest.mark.parametrize("key", ["from", "to"])
def test_a_malformed_id_is_refused(key: str, value: str) -> None:
    other = "to" if key == "from" else "from"
    frame = f'{{"{key}": {value}, "{other}": 1, "content": "hi"}}'
    assert DIRECT.decode(frame) == Misunderstood(BAD_FRAME)


@pytest.mark.parametrize("content", ["1", "null", "[]", "true", '"\\ud800"', '"', "[" * 100_000])
def test_a_malformed_text_is_refused(content: str) -> None:
    assert DIRECT.decode(f'{{"from": 1, "to": 2, "content": {content}}}') == Misunderstood(BAD_FRAME)


def test_keys_count_as_they_are_spelled_and_others_are_ignored() -> None:
    assert DIRECT.decode('{"From": 1, "to": 2, "content": "hi"}') == Misunderstood(BAD_FRAME)
    assert DIRECT.decode('{"from": 1, "to": 2, "content": "hi", "id": [true]}') == Send(1, 2, "hi")


def test_a_dialect_that_was_just_made_understands() -> None:
    assert DirectDialect().decode('{"from": 1, "to": 2, "content": "hi"}') == Send(1, 2, "hi")
