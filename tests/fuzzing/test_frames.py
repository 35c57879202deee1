"""Arbitrary frames in arbitrary pieces at the real server: their sender is answered by RFC 6455, others notice nothing.

What is expected of a sequence is worked out here from the RFC alone. FUZZ_EXAMPLES=5000 tries that many new sequences
(`make fuzz`); without it the same few hundred are tried each time.
"""

import codecs
import json
import os
import struct
from collections.abc import Generator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, client_frame
from tests.support.people import Person, member
from tests.support.raw_client import RawClient
from tests.support.server import ServerProcess, running_server, used_data_path

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

MOST = 65_536
"""Characters of a text, or bytes of another message, over which the server closes with 1009."""

PROTOCOL_ERROR, INVALID_TEXT, TOO_BIG = 1002, 1007, 1009

KNOWN_CODES = frozenset({*range(1000, 1004), *range(1007, 1015)})
"""IANA's registry of close codes, without those that are never sent. 1014 came late: a library may not know it."""

LAST_WORD = b"are you still there?"


class Sent(NamedTuple):
    """A frame as it is put on the wire; `width` is how many bytes its length takes at least (0, 2 or 8)."""

    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0
    masked: bool = True
    width: int = 0

    def wire(self) -> bytes:
        return client_frame(
            self.opcode,
            self.payload,
            fin=self.fin,
            rsv=self.rsv,
            masked=self.masked,
            mask=b"\x37\xfa\x21\x3d",
            width=self.width,
        )

    @property
    def breaks_the_rules(self) -> bool:
        """Whether its head alone is against RFC 6455, section 5.2 or 5.5."""
        size = len(self.payload)
        control = bool(self.opcode & 8)
        needed = 0 if size < 126 else 2 if size < 65_536 else 8
        return bool(
            self.rsv
            or not self.masked
            or self.opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
            or (control and (not self.fin or size > 125))
            or self.width > needed
        )


def expected(frames: Sequence[Sent]) -> frozenset[int]:
    """The codes with which a server may close on these frames; empty where it must not close."""
    kind, size, decoder = None, 0, codecs.getincrementaldecoder("utf-8")()
    for frame in frames:
        if frame.breaks_the_rules:
            return frozenset({PROTOCOL_ERROR})
        match frame.opcode:
            case 8:
                return closing(frame.payload)
            case 9 | 10:
                continue
            case 0 if kind is None:
                return frozenset({PROTOCOL_ERROR})
            case 1 | 2 if kind is not None:
                return frozenset({PROTOCOL_ERROR})
            case 1 | 2:
                kind, size, decoder = frame.opcode, 0, codecs.getincrementaldecoder("utf-8")()
        wrong = set()
        more = len(frame.payload)
        if kind == TEXT:
            try:
                more = len(decoder.decode(frame.payload, frame.fin))
            except UnicodeDecodeError:
                wrong.add(INVALID_TEXT)
        size += more
        if size > MOST:
            wrong.add(TOO_BIG)
        if wrong:
            return frozenset(wrong)
        if frame.fin:
            kind = None
    return frozenset()


def closing(payload: bytes) -> frozenset[int]:
    """What a close frame is answered with: itself, or what is wrong with it."""
    if not payload:
        return frozenset({0, 1000, 1005})  # an empty close frame reads as 0
    code = int.from_bytes(payload[:2])
    wrong = set()
    if len(payload) == 1 or not (code in KNOWN_CODES or 3000 <= code <= 4999):
        wrong.add(PROTOCOL_ERROR)
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        wrong.add(INVALID_TEXT)
    return frozenset((wrong or {code}) | ({PROTOCOL_ERROR} if code == 1014 else set()))


# --- what is sent ---

LINES = [b'{"name":"mallory","message":"hi"}', b'{"username":"mallory","message":"hi"}', b"ping", b"{}"]
texts = st.one_of(
    st.sampled_from(LINES),
    st.text(max_size=40).map(lambda text: text.encode()),
    st.sampled_from([b"\xff", b"\xce\xba\xe1\xbd", b"\xf4\x90\x80\x80", b"\xed\xa0\x80", b"ok\xc0\xaf"]),
    st.integers(MOST - 2, MOST + 2).map(lambda size: b"x" * size),
)
codes = st.one_of(st.sampled_from([1000, 1001, 1002, 1007, 1011, 1014, 3000, 4999]), st.integers(0, 65_535))
controls = st.one_of(st.binary(max_size=125), st.binary(min_size=126, max_size=140))
closes = st.one_of(
    st.builds(lambda code, why: struct.pack("!H", code) + why, codes, st.one_of(texts, st.binary())).map(
        lambda payload: payload[:125]
    ),
    st.binary(max_size=1),
)
fins = st.sampled_from([True, True, True, False])
rare_bits = st.sampled_from([0] * 30 + [1, 2, 4, 7])
masks = st.sampled_from([True] * 30 + [False])
widths = st.sampled_from([0] * 30 + [2, 8])


def frames_of(opcodes: st.SearchStrategy[int], payloads: st.SearchStrategy[bytes]) -> st.SearchStrategy[Sent]:
    return st.builds(Sent, opcodes, payloads, fins, rare_bits, masks, widths)


fragmented = st.lists(st.one_of(st.binary(max_size=20), texts), min_size=2, max_size=5).map(
    lambda parts: [
        Sent(TEXT if number == 0 else CONTINUATION, part, fin=number == len(parts) - 1)
        for number, part in enumerate(parts)
    ]
)
sequences = st.lists(
    st.one_of(
        frames_of(st.sampled_from([TEXT, BINARY]), texts).map(lambda frame: [frame]),
        frames_of(st.sampled_from([TEXT, BINARY, CONTINUATION]), texts).map(lambda frame: [frame]),
        frames_of(st.sampled_from([PING, PONG]), controls).map(lambda frame: [frame]),
        frames_of(st.just(CLOSE), closes).map(lambda frame: [frame]),
        frames_of(st.integers(0, 15), st.binary(max_size=200)).map(lambda frame: [frame]),
        fragmented,
    ),
    min_size=1,
    max_size=8,
).map(lambda groups: [frame for group in groups for frame in group])
pieces = st.lists(st.integers(1, 2000), max_size=6)
paths = st.sampled_from(["/", "/talker", "/messenger", "/direct"])


# --- who is there ---


class Witnesses:
    """A server, two who chat on it, and the length of its log so far."""

    def __init__(self, server: ServerProcess, ada: Person, ben: Person) -> None:
        self.server = server
        self._ada = ada
        self._ben = ben
        self._chats = 0

    def nothing_happened(self) -> None:
        """The two hear each other and nobody else, and the server logged no error."""
        self._chats += 1
        for speaker, listener in ((self._ada, self._ben), (self._ben, self._ada)):
            speaker.say(f"still here {self._chats}")
            assert listener.hear() == (speaker.name, f"still here {self._chats}")
        assert self.server.process.poll() is None

    def log_is_clean(self) -> None:
        lines = [json.loads(line) for line in self.server.log.read_text().splitlines()]
        assert [line for line in lines if line["level"] not in ("debug", "info")] == []


@pytest.fixture(scope="module")
def witnesses() -> Generator[Witnesses]:
    with (
        used_data_path() as data,
        running_server(data) as server,
        member(server.url, "ada") as ada,
        member(server.url, "ben") as ben,
    ):
        yield Witnesses(server, ada, ben)


def send_in_pieces(mallory: RawClient, data: bytes, sizes: Sequence[int]) -> None:
    for size in sizes:
        mallory.send_what_is_taken(data[:size])
        data = data[size:]
    mallory.send_what_is_taken(data)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # texts as long as a message may be
@settings(
    max_examples=EXAMPLES or 75,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=paths, frames=sequences, sizes=pieces)
def test_any_frames_are_answered_to_their_sender_alone(
    witnesses: Witnesses, path: str, frames: list[Sent], sizes: list[int]
) -> None:
    with RawClient(witnesses.server.url) as mallory:
        mallory.shake_hands(path)
        # The last ping is answered at once, also in the middle of a message, unless the server has closed.
        wire = b"".join(frame.wire() for frame in [*frames, Sent(PING, LAST_WORD)])
        send_in_pieces(mallory, wire, sizes)
        assert_answered(mallory, expected(frames))
    witnesses.nothing_happened()


def assert_answered(mallory: RawClient, codes: frozenset[int]) -> None:
    """The last ping is answered, or the server closes with one of these codes and then says no more."""
    while True:
        try:
            found = mallory.read_frame()
        except EOFError:
            raise AssertionError(f"dropped without a close frame; expected {codes or 'an answer'}") from None
        if found.opcode == CLOSE:
            assert int.from_bytes(found.payload[:2]) in codes, (found, codes)
            assert mallory.read_to_the_end() == b""
            return
        if found.opcode == PONG and found.payload == LAST_WORD:
            assert not codes, f"not closed with {codes}"
            return
        assert found.opcode in (TEXT, PONG)


def test_the_log_has_no_error_of_all_this(witnesses: Witnesses) -> None:
    witnesses.log_is_clean()
