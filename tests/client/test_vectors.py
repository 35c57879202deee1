"""The client applies the frames of the shared vectors as the model does."""

import json
from pathlib import Path

import msgspec
import pytest

from chat.client.frames import NumberedReply, decode
from chat.client.rooms import Rooms
from chat.client.structs import Position
from chat.client.wire import Message
from tests.client.comparing import info_of, messages_of, plain
from tests.client.vector_writer import DIRECTORY, VECTORS, written

FILES = sorted(DIRECTORY.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_frames_become_rooms(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    rooms = Rooms(
        {int(room): Position(*each) for room, each in vector["positions"].items()}, max_messages=5000
    )
    rooms.person_id = vector["me"]
    events: list[list[object]] = []
    for step in vector["steps"]:
        match step:
            case {"frame": frame}:
                decoded = decode(json.dumps(frame))
                assert not isinstance(decoded, NumberedReply)
                reported = None if decoded is None else rooms.apply(decoded)
                if reported is not None:
                    events.append(
                        [frame["type"], reported.room, reported.position.pos if reported.position else 0]
                    )
            case {"history": messages}:
                rooms.load_history(msgspec.convert(messages, tuple[Message, ...]))
            case {"gaps": gaps}:
                sync = rooms.gap_request(1000)
                assert {str(each.room): [each.pos, each.at] for each in sync.known} == gaps
                assert not sync.rest
            case {"synced": room}:
                rooms.gaps.discard(room)
    assert events == vector["told"]
    assert [info_of(room) for room in rooms.values()] == [plain(room) for room in vector["rooms"]]
    right = {(each["room"], each["seq"]): plain(each) for each in vector["messages"]}
    held = {(each["room"], each["seq"]): each for room in rooms.values() for each in messages_of(room)}
    assert {place: held[place] for place in right if place in held} == {
        place: message for place, message in right.items() if place in held
    }
    assert len(held.keys() & right.keys()) > 0
    assert not rooms.gaps


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_are_as_the_model_writes_them(name: str) -> None:
    assert (DIRECTORY / f"{name}.json").read_text(encoding="utf-8") == written(name)


def test_each_vector_is_written_by_the_model() -> None:
    assert {path.stem for path in FILES} == set(VECTORS)
