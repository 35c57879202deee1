"""Support desk: `{"method", "params", "id"}` one way, `{"error", "result", "id"}` the other."""

from typing import Any, TypeGuard

import msgspec

from chat.domain.entities import Conversation, Message
from chat.domain.messages.files import text_of
from chat.domain.refusals import Code, Refusal
from chat.engine.dialect import Command
from chat.engine.events import Event, Overview, Refused, Said, Saved, Transcript
from chat.frames import text_frame
from chat.protocols.support.commands import (
    SupportAnswer,
    SupportAuthenticate,
    SupportHistory,
    SupportMisunderstood,
    SupportOverview,
    SupportSend,
)

_NO_ID = msgspec.Raw(b"null")
_HIGHEST_ID = 2**63 - 1
_DEFAULT_PAGE = 50

_BAD_ARGUMENT = Refusal(Code.INVALID, "Incorrect argument.")
_UNKNOWN_METHOD = Refusal(Code.MALFORMED, "Unknown method.")

_METHODS = {
    "message.auth",
    "message.send",
    "message.operatorSend",
    "message.conversations",
    "message.history",
}

_ERRORS = {
    # The original protocol knows code 1; the others are ours.
    Code.INVALID: (1, "Incorrect argument."),
    Code.NOT_FOUND: (2, "No conversation."),
    Code.FORBIDDEN: (3, "Not permitted."),
    Code.MALFORMED: (4, "Unknown method."),
}
_OTHER_ERROR = 5


class SupportRequest(msgspec.Struct):
    """A request; its id is repeated as it came, also where the rest is of wrong types."""

    method: Any
    params: Any = []
    id: msgspec.Raw = _NO_ID


class SupportMessage(msgspec.Struct):
    """A message as the original protocol has it; `created` is Unix seconds."""

    message_id: int
    message_text: str
    invader_name: str
    is_from_support: bool
    created: int


class DeskMessage(SupportMessage):
    """A message as operators hear it: with the person whose conversation it is in."""

    user_id: int
    user_name: str


class SupportDialect:
    """The person's side, and all requests."""

    name = "support"
    path = "/support"
    shape = frozenset({"method", "params"})
    echoes = False
    needs_token = False
    admits_visitors = True

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(SupportRequest)

    def decode(self, frame: str | bytes) -> Command:
        if isinstance(frame, bytes):
            return SupportMisunderstood(_BAD_ARGUMENT, _NO_ID)
        try:
            request = self._decoder.decode(frame)
            msgspec.json.decode(request.id)  # Raw skips over what it does not check
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return SupportMisunderstood(_BAD_ARGUMENT, _NO_ID)
        return _command(request.method, request.params, request.id)

    def encode(self, event: Event) -> bytes:
        match event:
            case Said(message):
                return _frame(None, {"message": _message(message)}, message.id)
            case Saved(message, ref):
                return _frame(None, {"message": _message(message)}, ref)
            case Transcript(messages, ref):
                return _frame(None, {"messages": [_message(m) for m in messages] or None}, ref)
            case Overview(conversations, ref):
                return _frame(None, {"conversations": [_conversation(c) for c in conversations]}, ref)
            case Refused(refusal, ref):
                code, text = _ERRORS.get(refusal.code, (_OTHER_ERROR, refusal.text))
                return _frame({"code": code, "message": text}, None, ref or _NO_ID)
        return b""


class DeskEncoder:
    """The operators' side: every message comes with whose conversation it is in."""

    echoes = False

    def encode(self, event: Event) -> bytes:
        if isinstance(event, Said) and event.message.peer is not None:
            return _frame(None, {"message": desk_message(event.message)}, event.message.id)
        return b""


def _command(method: object, params: object, ref: msgspec.Raw) -> Command:
    match method, params:
        case "message.auth", [str(token)]:
            return SupportAuthenticate(token, ref)
        case "message.send", [str(text)]:
            return SupportSend(text, ref)
        case "message.operatorSend", [str(text)]:
            return SupportAnswer(text, None, ref)
        case "message.operatorSend", [str(text), person] if _is_person(person):
            return SupportAnswer(text, person, ref)
        case "message.conversations", []:
            return SupportOverview(ref)
        case "message.history", [person, *page] if _is_person(person) and len(page) <= 2 and _are_ids(page):
            before, limit = [*page, *(0, _DEFAULT_PAGE)[len(page) :]]
            return SupportHistory(person, before, limit, ref)
    unknown = isinstance(method, str) and method not in _METHODS
    return SupportMisunderstood(_UNKNOWN_METHOD if unknown else _BAD_ARGUMENT, ref)


def _is_person(value: object) -> TypeGuard[int | str]:
    return _are_ids([value]) or (isinstance(value, str) and "\0" not in value)


def _are_ids(values: list[object]) -> TypeGuard[list[int]]:
    # A bool is an int to Python, and not to JSON.
    return all(type(value) is int and 0 <= value <= _HIGHEST_ID for value in values)


def _message(message: Message) -> SupportMessage:
    return SupportMessage(*_fields(message))


def desk_message(message: Message) -> DeskMessage:
    """Return a message as operators see it; its peer must be known."""
    assert message.peer is not None
    return DeskMessage(*_fields(message), user_id=message.peer.id, user_name=message.peer.name)


def _fields(message: Message) -> tuple[int, str, str, bool, int]:
    from_support = message.peer is not None and message.sender_id != message.peer.id
    name = message.sender_name if from_support else ""
    return message.id, text_of(message), name, from_support, int(message.created_at)


def _conversation(conversation: Conversation) -> dict[str, object]:
    return {
        "user_id": conversation.person_id,
        "user_name": conversation.person_name,
        "last_message": _message(conversation.last),
        "unread": conversation.unread,
    }


def _frame(error: object, result: object, ref: object) -> bytes:
    return text_frame(msgspec.json.encode({"error": error, "result": result, "id": ref}))


SUPPORT = SupportDialect()
DESK_ENCODER = DeskEncoder()
