"""The cost of a delivery, counted and not timed: encodings, writes, calls. The bounds are tight on purpose.

The scene is the benchmark's (a) in small: all listen in the lobby, a few publish with several in flight.
"""

import gc
import json
import os
import socket
import stat
import sys
from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import LOBBY_ID, Draft, Message
from chat.domain.ports import NewPerson, Taken
from chat.engine.dialect import Dialect
from chat.engine.events import Event, Said
from chat.engine.hub import Announcement, Hub
from chat.engine.send_queue import SendQueue
from chat.protocols.registry import PROTOCOLS
from chat.protocols.talker.codec import TALKER
from chat.server import open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage

SECRET = "a secret of the tests that is long enough"
LISTENERS = 30
PUBLISHERS = 4
IN_FLIGHT = 4
ROUNDS = 8
SAID = PUBLISHERS * IN_FLIGHT * ROUNDS

CALLS_A_DELIVERY = 5
"""Calls, of Python and of C together, that the hub makes for one listener and batch: offer, put, and the write."""


class Counting:
    """A dialect that counts the messages it puts into words."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.said: list[Message] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dialect, name)

    def encode(self, event: Event) -> bytes:
        if isinstance(event, Said):
            self.said.append(event.message)
        return self._dialect.encode(event)


class Writes:
    """How often a socket was written to directly, and how much."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor: int, data: bytes) -> int:
        self.count += stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        return self._write(descriptor, data)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Writes:
    return Writes(monkeypatch)


async def hear(socket_: WebSocketConnection, count: int) -> None:
    for _ in range(count):
        await socket_.get_message()


async def publish(speaker: WebSocketConnection, name: str) -> None:
    """Several in flight, as those who hear them allow."""
    for number in range(ROUNDS):
        for place in range(IN_FLIGHT):
            await speaker.send_message(json.dumps({"name": name, "message": f"{name} {number} {place}"}))
        await hear(speaker, IN_FLIGHT * (PUBLISHERS - 1))


async def test_a_message_is_encoded_once_a_dialect_and_a_batch_is_written_once_a_listener(
    writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, batches = MemoryStorage(), []
    save = storage.messages.save

    async def counted_save(drafts: Sequence[Draft]) -> Sequence[Message | None]:
        batches.append(len(drafts))
        await trio.sleep(0.002)  # a commit takes a moment, in which others speak
        return await save(drafts)

    monkeypatch.setattr(storage.messages, "save", counted_save)
    dialects = tuple(Counting(protocol.dialect) for protocol in PROTOCOLS)
    protocols = [old._replace(dialect=new) for old, new in zip(PROTOCOLS, dialects, strict=True)]
    by_name = {dialect.name: dialect for dialect in dialects}
    config = Config(listen=(Listen("127.0.0.1", 0),), data=Path("unused"))
    with trio.fail_after(30):
        async with (
            open_chat(config, storage, SECRET, protocols=protocols) as server,
            AsyncExitStack() as stack,
        ):
            url = server.addresses[0].replace("http", "ws", 1)
            listeners = [
                await stack.enter_async_context(open_websocket_url(f"{url}/talker")) for _ in range(LISTENERS)
            ]
            speakers = []
            for number in range(PUBLISHERS):
                person = await storage.users.add(NewPerson(name=f"p{number}", password_hash=b"x"))
                assert not isinstance(person, Taken)
                token = Tokens(SECRET, 60).issue(person)
                speaker = await stack.enter_async_context(open_websocket_url(f"{url}/talker?token={token}"))
                await speaker.get_message()  # who it is
                speakers.append(speaker)
            before = writes.count
            async with trio.open_nursery() as nursery:
                for listener in listeners:
                    nursery.start_soon(hear, listener, SAID)
                for number, speaker in enumerate(speakers):
                    nursery.start_soon(publish, speaker, f"p{number}")
            written = writes.count - before
    assert sum(batches) == SAID
    assert len(batches) < SAID / 2, "messages that wait are committed together"
    # Each message is put into words once, in the one dialect that anybody in the room speaks.
    assert len(by_name["talker"].said) == SAID
    assert {name: len(dialect.said) for name, dialect in by_name.items() if name != "talker"} == {
        "messenger": 0,
        "support": 0,
        "direct": 0,
        "rooms": 0,
        "native": 0,
    }
    # One write for each listener and batch; fewer where two batches went out together.
    everybody = LISTENERS + PUBLISHERS
    assert LISTENERS < written <= everybody * len(batches)


class Room:
    """A hub, and listeners whose send queues lead to real sockets."""

    def __init__(self, size: int) -> None:
        self.hub = Hub()
        self._pairs = [socket.socketpair() for _ in range(size)]
        for near, far in self._pairs:
            near.setblocking(False)
            far.setblocking(False)
            self.hub.subscribe(LOBBY_ID, TALKER, _Ear(near))

    def drain(self) -> int:
        """How many have heard something since."""
        received = 0
        for _, far in self._pairs:
            try:
                received += bool(far.recv(65536))
            except BlockingIOError:
                continue
        return received

    def close(self) -> None:
        for pair in self._pairs:
            for end in pair:
                end.close()


class _Ear:
    """A listener as a session is one: its `offer` is the send queue's own."""

    def __init__(self, near: socket.socket) -> None:
        async def never(_data: bytes) -> int:
            await trio.sleep_forever()
            return 0

        send_queue = SendQueue(never, fileno=near.fileno, limit=100_000)
        self.offer = send_queue.offer


def batch(size: int) -> list[Announcement]:
    return [Announcement(Message(n + 1, LOBBY_ID, n + 1, 1, "ada", f"line {n}", 0.0)) for n in range(size)]


@pytest.fixture
def rooms() -> Generator[tuple[Room, Room]]:
    rooms = Room(20), Room(60)
    yield rooms
    for room in rooms:
        room.close()


def calls_of(room: Room, announcements: list[Announcement]) -> int:
    """How many functions of Python and of C are called while a batch is published."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        room.hub.publish(announcements)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("size", [1, 30])
def test_a_delivery_takes_few_calls_however_many_messages_are_in_the_batch(
    rooms: tuple[Room, Room], size: int
) -> None:
    small, large = (calls_of(room, batch(size)) for room in rooms)
    assert [room.drain() for room in rooms] == [20, 60]
    assert (large - small) / 40 <= CALLS_A_DELIVERY


def test_a_delivery_leaves_nothing_in_memory(rooms: tuple[Room, Room]) -> None:
    room, _ = rooms
    announcements = batch(10)
    for _ in range(20):  # what is made once is made
        room.hub.publish(announcements)
        room.drain()
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        for _ in range(100):
            room.hub.publish(announcements)
            room.drain()
        left = sys.getallocatedblocks() - before
    finally:
        gc.enable()
    assert left < 400  # of 2,000 deliveries
