"""Rooms: typed frames with keys in any case, and valid ids."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.entities import Message, MessageKind, Person
from chat.domain.refusals import Code, Refusal
from chat.engine.events import Authorised, Entered, Overview, Pong, Refused, Said, Saved, Transcript, Welcome
from chat.protocols.client import Misunderstood
from chat.protocols.rooms.codec import INVALID_OPERATION, INVALID_ROOM, ROOMS, rfc3339, room_message
from chat.protocols.rooms.commands import Enter, Speak
from tests.protocols.strategies import (
    HIGHEST_ID,
    LAST_SECOND,
    ids,
    messages,
    payload,
    refs,
    refusals,
    texts,
    times,
)

ERRORS = {
    "already in room",
    "invalid room id",
    "not room member",
    "not in room",
    "invalid operation",
    "internal error",
}
"""What the seed knows."""


@given(message=messages(st.none()))
def test_a_client_can_parse_the_message(message: Message) -> None:
    said = payload(ROOMS.encode(Said(message)))
    assert datetime.fromisoformat(said.pop("Timestamp")) == datetime.fromtimestamp(message.created_at, UTC)
    assert said == {
        "Type": message.kind.value,
        "ID": message.id,
        "RoomID": message.room_id,
        "UID": message.sender_id,
        "Text": message.text,
    }


@given(message=messages(st.none()), ref=refs)
def test_the_sender_gets_the_id_of_its_message(message: Message, ref: object) -> None:
    sent = payload(ROOMS.encode(Saved(message, ref)))
    assert sent == {"Type": "sent", "MessageID": message.id, "Timestamp": rfc3339(message.created_at)}


@given(message=messages(st.none()))
def test_history_shows_a_message_as_the_socket_did(message: Message) -> None:
    shown = room_message(message)
    said = payload(ROOMS.encode(Said(message)))
    assert (shown.id, shown.room_id, shown.uid) == (said["ID"], said["RoomID"], said["UID"])
    assert (shown.type, shown.text, shown.timestamp) == (said["Type"], said["Text"], said["Timestamp"])


def test_a_join_has_a_type_of_its_own_and_no_text() -> None:
    joined = payload(ROOMS.encode(Said(Message(1, 2, 3, 4, "ada", "", 0.0, MessageKind.JOIN))))
    assert (joined["Type"], joined["Text"], joined["UID"]) == ("join", "", 4)


@given(seconds=times)
def test_a_time_is_rfc_3339_in_utc_to_the_microsecond(seconds: float) -> None:
    text = rfc3339(seconds)
    assert text.endswith("Z")
    assert text[10] == "T"
    assert datetime.fromisoformat(text).timestamp() == pytest.approx(
        seconds, abs=1e-6 if seconds < 2**32 else 1e-4
    )


def test_the_first_and_the_last_second_can_be_encoded() -> None:
    assert rfc3339(0.0) == "1970-01-01T00:00:00Z"
    assert rfc3339(LAST_SECOND) == "9999-12-31T23:59:59Z"


@given(message=messages())
def test_changes_of_other_protocols_are_not_encoded(message: Message) -> None:
    for event in (
        Authorised(Person(id=1, name="ada")),
        Pong(),
        Transcript([message], None),
        Overview([], None),
    ):
        assert ROOMS.encode(event) == b""


def test_a_welcome_and_an_entering_look_the_same() -> None:
    assert payload(ROOMS.encode(Welcome(7))) == payload(ROOMS.encode(Entered())) == {"Type": "enter"}


@given(refusal=refusals)
def test_an_error_is_an_error_frame(refusal: Refusal) -> None:
    got = payload(ROOMS.encode(Refused(refusal)))
    assert got.keys() == {"Type", "Error"}
    assert got["Type"] == "error"
    if refusal.code in {Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN, Code.NOT_FOUND, Code.MALFORMED}:
        assert got["Error"] in ERRORS


@given(room=st.integers(0, HIGHEST_ID), case=st.sampled_from([str, str.lower, str.upper, str.swapcase]))
def test_entering_is_understood_in_any_case_of_its_keys(room: int, case: type[str]) -> None:
    frame = json.dumps({case("Type"): "enter", case("RoomID"): room, "Text": "ignored", "x": 1})
    assert ROOMS.decode(frame) == Enter(room)


@given(text=texts, case=st.sampled_from([str, str.lower, str.upper, str.swapcase]))
def test_speaking_is_understood_and_the_text_is_as_it_came(text: str, case: type[str]) -> None:
    assert ROOMS.decode(json.dumps({case("Type"): "message", case("Text"): text})) == Speak(text)


@given(room=ids)
def test_a_type_counts_as_it_is_spelled(room: int) -> None:
    frame = json.dumps({"Type": "Enter", "RoomID": room})
    assert ROOMS.decode(frame) == Misunderstood(INVALID_OPERATION)


@pytest.mark.parametrize(
    "room",
    ["-1", str(2**63), str(2**64), "1" + "0" * 100, "9" * 5000, "true", '"1"', "1.5", "[1]", "{}", "null"],
)
def test_a_malformed_room_id_is_refused(room: str) -> None:
    answer = ROOMS.decode(f'{{"Type": "enter", "RoomID": {room}}}')
    assert answer in (Misunderstood(INVALID_ROOM), Misunderstood(INVALID_OPERATION))
    if len(room) < 4000:  # a longer number is no JSON to the decoder
        assert answer == Misunderstood(INVALID_ROOM)


def test_entering_nowhere_is_no_room_id_either() -> None:
    assert ROOMS.decode('{"Type": "enter"}') == Misunderstood(INVALID_ROOM)


@pytest.mark.parametrize(
    "frame",
    [
        '{"Type": "message"}',
        '{"Type": "message", "Text": null}',
        '{"Type": "message", "Text": 1}',
        '{"Type": "message", "Text": "\\ud800"}',
        '{"Type": "sent", "Text": "x"}',
        '{"Type": "join", "RoomID": 1}',
        '{"Type": null}',
        '{"Type": ["enter"]}',
        '{"RoomID": 1}',
        '{"Type": "message", "Text": ' + "[" * 100_000,
        b'{"Type": "message", "Text": "x"}',
    ],
)
def test_any_other_frame_is_an_invalid_operation(frame: str | bytes) -> None:
    assert ROOMS.decode(frame) == Misunderstood(INVALID_OPERATION)


def test_of_two_spellings_of_a_key_the_last_counts() -> None:
    assert ROOMS.decode('{"Type": "enter", "RoomID": 1, "roomid": 2}') == Enter(2)
    assert ROOMS.decode('{"TYPE": "enter", "RoomID": 1, "type": "message", "text": "x"}') == Speak("x")
