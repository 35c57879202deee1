"""Direct: `{"from", "to", "content"}` by id, a spoken greeting, and `ping`."""

import msgspec

from chat.domain.entities import Pair
from chat.domain.messages.files import text_of
from chat.domain.refusals import BAD_FRAME, BINARY_FRAME
from chat.engine.dialect import Command
from chat.engine.events import Event, Pong, Refused, Said, Welcome
from chat.frames import text_frame
from chat.protocols.client import Misunderstood
from chat.protocols.direct.commands import Ping, Send


class DirectMessage(msgspec.Struct, rename={"sender": "from"}):
    """A message with its sender and recipient; ids of people or guests."""

    sender: int
    to: int
    content: str


class DirectError(msgspec.Struct, omit_defaults=True):
    """A refusal, with the recipient's id if it concerns the recipient."""

    error: str
    to: int | None = None


class DirectDialect:
    """A message reaches every connection of its addressee, and nobody else."""

    name = "direct"
    path = "/direct"
    shape = frozenset({"from", "to", "content"})
    echoes = True  # what somebody sends to themselves they hear
    needs_token = False
    admits_visitors = False

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(DirectMessage)

    def decode(self, frame: str | bytes) -> Command:
        if isinstance(frame, bytes):
            return Misunderstood(BINARY_FRAME)
        if frame.strip() == "ping":
            return Ping()
        try:
            message = self._decoder.decode(frame)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return Misunderstood(BAD_FRAME)
        return Send(message.sender, message.to, message.content)

    def encode(self, event: Event) -> bytes:
        match event:
            case Said(message) if type(message.people) is Pair:
                to = message.people.other_than(message.sender_id)
                return _frame(DirectMessage(message.sender_id, to, text_of(message)))
            case Welcome(client_id):
                return text_frame(b"Connected with id %d" % client_id)
            case Pong():
                return text_frame(b"pong")
            case Refused(refusal, ref):
                return _frame(DirectError(refusal.text, ref if isinstance(ref, int) else None))
        return b""


_encode = msgspec.json.Encoder().encode


def _frame(body: object) -> bytes:
    return text_frame(_encode(body))


DIRECT = DirectDialect()
