"""Token Talker and Instant Messenger: every frame is understood or refused, and none raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.entities import Message, Person
from chat.domain.refusals import NOT_AUTHORISED
from chat.engine.events import Authorised, Refused, Said
from chat.protocols.client import Misunderstood
from chat.protocols.lines.codec import LineDialect
from chat.protocols.lines.commands import Authenticate, Recall, Say
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.talker.codec import TALKER, TalkerLine
from tests.protocols.strategies import payload


def message(name: str, text: str) -> Said:
    return Said(Message(1, 1, 1, 1, name, text, 0.0))


@pytest.mark.parametrize(("dialect", "key"), [(TALKER, "name"), (MESSENGER, "username")])
class TestBoth:
    def test_a_line_is_a_message(self, dialect: LineDialect, key: str) -> None:
        assert dialect.decode(json.dumps({key: "ada", "message": "hi"})) == Say("hi", "ada")

    @pytest.mark.parametrize(
        "text", ["authors are nice", "historyless", "say auth x", "Auth x", "auth.", "history-1"]
    )
    def test_a_control_word_must_stand_alone(self, dialect: LineDialect, key: str, text: str) -> None:
        assert isinstance(dialect.decode(json.dumps({key: "ada", "message": text})), Say)

    @pytest.mark.parametrize(
        "text",
        [
            "auth is broken on staging",
            "history of the project",
            "auth a b",
            "history 1 2",
            "  auth\ta\n b ",
            "history  1\u00a02",
        ],
    )
    def test_a_line_that_begins_with_a_control_word_is_a_message(
        self, dialect: LineDialect, key: str, text: str
    ) -> None:
        assert dialect.decode(json.dumps({key: "ada", "message": text})) == Say(text, "ada")

    @pytest.mark.parametrize("text", ["auth a.b.c", "  auth\ta.b.c ", "auth   a.b.c"])
    def test_auth_carries_a_token(self, dialect: LineDialect, key: str, text: str) -> None:
        assert dialect.decode(json.dumps({key: "ada", "message": text})) == Authenticate("a.b.c", "ada")

    @pytest.mark.parametrize(("text", "token"), [("auth", ""), (" auth ", ""), ("auth xyz", "xyz")])
    def test_a_mistyped_token_is_not_a_message(
        self, dialect: LineDialect, key: str, text: str, token: str
    ) -> None:
        assert dialect.decode(json.dumps({key: "ada", "message": text})) == Authenticate(token, "ada")

    @pytest.mark.parametrize(
        ("text", "count"), [("history 1", 1), ("history 1000", 1000), (" history\n7 ", 7)]
    )
    def test_history_takes_a_number(self, dialect: LineDialect, key: str, text: str, count: int) -> None:
        assert dialect.decode(json.dumps({key: "ada", "message": text})) == Recall(count, "ada")

    @pytest.mark.parametrize(
        "count", ["", "0", "-1", "1001", "ten", "1.5", "٣", "+5", "1_0", "9" * 20, "9" * 5000]
    )
    def test_a_bad_number_is_answered_with_the_range(
        self, dialect: LineDialect, key: str, count: str
    ) -> None:
        answer = dialect.decode(json.dumps({key: "ada", "message": f"history {count}"}))
        assert isinstance(answer, Misunderstood)
        assert "1 to 1000" in answer.refusal.text

    @pytest.mark.parametrize(
        "frame",
        [
            "",
            "x",
            "[]",
            "null",
            "1",
            "{}",
            '{"KEY": "ada"}',
            '{"message": "hi"}',
            '{"KEY": 1, "message": "hi"}',
            '{"KEY": "ada", "message": null}',
            '{"KEY": "ada", "message": ["hi"]}',
            '{"KEY": "ada", "message": "\\ud800"}',
            '{"KEY": "ada", "message": "hi"',
            '{"KEY": "ada", "message": "hi", "more": ' + "[" * 200_000,
            "[" * 200_000,
            b'{"KEY": "ada", "message": "hi"}',
            "\ud800",
        ],
    )
    def test_a_malformed_frame_is_refused(self, dialect: LineDialect, key: str, frame: str | bytes) -> None:
        if isinstance(frame, str):
            frame = frame.replace("KEY", key)
        assert isinstance(dialect.decode(frame), Misunderstood)

    def test_unknown_keys_are_ignored(self, dialect: LineDialect, key: str) -> None:
        assert dialect.decode(json.dumps({key: "ada", "message": "hi", "seq": [1]})) == Say("hi", "ada")

    @given(frame=st.one_of(st.text(), st.binary(), st.from_regex(r'\{"(user)?name":.*,"message":.*\}')))
    def test_decoding_never_raises(self, dialect: LineDialect, key: str, frame: str | bytes) -> None:
        dialect.decode(frame)

    @given(
        name=st.text(st.characters(exclude_categories=["Cs"])),
        text=st.text(st.characters(exclude_categories=["Cs"]), max_size=70_000),
    )
    def test_a_message_arrives_unchanged(self, dialect: LineDialect, key: str, name: str, text: str) -> None:
        assert payload(dialect.encode(message(name, text))) == {key: name, "message": text}

    def test_the_server_speaks_under_its_own_name(self, dialect: LineDialect, key: str) -> None:
        ada = Person(id=1, name="Ada")
        assert payload(dialect.encode(Authorised(ada))) == {key: "server", "message": "authorised as Ada"}
        assert payload(dialect.encode(Refused(NOT_AUTHORISED)))[key] == "server"


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_frame_has_its_length_in_every_form(size: int) -> None:
    text = "x" * size
    assert payload(TALKER.encode(message("", text)))["message"] == text


def test_a_dialect_is_defined_by_a_name_a_path_and_a_line_format() -> None:
    made = LineDialect("other", "/other", TalkerLine)
    assert (made.name, made.path, made.shape) == ("other", "/other", {"name", "message"})
    assert made.decode('{"name": "ada", "message": "hi"}') == Say("hi", "ada")
    assert payload(made.encode(message("ada", "hi"))) == {"name": "ada", "message": "hi"}
