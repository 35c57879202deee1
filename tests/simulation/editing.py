"""A protocol of the simulation with keys, edits, deletions and reactions, in a room of its own.

So the worlds try both through journal, log and hub, between the messages of all others.
"""

import time

import msgspec
import trio

from chat.domain.entities import Draft, Message
from chat.domain.messages.changes import Deleted, Deletion, Edit, Edited, Reacted, Reaction, Write
from chat.domain.messages.outcomes import KeyUsed, Outcome, Repeated, Unchanged
from chat.domain.refusals import Code, Refusal
from chat.engine.dialect import Command, Greet
from chat.engine.events import Event, Said
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import Session
from chat.frames import text_frame
from chat.protocols.client import Client
from chat.protocols.protocol import ChatProtocol

EMOJI = "👍"


class Request(Command, frozen=True):
    """One frame of a client: `do` is send, edit, delete, react or take back."""

    do: str
    number: int
    key: str = ""
    seq: int = 0
    text: str = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a request."""

    number: int
    outcome: str
    seq: int = 0
    pos: int = 0


class Heard(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of the room: `kind` is said, edited, deleted or reacted."""

    kind: str
    pos: int
    seq: int
    text: str = ""
    count: int = 0


class EditingDialect:
    """JSON both ways."""

    name = "editing"
    path = "/editing"
    shape = frozenset({"do"})
    echoes = True
    needs_token = True
    admits_visitors = False

    def decode(self, frame: str | bytes) -> Command:
        try:
            return msgspec.json.decode(frame, type=Request)
        except (msgspec.MsgspecError, ValueError):
            return Request("nothing", 0)

    def encode(self, event: Event) -> bytes:
        match event:
            case Said(message):
                return _frame(Heard("said", message.pos, message.seq, message.text))
            case Edited():
                return _frame(Heard("edited", event.pos, event.seq, event.text))
            case Deleted():
                return _frame(Heard("deleted", event.pos, event.seq))
            case Reacted():
                return _frame(Heard("reacted", event.pos, event.seq, count=event.count))
        return b""


EDITING = EditingDialect()


def _frame(body: msgspec.Struct) -> bytes:
    return text_frame(msgspec.json.encode(body))


class Answering:
    """The submitter of one request."""

    def __init__(self, session: Session, number: int) -> None:
        self._session = session
        self._number = number

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        self._session.send_queue.offer(_frame(self._answer(outcome)))

    def _answer(self, outcome: Outcome) -> Answer:
        match outcome:
            case Message():
                return Answer(self._number, "saved", outcome.seq, outcome.pos)
            case Edited() | Deleted() | Reacted():
                return Answer(self._number, "changed", outcome.seq, outcome.pos)
            case Repeated(message):
                return Answer(self._number, "again", message.seq, message.pos)
            case KeyUsed(message=message):
                return Answer(self._number, "conflict", message.seq, message.pos)
            case Unchanged(pos):
                return Answer(self._number, "unchanged", pos=pos)
            case Refusal(code):
                known = {Code.NOT_FOUND: "gone", Code.UNAVAILABLE: "refused", Code.OUTCOME_UNKNOWN: "unsure"}
                return Answer(self._number, known[code])


class Editor(Client):
    """One connection: it hears the room, and writes to it whatever it asks for."""

    __slots__ = ("_room_id",)

    def __init__(self, session: Session, room_id: int) -> None:
        super().__init__(session)
        self._room_id = room_id

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        await trio.lowlevel.checkpoint()
        self.session.subscriptions.subscribe(self._room_id, EDITING)
        self.session.send_queue.offer(_frame(Answer(0, "hello")))

    async def ask(self, request: Request, _nursery: trio.Nursery) -> None:
        write = self._write(request)
        if write is None:
            return await trio.lowlevel.checkpoint()
        session = self.session
        return await session.context.journal.submit(
            write, Answering(session, request.number), session.subscriptions
        )

    def _write(self, request: Request) -> Write | None:
        person, now, room_id, seq = self.session.person, round(time.time(), 6), self._room_id, request.seq
        assert person is not None
        match request.do:
            case "send":
                return Draft(room_id, person.id, person.name, request.text, now, key=request.key)
            case "edit":
                return Edit(room_id, seq, person.id, request.text, now)
            case "delete":
                return Deletion(room_id, seq, person.id, now)
            case "react" | "take back":
                return Reaction(room_id, seq, person.id, EMOJI, request.do == "react", now)
        return None

    handlers = command_handlers(on(Greet, greet), on(Request, ask))


def editing_in(room_id: int) -> ChatProtocol:
    """Return the protocol, whose clients are all in this room."""
    return ChatProtocol(EDITING, lambda _services: lambda session: Editor(session, room_id))
