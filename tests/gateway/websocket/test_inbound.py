"""A client's messages arrive whole and in order, on the fast path or not, however their bytes are split."""

from typing import Any

import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked
from wsproto.events import Ping, Pong
from wsproto.frame_protocol import FrameProtocol, Opcode

from chat.domain.limits.pace import Pace
from chat.gateway.websocket.inbound import InboundFastPath
from chat.inspection.recorder import KEPT_FRAMES, Record
from tests.support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, client_frame

LIMIT = 300


class Wire:
    """A connection that brings these pieces, one a read, and then ends."""

    def __init__(self, *pieces: bytes, reads_a_second: float = 0.0) -> None:
        self.pieces = list(pieces)
        self.reads = 0
        self.pace = Pace(reads_a_second)

    async def receive_ready(self, max_bytes: int | None) -> bytes:
        await trio.lowlevel.checkpoint()
        self.reads += 1
        return self.pieces.pop(0) if self.pieces else b""

    receive_some = receive_ready


class Heard:
    """What came of a wire: the messages in order, and what trio-websocket's side got to see."""

    def __init__(self, wire: Wire) -> None:
        self.record = Record()
        self.messages: list[str | bytes] = []
        self.controls: list[tuple[type, bytes]] = []
        self.for_library = b""
        self._inbound = InboundFastPath(wire, LIMIT, self.record)  # type: ignore[arg-type]
        self._frames = FrameProtocol(client=False, extensions=[])
        self._to_session, self._from_library = trio.open_memory_channel[str | bytes](1)

    async def listen(self) -> None:
        """Hear all of it: a library that knows frames on one side, a session on the other."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._read_as_library)
            try:
                while True:
                    self.messages += await self._inbound.receive(self._from_library.receive)
            except trio.EndOfChannel:
                pass

    async def _read_as_library(self) -> None:
        with self._to_session:
            parts: list[Any] = []
            while data := await self._inbound.receive_for_library(7):
                self.for_library += data
                self._frames.receive_bytes(data)
                for frame in self._frames.received_frames():
                    if frame.opcode in (Opcode.PING, Opcode.PONG):
                        kind = Ping if frame.opcode is Opcode.PING else Pong
                        self.controls.append((kind, bytes(frame.payload)))
                        continue
                    parts.append(frame.payload)
                    if frame.message_finished:
                        empty = "" if isinstance(parts[0], str) else b""
                        await self._to_session.send(empty.join(parts))
                        parts = []


def hear(wire: Wire) -> Heard:
    async def listen() -> Heard:
        received = Heard(wire)
        with trio.fail_after(10):
            await received.listen()
        return received

    return trio.run(listen)


texts = st.text(max_size=20) | st.sampled_from(
    ["", "é" * 70, "x" * 125, "x" * 126, "x" * LIMIT, "x" * 2 * LIMIT]
)
sent = st.lists(
    st.tuples(st.just("text"), texts)
    | st.tuples(st.just("binary"), st.binary(max_size=20))
    | st.tuples(st.just("ping"), st.binary(max_size=125))
    | st.tuples(st.just("pong"), st.binary(max_size=125))
    | st.tuples(st.just("fragments"), st.lists(texts, min_size=2, max_size=4)),
    max_size=12,
)


@given(sent, st.lists(st.integers(1, 400), max_size=30))
@example([("text", "one"), ("ping", b"!"), ("text", "two"), ("binary", b"three"), ("text", "four")], [])
@example([("fragments", ["a", "b"]), ("text", "c")], [1, 1, 1])
@example([("pong", b""), *[("fragments", ["a", "b", "c", "d"])] * 6], [])  # more frames than are kept
def test_every_message_arrives_once_and_in_order(sent: list[tuple[str, object]], cuts: list[int]) -> None:
    wire = b""
    messages: list[object] = []
    controls: list[object] = []
    opcodes: list[int] = []
    for kind, value in sent:
        match kind, value:
            case "text", str():
                wire += client_frame(TEXT, value.encode())
                opcodes.append(TEXT)
                messages.append(value)
            case "binary", bytes():
                wire += client_frame(BINARY, value)
                opcodes.append(BINARY)
                messages.append(value)
            case "ping", bytes():
                wire += client_frame(PING, value)
                opcodes.append(PING)
                controls.append((Ping, value))
            case "pong", bytes():
                wire += client_frame(PONG, value)
                opcodes.append(PONG)
            case "fragments", [first, *others]:
                wire += client_frame(TEXT, first.encode(), fin=False)
                opcodes += [TEXT, *[CONTINUATION] * len(others)]
                for number, part in enumerate(others, start=1):
                    wire += client_frame(CONTINUATION, part.encode(), fin=number == len(others))
                messages.append("".join(value))
    pieces = []
    rest = wire
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    received = hear(Wire(*(piece for piece in [*pieces, rest] if piece)))
    assert received.messages == messages
    assert [control for control in received.controls if control[0] is Ping] == controls
    assert [frame.opcode for frame in received.record.frames] == opcodes[-KEPT_FRAMES:], "pongs too"
    assert received.record.messages_in == len(messages)


def test_short_texts_never_go_through_the_library() -> None:
    received = hear(Wire(*(client_frame(TEXT, b"hi") for _ in range(3)), client_frame(TEXT, b"ho") * 100))
    assert received.messages == ["hi"] * 3 + ["ho"] * 100
    assert received.for_library == b""


@pytest.mark.parametrize("cut", range(1, 10))
def test_nor_does_a_longer_frame_after_it_wherever_its_head_is_cut(cut: int) -> None:
    first, second = client_frame(TEXT, b"hi"), client_frame(TEXT, b"x" * 126)
    received = hear(Wire(first + second[:cut], second[cut:]))
    assert received.messages == ["hi", "x" * 126]
    assert received.for_library == b""


@pytest.mark.parametrize(
    "frame",
    [
        client_frame(TEXT, b"not \xff UTF-8"),
        client_frame(TEXT, b"x" * (LIMIT + 1)),
        client_frame(BINARY, b"binary"),
        client_frame(CLOSE, b"\x03\xe8"),
        b"\x81\x03hey",  # not masked
        b"\xc1" + client_frame(TEXT, b"reserved")[1:],
        b"\x83" + client_frame(TEXT, b"no such opcode")[1:],
        b"\x81\xfe\x00\x05maskhello",  # 5 bytes, said in the longer form
        b"\x81\xff" + (1 << 40).to_bytes(8) + b"mask",
        b"\x89\xfe\x00\x80mask" + b"x" * 128,  # a ping that is too long
    ],
    ids=lambda frame: frame[:2].hex(),
)
def test_after_any_other_frame_the_library_parses_the_rest(frame: bytes) -> None:
    async def listen() -> tuple[list[str | bytes], bytes]:
        wire = Wire(client_frame(TEXT, b"before"), frame + b"and what", b" follows")
        inbound = InboundFastPath(wire, LIMIT, Record())  # type: ignore[arg-type]
        messages: list[str | bytes] = []

        async def other() -> str:
            await trio.lowlevel.checkpoint()
            return "from the library"

        while "from the library" not in messages:
            messages += await inbound.receive(other)
        seen = b""
        while data := await inbound.receive_for_library(5):
            seen += data
        return messages, seen

    messages, seen = trio.run(listen)
    assert messages == ["before", "from the library"]
    assert seen == frame + b"and what follows"


async def test_nothing_is_read_while_a_ping_waits_for_the_library(autojump_clock: trio.abc.Clock) -> None:
    ping = client_frame(PING, b"1")
    wire = Wire(ping, client_frame(PING, b"2"), client_frame(TEXT, b"text"))
    inbound = InboundFastPath(wire, LIMIT, Record())  # type: ignore[arg-type]

    async def never() -> str:
        await trio.sleep_forever()
        return ""

    with trio.move_on_after(10):
        await inbound.receive(never)
    assert wire.reads == 1
    assert await inbound.receive_for_library(100) == ping


async def test_a_reader_that_waits_for_the_library_is_cut_off(autojump_clock: trio.abc.Clock) -> None:
    inbound = InboundFastPath(Wire(b""), LIMIT, Record())  # type: ignore[arg-type]
    with trio.move_on_after(5) as patience:
        await inbound.receive_for_library(100)
    assert patience.cancelled_caught
    inbound.leave_to_library()
    assert await inbound.receive_for_library(100) == b""


CLOSING = client_frame(CLOSE, b"\x03\xe8")


@pytest.mark.parametrize("size", [1, 5, 9, 1000])
async def test_once_nobody_receives_any_more_the_library_gets_no_texts(size: int) -> None:
    text, ping = client_frame(TEXT, b"history 1000"), client_frame(PING, b"!")
    late = text * 20 + ping + text * 20 + CLOSING
    late = text[-3:] + late
    wire = Wire(text + text[:-3], *(late[n : n + size] for n in range(0, len(late), size)))
    inbound = InboundFastPath(wire, LIMIT, Record())  # type: ignore[arg-type]

    async def never() -> str:
        await trio.sleep_forever()
        return ""

    assert await inbound.receive(never) == ["history 1000"]
    seen: list[bytes] = []

    async def read_as_library() -> None:
        while data := await inbound.receive_for_library(4096):
            seen.append(data)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read_as_library)
            await wait_all_tasks_blocked()
            inbound.receive_no_more()
    assert b"".join(seen) == ping + CLOSING


async def test_a_client_handled_by_the_library_is_read_without_delay(
    autojump_clock: trio.abc.Clock,
) -> None:
    binary = client_frame(BINARY, b"?")
    wire = Wire(*[binary] * 50, reads_a_second=50)
    inbound = InboundFastPath(wire, LIMIT, Record())  # type: ignore[arg-type]

    async def other() -> str:
        await trio.lowlevel.checkpoint()
        return ""

    await inbound.receive(other)
    inbound.receive_no_more()
    with trio.move_on_after(2):
        while True:
            await inbound.receive_for_library(4096)
    assert 5 <= wire.reads <= 12
