"""Private notes in the native protocol: over HTTP, and the event for the sockets of operators."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.notes import port, use_cases
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.room_values import Sender, Seq
from chat.operations.values import PLACE, Id, Limit, Time, Value

_EVER = 2**63 - 1

_Text = Annotated[str, Meta(description="1 to 4,000 characters")]


class Note(Value, kw_only=True, frozen=True):
    """A private note of an operator, which stands behind the message `seq` of the conversation."""

    id: Id
    seq: Seq
    at: Time
    by: Sender
    text: _Text


class WhichNotes(Value, kw_only=True, frozen=True):
    """A page of the notes of a support conversation."""

    room: Id
    after: Annotated[Id, Meta(description=PLACE)] | None = None
    limit: Limit = 50


class NotesPage(Value, kw_only=True, frozen=True):
    """Notes, the newest first. If there are more, `next` is the `after` of the next page."""

    notes: list[Note]
    next: Id | None = None


class AddNote(Value, kw_only=True, frozen=True):
    """A note behind the newest message of a support conversation."""

    room: Id
    text: _Text


class WhichNote(Value, kw_only=True, frozen=True):
    """A note of a support conversation."""

    room: Id
    note: Id


class NotesEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="notes"):
    """An operator has added or removed a note of the conversation. Only operators get it."""

    room: Id


async def notes(services: EngineServices, caller: Caller, request: WhichNotes) -> NotesPage | Refusal:
    """List the private notes of a support conversation, as an operator."""
    before = _EVER if request.after is None else request.after
    found = await use_cases.page(services, caller.known, request.room, before, request.limit + 1)
    if isinstance(found, Refusal):
        return found
    page = found[: request.limit]
    return NotesPage(
        notes=[_note(each) for each in page], next=page[-1].id if len(found) > len(page) else None
    )


async def add_note(services: EngineServices, caller: Caller, request: AddNote) -> Note | Refusal:
    """Add a private note to a support conversation, as an operator."""
    event = _event(request.room)
    added = await use_cases.add(services, caller.known, request.room, request.text, event)
    return added if isinstance(added, Refusal) else _note(added)


async def remove_note(services: EngineServices, caller: Caller, request: WhichNote) -> Refusal | None:
    """Remove a private note of one's own, as an operator; who is an admin too, also another's."""
    event = _event(request.room)
    return await use_cases.remove(services, caller.known, request.room, request.note, event)


def _note(note: port.Note) -> Note:
    by = Sender(id=note.author.id, name=note.author.name)
    return Note(id=note.id, seq=note.seq, at=milliseconds(note.created_at), by=by, text=note.text)


def _event(room_id: int) -> str:
    return msgspec.json.encode(NotesEvent(room=room_id)).decode()


OPERATIONS = (
    Operation(
        name="notes",
        method="GET",
        path="/support/{room}/notes",
        request=WhichNotes,
        reply=NotesPage,
        cost=Cost.PAGE,
        refuses=NO_ACCESS,
        handler=notes,
    ),
    Operation(
        name="add_note",
        method="POST",
        path="/support/{room}/notes",
        request=AddNote,
        reply=Note,
        status=201,
        cost=Cost.TEXT,
        refuses=(Code.INVALID, *NO_ACCESS, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=add_note,
    ),
    Operation(
        name="remove_note",
        method="DELETE",
        path="/support/{room}/notes/{note}",
        request=WhichNote,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.OUTCOME_UNKNOWN),
        handler=remove_note,
    ),
)
