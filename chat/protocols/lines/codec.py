"""The codec of Token Talker and Instant Messenger: a line has a sender and a text; control words are lines too."""

from typing import ClassVar, Protocol

import msgspec

from chat.domain.entities import MessageKind
from chat.domain.messages.files import text_of
from chat.domain.refusals import BAD_FRAME, BINARY_FRAME, Code, Refusal
from chat.engine.dialect import Command
from chat.engine.events import Authorised, Event, Refused, Said
from chat.frames import text_frame
from chat.protocols.client import Misunderstood
from chat.protocols.lines.commands import Authenticate, Recall, Say

LONGEST_RECALL = 1000
_BAD_COUNT = Misunderstood(
    Refusal(Code.INVALID, f"history takes a number from 1 to {LONGEST_RECALL}: history 10")
)
_BAD_FRAME = Misunderstood(BAD_FRAME)
_BINARY_FRAME = Misunderstood(BINARY_FRAME)
_SERVER = "server"


class Line(Protocol):
    """A frame: a msgspec struct, whose keys on the wire each dialect chooses."""

    __struct_encode_fields__: ClassVar[tuple[str, ...]]
    name: str
    message: str

    def __init__(self, name: str, message: str) -> None: ...


class LineDialect:
    """A dialect whose frames are lines both ways, and whose errors are lines of `server`."""

    echoes = False
    needs_token = False
    admits_visitors = False

    def __init__(self, name: str, path: str, line: type[Line]) -> None:
        self.name = name
        self.path = path
        self._line = line
        self._decoder = msgspec.json.Decoder(line)
        self._encode = msgspec.json.Encoder().encode
        self.shape = frozenset(line.__struct_encode_fields__)

    def decode(self, frame: str | bytes) -> Command:
        if isinstance(frame, bytes):
            return _BINARY_FRAME
        try:
            line = self._decoder.decode(frame)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return _BAD_FRAME
        # The word and at most one more: a mistyped token is never relayed, and a sentence is one.
        match line.message.split(None, 2):
            case ["auth"]:
                return Authenticate("", line.name)
            case ["auth", token]:
                return Authenticate(token, line.name)
            case ["history"]:
                return _BAD_COUNT
            case ["history", count]:
                return _recall(count, line.name)
        return Say(line.message, line.name)

    def encode(self, event: Event) -> bytes:
        match event:
            case Said(message) if message.kind is MessageKind.TEXT:
                return self._frame(message.sender_name, text_of(message))
            case Authorised(person):
                return self._frame(_SERVER, f"authorised as {person.name}")
            case Refused(refusal):
                return self._frame(_SERVER, refusal.text)
        return b""

    def _frame(self, name: str, message: str) -> bytes:
        return text_frame(self._encode(self._line(name, message)))


def _recall(count: str, claimed: str) -> Command:
    # isdigit() alone also holds for other scripts' digits; a long number need not be read to be refused.
    if not (count.isascii() and count.isdigit() and len(count) < 10 and 1 <= int(count) <= LONGEST_RECALL):
        return _BAD_COUNT
    return Recall(int(count), claimed)
