"""Positions, and what each message counts as."""

from msgspec import structs

from chat.domain.entities import File, Message
from chat.domain.messages.files import files_json
from chat.domain.messages.sync_types import json_bytes, milliseconds


def test_times_are_rounded_down_to_milliseconds_from_their_microseconds() -> None:
    seconds = 1_700_000_000
    for microseconds in (0, 1, 999, 1000, 123_000, 123_456, 999_999):
        assert milliseconds(seconds + microseconds / 1e6) == seconds * 1000 + microseconds // 1000


def test_a_message_counts_for_its_text_and_its_files_as_json() -> None:
    file = File(7, "a.png", "image/png", 9)
    plain = Message(1, 1, 1, 1, "ada", 'a "word" é', 0.0)
    assert json_bytes(plain) == len('"a \\"word\\" é"'.encode())
    assert json_bytes(structs.replace(plain, files=(file,))) == json_bytes(plain) + len(files_json([file]))
