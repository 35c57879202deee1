"""The frames of the tests are those of a library that has nothing to do with ours, and broken ones are noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode

from tests.support.frames import BrokenFrame, Frame, client_frame, next_frame, whole_frames

opcodes = st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG])
sizes = st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536])
frames = st.lists(st.tuples(opcodes, sizes).filter(lambda frame: frame[1] < 126 or not frame[0].iscontrol()))


@given(frames, st.integers(0, 20))
def test_whole_frames_of_a_server_are_read_and_a_part_of_one_is_not(
    sent: list[tuple[Opcode, int]], missing: int
) -> None:
    server = FrameProtocol(client=False, extensions=[])
    wire = b"".join(bytes(server._serialize_frame(opcode, b"x" * size)) for opcode, size in sent)
    last = client_frame(Opcode.TEXT, b"x" * 19, masked=False)[:missing]
    assert list(whole_frames(b"before" + wire + last, 6)) == [
        Frame(opcode, b"x" * size) for opcode, size in sent
    ]
    assert next_frame(last) is None


@given(frames)
def test_a_clients_frames_are_read_by_a_server(sent: list[tuple[Opcode, int]]) -> None:
    server = FrameProtocol(client=False, extensions=[])
    server.receive_bytes(b"".join(client_frame(opcode, b"x" * size) for opcode, size in sent))
    read = [
        (frame.opcode, _bytes(frame.payload)) for frame in server.received_frames() if frame.frame_finished
    ]
    assert [opcode for opcode, _ in read] == [opcode for opcode, _ in sent]
    assert b"".join(payload for _, payload in read) == b"x" * sum(size for _, size in sent)


def _bytes(payload: str | bytes | bytearray) -> bytes:
    return payload.encode() if isinstance(payload, str) else bytes(payload)


BROKEN = {
    "masked": client_frame(Opcode.TEXT, b"x"),
    "a fragment": client_frame(Opcode.TEXT, b"x", masked=False, fin=False),
    "the end of a fragment": client_frame(Opcode.CONTINUATION, b"x", masked=False),
    "a reserved bit": client_frame(Opcode.TEXT, b"x", masked=False, rsv=4),
    "no such opcode": client_frame(3, b"x", masked=False),
    "a length in two bytes": client_frame(Opcode.TEXT, b"x" * 125, masked=False, width=2),
    "a length in eight bytes": client_frame(Opcode.TEXT, b"x" * 65_535, masked=False, width=8),
}


@pytest.mark.parametrize("wire", BROKEN.values(), ids=BROKEN)
def test_frames_that_no_server_sends_are_malformed(wire: bytes) -> None:
    with pytest.raises(BrokenFrame):
        next_frame(wire)
