"""A client by the contract: the state from its events, room by room, with a check for gaps."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from jsonschema import Draft202012Validator

from chat.domain.closing import Closing
from chat.domain.entities import Person
from chat.features.registry import FEATURES
from chat.protocols.native.asyncapi import describe_socket
from chat.protocols.native.documents import VERSION
from chat.protocols.native.wire.codec import NATIVE
from tests.support.chat_world import Client, World

_DOCUMENT = describe_socket(VERSION)
_VALIDATORS = {
    name: Draft202012Validator(
        {**message["payload"], "components": _DOCUMENT["components"], "unevaluatedProperties": False}
    )
    for name, message in _DOCUMENT["components"]["messages"].items()
}
"""What each frame is like, by its name in the document."""


_MOMENT = re.compile(r"\b1\d{12}\b")
"""Milliseconds since 1970, in this century."""


def _faults(text: str) -> list[str]:
    return _faults_at_one_moment(_MOMENT.sub("1700000000000", text))


@lru_cache(10_000)  # but for its moments, a sweep hears the same frames in each of its runs
def _faults_at_one_moment(text: str) -> list[str]:
    frame = json.loads(text)
    validator = _VALIDATORS.get(f"event_{frame['type']}") or _VALIDATORS[frame["type"]]
    return [fault.message for fault in validator.iter_errors(frame)]


_LOGGED = {
    *("message", "edited", "deleted", "reacted", "member", "changed", "support", "unknown"),
    *(str(each.event.__struct_config__.tag) for feature in FEATURES for each in feature.events),
}
"""The types of events that are changes of a room."""


class Replica:
    """One person's client, which keeps its rooms from connection to connection."""

    def __init__(self, world: World, person: Person) -> None:
        self.world = world
        self.person = person
        self.rooms: dict[int, dict[str, Any]] = {}
        """By id: `pos`, `at`, what the room and one's role in it are like, and `messages` by seq, each as it is now."""
        self.events: list[dict[str, Any]] = []
        """What came, all connections together."""
        self.resets: list[tuple[int, str]] = []
        self.far: set[int] = set()
        """Rooms with further pages, which get no live events."""
        self._client: Client | None = None
        self._asked = 0

    @property
    def client(self) -> Client:
        assert self._client is not None
        return self._client

    @property
    def closed_with(self) -> Closing | None:
        return self.client.closed_with

    async def connect(self, *, sync: bool = True, limit: int = 100_000) -> dict[str, Any]:
        """Connect, say hello, and sync from where it was; return the answer to the last."""
        self._client = await self.world.connect(NATIVE, limit=limit)
        answer = await self.asks("hello", token=self.world.token(self.person))
        return await self.sync() if sync else answer

    def drop(self) -> None:
        """Lose the connection; what arrived before is heard."""
        self.hear(self.client.received_now())
        self.client.leave()
        self._client = None

    def send(self, kind: str, **fields: Any) -> int:
        """Send a request, and return its id."""
        self._asked += 1
        self.client.send({"type": kind, "id": self._asked, **fields})
        return self._asked

    async def asks(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a request, hear all that comes, and return its one answer."""
        asked = self.send(kind, **fields)
        answers = [answer for answer in self.hear(await self.client.receives()) if answer["id"] == asked]
        assert len(answers) == 1, answers
        return answers[0]

    async def sync(self, **fields: Any) -> dict[str, Any]:
        return await self._sync(self.rooms, **fields)

    async def page(self, limit: int = 20_000) -> dict[str, Any]:
        """Ask for the next page of all rooms of which there is more."""
        return await self._sync(self.far, rest=False, far="page", limit=limit)

    async def _sync(self, rooms: Iterable[int], **fields: Any) -> dict[str, Any]:
        known = [self.position(each) for each in rooms]
        self.far.difference_update([each["room"] for each in known])
        return await self.asks("sync", known=known, **fields)

    def position(self, room: int) -> dict[str, int]:
        return {"room": room, "pos": self.rooms[room]["pos"], "at": self.rooms[room]["at"]}

    async def say(self, room: int, text: str, key: str | None = None) -> dict[str, Any]:
        return await self.asks("send", room=room, key=key or text.replace(" ", "-"), text=text)

    async def receives(self) -> list[dict[str, Any]]:
        """Hear all that comes by itself, and return the events."""
        before = len(self.events)
        self.hear(await self.client.receives())
        return self.events[before:]

    def hear(self, frames: list[Any]) -> list[dict[str, Any]]:
        """Take what arrived, in order, and return the answers among it."""
        answers = []
        for frame in frames:
            if frame == "ping!":
                continue
            assert _faults(json.dumps(frame)) == [], frame
            if "id" in frame and frame["type"] not in ("room", "person"):
                answers.append(frame)
            else:
                self.events.append(frame)
                self._apply(frame)
        return answers

    def texts(self, room: int) -> list[str]:
        """The received messages of a room in their current state."""
        messages = cast("dict[int, dict[str, Any]]", self.rooms[room]["messages"])
        return [said.get("text", "") for _, said in sorted(messages.items()) if "deleted" not in said]

    def _apply(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "more":
                assert self.position(event["room"]) == {name: event[name] for name in ("room", "pos", "at")}
                self.far.add(event["room"])
            case "room":
                self.far.discard(event["id"])
                if "reset" in event:
                    self.resets.append((event["id"], event["reset"]))
                last = event.get("last")
                self.rooms[event["id"]] = {
                    "pos": event["pos"],
                    "at": event["at"],
                    "role": event.get("role", "member"),
                    "members": event.get("members", 0),
                    **_about(event),
                    "messages": {last["seq"]: dict(last)} if last else {},
                    "support": event.get("support"),
                }
            case "members":
                self.rooms[event["room"]]["members"] = event["members"]
            case "gone":
                self.rooms.pop(event["room"], None)
                self.far.discard(event["room"])
            case kind if kind in _LOGGED:
                assert event["room"] not in self.far, ("told live, and there is more before it", event)
                room = self.rooms[event["room"]]
                if event["pos"] <= room["pos"]:
                    return  # told before the cut of a sync, and again by it
                assert event["pos"] == room["pos"] + 1, ("a hole", event, room["pos"])
                room["pos"], room["at"] = event["pos"], event["at"]
                match event["type"]:
                    case "changed":
                        room |= _about(event)
                    case "member":
                        self._move(room, event)
                    case "message" | "edited" | "deleted" | "reacted":
                        room["members"] = room.get("members", 0) + (event.get("kind") == "join")
                        _change(room["messages"], event)

    def _move(self, room: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("role") in (None, "banned"):
            room["members"] -= 1
        elif event["person"] == self.person.id:
            room["role"] = event["role"]


def _about(got: dict[str, Any]) -> dict[str, Any]:
    """What a room is like by a frame that tells it."""
    return {
        "name": got.get("name"),
        "topic": got.get("topic", ""),
        "private": got.get("private", False),
        "archived": got.get("archived", False),
    }


def _change(messages: dict[int, dict[str, Any]], event: dict[str, Any]) -> None:
    """A change carries the new state: it counts unless the message is newer already."""
    if event["type"] == "message":
        messages.setdefault(event["seq"], dict(event))
        return
    message = messages.get(event["seq"])
    if message is None or message["pos"] >= event["pos"]:
        return
    match event["type"]:
        case "edited":
            message |= {"text": event["text"], "edited": event["at"], "pos": event["pos"]}
        case "deleted":
            message |= {"text": "", "deleted": {"at": event["at"]}, "pos": event["pos"]}
        case "reacted":
            message["pos"] = event["pos"]
