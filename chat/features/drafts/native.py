"""Drafts in the native protocol: over HTTP, on the socket, and the event for one's other sessions."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chat.domain.messages.live import OwnEvent
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import NO_ROOM, Refusal
from chat.engine.services import EngineServices
from chat.features.drafts import use_cases
from chat.features.drafts.use_cases import MOST_DRAFTS, TypedDraft
from chat.operations.operation import REFUSED_WRITES, Caller, Cost, Operation
from chat.operations.room_values import Seq
from chat.operations.values import Id, Time, Value

_Text = Annotated[str, Meta(max_length=4000, description="As it was typed; empty: there is nothing any more")]
_Device = Annotated[str, Meta(max_length=64, description="Chosen by the client; the event has it")]


class SaveDraft(Value, kw_only=True, frozen=True):
    """A text that was typed `age` milliseconds ago, in a room, or in the thread whose first message is `thread`."""

    room: Id
    thread: Seq | None = None
    text: _Text = ""
    reply: Seq | None = None
    age: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    device: _Device = ""


class Draft(Value, kw_only=True, frozen=True):
    """A text that was typed and not sent."""

    room: Id
    thread: Seq | None = None
    text: _Text = ""
    reply: Seq | None = None
    at: Time


class DraftList(Value, kw_only=True, frozen=True):
    """One's drafts, the last typed first. One with an empty text was sent or deleted."""

    drafts: Annotated[list[Draft], Meta(max_length=MOST_DRAFTS)]


class DraftEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="draft"):
    """The person has typed this on a device, sent it (then the text is empty), or deleted it."""

    room: Id
    thread: Seq | None = None
    text: _Text = ""
    reply: Seq | None = None
    at: Time
    device: _Device = ""


async def save_draft(services: EngineServices, caller: Caller, request: SaveDraft) -> Draft | Refusal:
    """Keep what one has typed, unless one has typed later elsewhere; the reply is the draft that is kept."""
    kept = await use_cases.save(
        services,
        caller.known,
        request.room,
        request.thread or 0,
        request.text,
        request.reply,
        request.age / 1000,
    )
    if kept is None or isinstance(kept, Refusal):
        return kept or NO_ROOM
    draft = _draft(kept)
    if (kept.text, kept.reply) == (request.text, request.reply):
        # No await between here and the person's sockets.
        event = DraftEvent(
            room=draft.room,
            thread=draft.thread,
            text=draft.text,
            reply=draft.reply,
            at=draft.at,
            device=request.device,
        )
        services.notices.publish(OwnEvent(caller.known.id, msgspec.json.encode(event).decode()))
    return draft


async def drafts(services: EngineServices, caller: Caller, _request: None) -> DraftList:
    """List one's drafts."""
    found = await use_cases.drafts(services, caller.known)
    return DraftList(drafts=[_draft(each) for each in found[:MOST_DRAFTS]])


def _draft(kept: TypedDraft) -> Draft:
    return Draft(
        room=kept.room_id,
        thread=kept.thread or None,
        text=kept.text,
        reply=kept.reply,
        at=max(milliseconds(kept.typed_at), 0),
    )


OPERATIONS = (
    Operation(name="drafts", method="GET", path="/me/drafts", reply=DraftList, handler=drafts),
    Operation(
        name="save_draft",
        method="PUT",
        path="/rooms/{room}/draft",
        on_socket="save_draft",
        request=SaveDraft,
        reply=Draft,
        cost=Cost.MESSAGE,
        refuses=REFUSED_WRITES,
        handler=save_draft,
    ),
)
