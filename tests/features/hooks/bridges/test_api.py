"""What is sent to the API of a matterbridge, and what is read there."""

import json
from typing import Any

import msgspec
import pytest

from chat.domain.accounts.bridges import Bridge
from chat.domain.entities import File, Message, MessageKind
from chat.features.hooks.bridges.api import api_url, body_of, headers_of, is_bridged, messages_in
from chat.features.hooks.bridges.circles import ROUNDS, Circles

MESSAGE = Message(1, 2, 3, 4, "ada", "hello", 0.0)


def read(**fields: Any) -> list[tuple[str, str]]:
    body = json.dumps([{"gateway": "g", "username": "ben", **fields}]).encode()
    return [(each.gateway, each.text) for each in messages_in(body)]


def test_a_message_is_sent_with_its_sender_and_its_files() -> None:
    file = File(id=1, name="tree.png", type="image/png", size=1)
    sent = msgspec.structs.replace(MESSAGE, files=(file,))
    assert json.loads(body_of(sent, Bridge("g", ""))) == {
        "text": "hello\ntree.png (file)",
        "username": "ada",
        "userid": "4",
        "event": "",
        "gateway": "g",
    }
    assert api_url("http://a.example/x/", "message") == "http://a.example/x/api/message"
    assert headers_of("t")["Authorization"] == "Bearer t"
    assert "Authorization" not in headers_of("")


def test_only_texts_of_people_are_sent() -> None:
    assert is_bridged(MESSAGE)
    assert not is_bridged(None)
    assert not is_bridged(msgspec.structs.replace(MESSAGE, sender_name="Bridge (hook)"))
    assert not is_bridged(msgspec.structs.replace(MESSAGE, kind=MessageKind.JOIN))


def test_what_is_read() -> None:
    assert read(text="hi\r\nthere") == [("g", "‹ben› hi\nthere")]
    assert read(text="hi", username="@all› x") == [("g", "‹all x› hi")]
    assert read(text="hi", username="") == [("g", "hi")]
    assert read(text="hi", username=7, gateway=None) == [("", "‹7› hi")]
    assert read(text="x" * 5000)[0][1].endswith("…")
    assert len(read(text="x" * 5000)[0][1]) == 4000
    for event in ("join_leave", "user_typing", "api_connected", "topic_change", 1):
        assert read(text="hi", event=event) == []
    assert read(text="") == read(text=None) == read() == []
    assert messages_in(b"null\n") == messages_in(b"") == messages_in(b"[]") == messages_in(b"[1, null]") == []


def test_files_are_named_with_their_address() -> None:
    file = {"Name": "a.png", "Comment": "a tree", "URL": "https://m.example/a.png", "Data": "AAAA"}
    assert read(text="", Extra={"file": [file, {"Name": "b"}, 3]}) == [
        ("g", "‹ben› a tree\nhttps://m.example/a.png\nb (file)\nfile (file)")
    ]
    assert read(text="x", Extra={"file": [{"Name": "c", "URL": "javascript:x"}]}) == [
        ("g", "‹ben› x\nc (file)")
    ]


def test_an_answer_that_is_cut_off_has_its_whole_messages() -> None:
    body = json.dumps([{"text": str(n), "gateway": "g"} for n in range(3)], indent=1).encode()
    assert [each.text for each in messages_in(body)] == ["0", "1", "2"]
    assert [each.text for each in messages_in(body[:-20])] == ["0", "1"]
    assert messages_in(b"[" * 100_000) == []
    for other in (b"<html>", b'{"message": "no"}', b"\xff"):
        with pytest.raises(ValueError, match="no list"):
            messages_in(other)


def test_what_goes_round_is_found_and_what_people_repeat_is_not() -> None:
    def said(name: str, text: str) -> Message:
        return msgspec.structs.replace(MESSAGE, sender_name=name, text=text)

    circles, text, name = Circles(), "hello", "ada"
    found = []
    for _ in range(ROUNDS + 1):
        found.append(circles.goes_round(said(name, text), 0.0))
        name, text = "relay", f"<{name}> {text}"
    assert found == [False] * ROUNDS + [True]
    for n in range(20):
        assert not circles.goes_round(said("ada", "yes"), float(n))
        assert not circles.goes_round(said("ben", "ada: yes"), 100.0 * n)
