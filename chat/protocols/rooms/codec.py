"""Rooms: typed frames, one room at a time for a connection. Keys are matched in any case."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from chat.caseless import decode_caseless
from chat.domain.entities import Message
from chat.domain.messages.files import text_of
from chat.domain.refusals import Code, Refusal
from chat.engine.dialect import Command
from chat.engine.events import Entered, Event, Refused, Said, Saved, Welcome
from chat.frames import text_frame
from chat.protocols.client import Misunderstood
from chat.protocols.rooms.commands import Enter, Speak

INVALID_OPERATION = Refusal(Code.INVALID, "invalid operation")
INVALID_ROOM = Refusal(Code.NOT_FOUND, "invalid room id")

_HIGHEST_ID = 2**63 - 1


class RoomsRequest(msgspec.Struct):
    """A frame of a client; `Type` decides which other fields count."""

    type: str = msgspec.field(name="Type")
    room_id: int | None = msgspec.field(name="RoomID", default=None)
    text: str | None = msgspec.field(name="Text", default=None)


class RoomsMessage(msgspec.Struct, rename="pascal"):
    """A message of the room: `Type` is `message`, or `join` with an empty text. `Timestamp` is RFC 3339."""

    type: str
    id: int = msgspec.field(name="ID")
    room_id: int = msgspec.field(name="RoomID")
    uid: int = msgspec.field(name="UID")
    text: str
    timestamp: str


class RoomsSent(msgspec.Struct, rename="pascal"):
    """The sender's own message is saved."""

    type: str
    message_id: int = msgspec.field(name="MessageID")
    timestamp: str


class RoomsDialect:
    """Needs a token to connect; everyone in the room receives a message, its sender too."""

    name = "rooms"
    path = "/ws"
    shape = frozenset({"Type"})
    echoes = True
    needs_token = True
    admits_visitors = False

    def decode(self, frame: str | bytes) -> Command:
        if isinstance(frame, bytes):
            return Misunderstood(INVALID_OPERATION)
        try:
            request = decode_caseless(frame, RoomsRequest)
        except msgspec.ValidationError as error:
            return Misunderstood(INVALID_ROOM if "RoomID" in str(error) else INVALID_OPERATION)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return Misunderstood(INVALID_OPERATION)
        match request.type:
            case "enter" if request.room_id is not None and 0 <= request.room_id <= _HIGHEST_ID:
                return Enter(request.room_id)
            case "enter":
                return Misunderstood(INVALID_ROOM)
            case "message" if request.text is not None:
                return Speak(request.text)
        return Misunderstood(INVALID_OPERATION)

    def encode(self, event: Event) -> bytes:
        match event:
            case Said(message):
                return _frame(room_message(message))
            case Saved(message):
                return _frame(RoomsSent("sent", message.id, rfc3339(message.created_at)))
            case Entered() | Welcome():
                return _frame({"Type": "enter"})
            case Refused(refusal):
                return _frame({"Type": "error", "Error": _error(refusal)})
        return b""


def room_message(message: Message) -> RoomsMessage:
    """Return a message as this dialect shows it, on the socket and in `GET /messages`."""
    return RoomsMessage(
        message.kind,
        message.id,
        message.room_id,
        message.sender_id,
        text_of(message),
        rfc3339(message.created_at),
    )


@lru_cache(1024)  # a message's time is written twice: for its sender, and for the others
def rfc3339(seconds: float) -> str:
    """Return Unix seconds, to the microsecond, as RFC 3339 writes them, in UTC."""
    whole, fraction = divmod(seconds, 1.0)
    more, microseconds = divmod(round(fraction * 1_000_000), 1_000_000)
    to_the_second = _to_the_second(int(whole) + more)
    return f"{to_the_second}.{microseconds:06}Z" if microseconds else f"{to_the_second}Z"


@lru_cache(64)  # what is said now is of this second
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")


def _error(refusal: Refusal) -> str:
    """Return one of the six errors that the original has; the clear ones of ours keep their own words."""
    match refusal.code:
        case Code.UNAVAILABLE | Code.OUTCOME_UNKNOWN:
            return "internal error"
        case Code.NOT_FOUND:
            return INVALID_ROOM.text
        case Code.MALFORMED:
            return INVALID_OPERATION.text
    return refusal.text


def _frame(body: object) -> bytes:
    return text_frame(msgspec.json.encode(body))


ROOMS = RoomsDialect()
