"""Support desk: the envelope of the seed, a person's side that names no person, an operator's that does."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.entities import Conversation, Message, Peer, Person, SupportOf
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
from chat.protocols.support.codec import DESK_ENCODER, SUPPORT
from chat.protocols.support.commands import (
    SupportAnswer,
    SupportAuthenticate,
    SupportHistory,
    SupportMisunderstood,
    SupportOverview,
    SupportSend,
)
from tests.protocols.strategies import (
    HIGHEST_ID,
    conversations,
    conversing,
    json_values,
    messages,
    payload,
    refs,
    refusals,
    texts,
)
from tests.support.frames import text_of

ENVELOPE = {"error", "result", "id"}
BAD_ARGUMENT = {"code": 1, "message": "Incorrect argument."}
UNKNOWN_METHOD = {"code": 4, "message": "Unknown method."}


def request(method: object, params: object, ref: object = 1) -> str:
    return json.dumps({"method": method, "params": params, "id": ref})


def shown(message: Message) -> dict[str, object]:
    """The message as the seed has it."""
    assert message.peer is not None
    from_support = message.sender_id != message.peer.id
    return {
        "message_id": message.id,
        "message_text": message.text,
        "invader_name": message.sender_name if from_support else "",
        "is_from_support": from_support,
        "created": int(message.created_at),
    }


def own(message: Message) -> Message:
    """The message, said by the person whose conversation it is in."""
    assert message.peer is not None
    return msgspec.structs.replace(message, sender_id=message.peer.id)


either_side = messages(conversing) | messages(conversing).map(own)

# --- what is told ---


@given(message=either_side)
def test_a_push_is_the_envelope_with_the_messages_own_id(message: Message) -> None:
    expected = {"error": None, "result": {"message": shown(message)}, "id": message.id}
    assert payload(SUPPORT.encode(Said(message))) == expected


@given(message=either_side, ref=refs)
def test_the_answer_to_a_sending_repeats_the_requests_id(message: Message, ref: object) -> None:
    expected = {"error": None, "result": {"message": shown(message)}, "id": ref}
    assert payload(SUPPORT.encode(Saved(message, ref))) == expected


@given(message=either_side)
def test_an_operators_event_has_the_person_of_the_conversation(message: Message) -> None:
    assert message.peer is not None
    pushed = payload(DESK_ENCODER.encode(Said(message)))
    whose = {"user_id": message.peer.id, "user_name": message.peer.name}
    assert pushed == {"error": None, "result": {"message": shown(message) | whose}, "id": message.id}


@given(message=messages(conversing), name=texts)
def test_a_persons_frame_does_not_depend_on_their_own_name_or_room(message: Message, name: str) -> None:
    assert message.peer is not None
    twin = msgspec.structs.replace(message, room_id=1, seq=1, people=SupportOf(Peer(message.peer.id, name)))
    assert SUPPORT.encode(Said(message)) == SUPPORT.encode(Said(twin))


@given(message=messages(st.none()))
def test_changes_outside_conversations_are_not_sent_to_operators(message: Message) -> None:
    assert DESK_ENCODER.encode(Said(message)) == b""


@given(message=messages(conversing), ref=refs)
def test_the_desks_encoder_encodes_only_new_messages(message: Message, ref: object) -> None:
    events: list[Event] = [
        Saved(message, ref),
        Transcript([message], ref),
        Overview([], ref),
        Refused(Refusal(Code.INVALID, "x"), ref),
        Welcome(1),
    ]
    for event in events:
        assert DESK_ENCODER.encode(event) == b""


def test_changes_of_other_protocols_are_not_encoded() -> None:
    for event in (Authorised(Person(id=1, name="ada")), Welcome(1), Entered(), Pong()):
        assert SUPPORT.encode(event) == b""


@given(got=st.lists(either_side, max_size=4), ref=refs)
def test_a_conversation_is_retold_whole_and_an_empty_one_as_null(got: list[Message], ref: object) -> None:
    expected = {"messages": [shown(message) for message in got] or None}
    assert payload(SUPPORT.encode(Transcript(got, ref))) == {"error": None, "result": expected, "id": ref}


@given(listed=st.lists(conversations, max_size=4), ref=refs)
def test_an_overview_shows_person_last_message_and_unread(listed: list[Conversation], ref: object) -> None:
    expected = [
        {
            "user_id": each.person_id,
            "user_name": each.person_name,
            "last_message": shown(each.last),
            "unread": each.unread,
        }
        for each in listed
    ]
    got = payload(SUPPORT.encode(Overview(listed, ref)))
    assert got == {"error": None, "result": {"conversations": expected}, "id": ref}


@given(refusal=refusals)
def test_an_error_has_a_number_and_a_text_and_no_result(refusal: Refusal) -> None:
    got = payload(SUPPORT.encode(Refused(refusal, msgspec.Raw(b'"x"'))))
    assert got.keys() == ENVELOPE
    assert (got["result"], got["id"]) == (None, "x")
    assert got["error"].keys() == {"code", "message"}
    assert got["error"]["code"] in range(1, 6)


# --- what is asked ---


def is_answered(frame: str | bytes) -> Any:
    """What a frame that can't be read is answered with."""
    command = SUPPORT.decode(frame)
    assert isinstance(command, SupportMisunderstood), command
    return payload(SUPPORT.encode(Refused(command.refusal, command.ref)))


@given(ref=json_values.filter(lambda value: is_plain(value)))
def test_any_id_comes_back_as_it_was(ref: object) -> None:
    assert is_answered(request("message.none", [], ref)) == {
        "error": UNKNOWN_METHOD,
        "result": None,
        "id": ref,
    }


def is_plain(value: object) -> bool:
    """Whether JSON as it is standardised, and UTF-8, can carry the value."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeEncodeError):
        return False
    return True


@given(text=texts)
def test_the_methods_are_understood(text: str) -> None:
    def decoded(method: str, params: list[object]) -> Any:
        return SUPPORT.decode(request(method, params, "ref"))

    def fields(command: Any) -> tuple[object, ...]:
        assert command.ref == msgspec.Raw(b'"ref"') or bytes(command.ref) == b'"ref"'
        return (type(command), *(getattr(command, name) for name in type(command).__struct_fields__[:-1]))

    assert fields(decoded("message.auth", [text])) == (SupportAuthenticate, text)
    assert fields(decoded("message.send", [text])) == (SupportSend, text)
    assert fields(decoded("message.operatorSend", [text])) == (SupportAnswer, text, None)
    assert fields(decoded("message.operatorSend", [text, 7])) == (SupportAnswer, text, 7)
    assert fields(decoded("message.operatorSend", [text, "ada"])) == (SupportAnswer, text, "ada")
    assert fields(decoded("message.conversations", [])) == (SupportOverview,)
    assert fields(decoded("message.history", ["ada"])) == (SupportHistory, "ada", 0, 50)
    assert fields(decoded("message.history", [7, 5])) == (SupportHistory, 7, 5, 50)
    assert fields(decoded("message.history", [7, 0, 9])) == (SupportHistory, 7, 0, 9)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("message.auth", []),
        ("message.auth", [1]),
        ("message.auth", ["a", "b"]),
        ("message.auth", [["a"]]),
        ("message.send", []),
        ("message.send", [None]),
        ("message.send", [{"text": "x"}]),
        ("message.send", ["x", 1]),
        ("message.operatorSend", []),
        ("message.operatorSend", ["x", None]),
        ("message.operatorSend", ["x", True]),
        ("message.operatorSend", ["x", -1]),
        ("message.operatorSend", ["x", 1.5]),
        ("message.operatorSend", ["x", 2**63]),
        ("message.operatorSend", ["x", 10**100]),
        ("message.operatorSend", ["x", "a\0b"]),
        ("message.operatorSend", ["x", 1, 2]),
        ("message.operatorSend", [1, "x"]),
        ("message.conversations", [1]),
        ("message.history", []),
        ("message.history", [True]),
        ("message.history", [1, False]),
        ("message.history", [1, -1]),
        ("message.history", [1, 0, 2**63]),
        ("message.history", [1, 0, "9"]),
        ("message.history", [1, 0, 1, 1]),
        ("message.send", "x"),
        ("message.send", {}),
        ("message.send", {"0": "x"}),
        ("message.send", None),
        ("message.conversations", ""),
        ("message.send", ["x"] * 1000),
        ("message.send", [[[[[[[[["x"]]]]]]]]]),
    ],
)
def test_wrong_params_are_incorrect_arguments_under_the_requests_id(method: str, params: object) -> None:
    assert is_answered(request(method, params, 9)) == {"error": BAD_ARGUMENT, "result": None, "id": 9}


@pytest.mark.parametrize("method", [None, 1, True, ["message.send"], {"message.send": 1}])
def test_a_malformed_method_is_an_incorrect_argument_too(method: object) -> None:
    assert is_answered(request(method, ["x"], 9)) == {"error": BAD_ARGUMENT, "result": None, "id": 9}


@pytest.mark.parametrize(
    "method", ["", "message", "message.", "Message.send", "message.send ", "auth", "__class__"]
)
def test_an_unknown_method_is_refused(method: str) -> None:
    assert is_answered(request(method, ["x"], "r")) == {"error": UNKNOWN_METHOD, "result": None, "id": "r"}


@pytest.mark.parametrize(
    "frame",
    [
        '{"params": ["x"], "id": 1}',
        '["message.send", ["x"], 1]',
        '{"method": "message.send", "params": ["\\ud800"], "id": 1}',
        '{"method": "message.send", "params": ["x"], "id": "\\ud800"}',
        '{"method": "message.send", "params": ["x"], "id": }',
        '{"method": "message.send", "params": ["x"], "id": NaN}',
        '{"method": "message.send", "params": ["x"], "id": 01}',
        '{"method": "message.send", "params": ["x"], "id": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"method": "message.send", "params": ' + "[" * 100_000 + "]" * 100_000 + "}",
        b'{"method": "message.send", "params": ["x"], "id": 1}',
    ],
)
def test_a_malformed_frame_is_an_incorrect_argument_without_an_id(frame: str | bytes) -> None:
    assert is_answered(frame) == {"error": BAD_ARGUMENT, "result": None, "id": None}


def test_params_and_id_may_be_left_out() -> None:
    command = SUPPORT.decode('{"method": "message.conversations"}')
    assert isinstance(command, SupportOverview)
    assert payload(SUPPORT.encode(Overview([], command.ref)))["id"] is None


def test_a_huge_id_comes_back_whole() -> None:
    ref = "x" * 60_000
    assert is_answered(request("message.none", [], ref))["id"] == ref
    number = "9" * 4000
    answer = SUPPORT.decode(f'{{"method": "message.none", "params": [], "id": {number}}}')
    assert isinstance(answer, SupportMisunderstood)
    assert number.encode() in text_of(SUPPORT.encode(Refused(answer.refusal, answer.ref)))


def test_ids_up_to_64_bits_address_a_person() -> None:
    answer = SUPPORT.decode(request("message.operatorSend", ["x", HIGHEST_ID]))
    assert isinstance(answer, SupportAnswer)
    assert answer.person == HIGHEST_ID
