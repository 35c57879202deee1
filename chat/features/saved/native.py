"""Saved messages in the native protocol: over HTTP, on the socket, and the event for one's other sessions."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chat.domain.messages.live import OwnEvent
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.room_history import ANSWER_BYTES, LONGEST_JSON
from chat.engine.services import EngineServices
from chat.features.saved import reminders, use_cases
from chat.features.saved.reminder_native import Reminder
from chat.features.saved.use_cases import MOST_SAVED
from chat.operations.conversions import as_message
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.read_cost import charge_read
from chat.operations.room_values import Message, Seq, WhichMessage
from chat.operations.values import PLACE, Id, Limit, Time, Value

_EVER = 2**63 - 1


class SwitchSaved(WhichMessage, kw_only=True, frozen=True):
    """A message to save, or to remove from what one has saved."""

    on: bool = True


class SavedNow(Value, kw_only=True, frozen=True, omit_defaults=False):
    """Whether one has saved the message now."""

    saved: bool


class WhichSaved(Value, kw_only=True, frozen=True):
    """A page of one's saved messages."""

    after: Annotated[Id, Meta(description=PLACE)] | None = None
    limit: Limit = 50


class SavedMessage(Value, kw_only=True, frozen=True):
    """A saved message in its current state, when one saved it, and when one is reminded of it.

    `due`: that time has come, and one has not done anything about it.
    """

    at: Time
    message: Message
    remind_at: Time | None = None
    due: bool = False


class SavedMessages(Value, kw_only=True, frozen=True):
    """One's saved messages, the last saved, or reminded of, first.

    If there may be more, `next` is the `after` of the next page. Messages that are deleted, or in rooms that one may
    not read now, are left out.
    """

    saved: list[SavedMessage]
    next: Id | None = None


class SavedInRoom(Value, kw_only=True, frozen=True):
    """The messages of one room that one has saved."""

    room: Id
    seqs: list[Seq]


class SavedPlaces(Value, kw_only=True, frozen=True):
    """The numbers of all messages that one has saved, by room, and all reminders; also of rooms that one has left."""

    rooms: Annotated[list[SavedInRoom], Meta(max_length=MOST_SAVED)]
    reminders: Annotated[tuple[Reminder, ...], Meta(max_length=MOST_SAVED)] = ()


class SavedEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="saved"):
    """The person has saved a message, or removed it again, in some session."""

    room: Id
    seq: Seq
    on: bool = True


async def save(services: EngineServices, caller: Caller, request: WhichMessage) -> SavedNow | Refusal:
    """Save a message for later."""
    return await _switch(services, caller, request, is_on=True)


async def unsave(services: EngineServices, caller: Caller, request: WhichMessage) -> SavedNow | Refusal:
    """Remove a message from what one has saved."""
    return await _switch(services, caller, request, is_on=False)


async def switch_saved(services: EngineServices, caller: Caller, request: SwitchSaved) -> SavedNow | Refusal:
    """Save a message for later, or remove it from what one has saved."""
    return await _switch(services, caller, request, is_on=request.on)


async def saved(services: EngineServices, caller: Caller, request: WhichSaved) -> SavedMessages:
    """List the messages that one has saved."""
    before = _EVER if request.after is None else request.after
    found = await use_cases.saved(services, caller.known, before, request.limit + 1)
    page = found[: request.limit]
    size = charge_read(services.budgets, caller, [each.message for each in page], request.limit)
    may_have_more = len(found) > request.limit or (page != [] and size + LONGEST_JSON > ANSWER_BYTES)
    return SavedMessages(
        saved=[
            SavedMessage(
                at=milliseconds(each.saved_at),
                message=as_message(each.message),
                remind_at=None if each.remind_at is None else milliseconds(each.remind_at),
                due=each.is_due,
            )
            for each in page
        ],
        next=page[-1].id if may_have_more else None,
    )


async def saved_places(services: EngineServices, caller: Caller, _request: None) -> SavedPlaces:
    """List the numbers of all messages that one has saved, and all reminders."""
    found = await use_cases.places(services, caller.known)
    set_ = await reminders.reminders(services, caller.known)
    return SavedPlaces(
        rooms=[SavedInRoom(room=room, seqs=seqs) for room, seqs in found.items()],
        reminders=tuple(
            Reminder(room=each.room_id, seq=each.seq, at=milliseconds(each.at), due=each.is_due)
            for each in set_
        ),
    )


async def _switch(
    services: EngineServices, caller: Caller, request: WhichMessage, *, is_on: bool
) -> SavedNow | Refusal:
    where = caller.known, request.room, request.seq
    if is_on:
        if refusal := await use_cases.save(services, *where):
            return refusal
    else:
        await use_cases.remove(services, *where)
    # No await between here and the person's sockets.
    event = SavedEvent(room=request.room, seq=request.seq, on=is_on)
    services.notices.publish(OwnEvent(caller.known.id, msgspec.json.encode(event).decode()))
    return SavedNow(saved=is_on)


_REFUSED = (*NO_ACCESS, Code.TOO_MANY, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="saved",
        method="GET",
        path="/me/saved",
        request=WhichSaved,
        reply=SavedMessages,
        cost=Cost.PAGE,
        handler=saved,
    ),
    Operation(
        name="saved_places",
        method="GET",
        path="/me/saved/places",
        reply=SavedPlaces,
        handler=saved_places,
    ),
    Operation(
        name="save",
        method="PUT",
        path="/me/saved/{room}/{seq}",
        request=WhichMessage,
        reply=SavedNow,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=save,
    ),
    Operation(
        name="unsave",
        method="DELETE",
        path="/me/saved/{room}/{seq}",
        request=WhichMessage,
        reply=SavedNow,
        cost=Cost.MESSAGE,
        refuses=(Code.OUTCOME_UNKNOWN,),
        handler=unsave,
    ),
    Operation(
        name="switch_saved",
        on_socket="save",
        request=SwitchSaved,
        reply=SavedNow,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=switch_saved,
    ),
)
