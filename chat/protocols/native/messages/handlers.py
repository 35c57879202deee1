"""Messages: reading, sending, editing, deleting, reactions and read marks. Writes are answered after their commit."""

from chat.application import messages
from chat.domain.entities import Message
from chat.domain.messages.live import HasRead
from chat.domain.messages.outcomes import Outcome, Repeated
from chat.domain.messages.reading import ReadMark, may_share_reads
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import NO_MESSAGE, NO_ROOM, Code, Refusal
from chat.domain.rooms.room_history import MOST_TEXTS, HistoryQuery
from chat.operations import room_values
from chat.operations.conversions import as_message, as_new_message
from chat.operations.operation import AlreadyDone, Caller
from chat.operations.read_cost import MESSAGE_OVERHEAD, charge_read
from chat.protocols.native.messages import types
from chat.protocols.services import Services

_ONE_OF_THREE = Refusal(
    Code.INVALID, "before, after and around exclude each other", reason="bad_history_query"
)


async def history(services: Services, caller: Caller, request: types.History) -> types.Messages | Refusal:
    """Read messages of a room in their current state."""
    person = caller.known
    if sum(each is not None for each in (request.before, request.after, request.around)) > 1:
        return _ONE_OF_THREE
    access = await services.conversations.enter(person, request.room)
    if isinstance(access, Refusal):
        return access
    asked = HistoryQuery(
        before=request.before, after=request.after, around=request.around, limit=request.limit
    )
    found = await services.room_history.page(person.id, access.room, asked, services.hub.newest_id)
    if isinstance(found, Refusal):
        return found
    page = found.page.messages
    charge_read(services.budgets, caller, page, request.limit)
    return types.Messages(
        messages=[as_message(message) for message in page],
        pos=found.page.pos,
        first=found.is_first,
        last=found.is_last,
    )


async def say(
    services: Services, caller: Caller, request: types.CreateMessage
) -> room_values.Message | AlreadyDone | Refusal:
    """Send a message; repeating it with the same key saves it once."""
    person = caller.known
    draft = messages.draft(
        person, request.room, request.text, request.key, reply=request.reply, files=request.files
    )
    if isinstance(draft, Refusal):
        return draft
    match await messages.send(services, person, draft):
        case Refusal() as refusal:
            return refusal
        case messages.SentBefore(message):
            return AlreadyDone(as_new_message(message, request.key))
        case Repeated(message):
            now = await _now_as_it_is(services, caller, message.room_id, message.seq)
            return now if isinstance(now, Refusal) else AlreadyDone(now)
        case outcome:
            assert isinstance(outcome, Message)
            return as_new_message(outcome, request.key)


async def edit(
    services: Services, caller: Caller, request: types.ChangeMessage
) -> room_values.Message | Refusal:
    """Edit the text of one's own message."""
    outcome = await messages.edit(services, caller.known, request.room, request.seq, request.text)
    return await _changed(services, caller, request, outcome)


async def delete(
    services: Services, caller: Caller, request: room_values.WhichMessage
) -> room_values.Message | Refusal:
    """Delete a message; its number stays, its text is erased."""
    outcome = await messages.delete(services, caller.known, request.room, request.seq)
    return await _changed(services, caller, request, outcome)


async def react(services: Services, caller: Caller, request: types.React) -> room_values.Message | Refusal:
    """React to a message with an emoji."""
    return await _react(services, caller, request, is_on=True)


async def take_back(
    services: Services, caller: Caller, request: types.React
) -> room_values.Message | Refusal:
    """Remove one's own reaction."""
    return await _react(services, caller, request, is_on=False)


async def switch_reaction(
    services: Services, caller: Caller, request: types.SwitchReaction
) -> room_values.Message | Refusal:
    """Add or remove one's own reaction to a message."""
    return await _react(services, caller, request, is_on=request.on)


async def _react(
    services: Services, caller: Caller, request: types.React, *, is_on: bool
) -> room_values.Message | Refusal:
    outcome = await messages.react(
        services, caller.known, request.room, request.seq, request.emoji, is_on=is_on
    )
    return await _changed(services, caller, request, outcome)


async def mark_read(services: Services, caller: Caller, request: types.ReadUpTo) -> types.Counts | Refusal:
    """Set one's own read mark in a room."""
    person = caller.known
    access = await services.conversations.enter(person, request.room)
    if isinstance(access, Refusal):
        return access
    mark = ReadMark(request.seq, request.back)
    if request.back:  # earlier own messages and marks still to be written would move it forward again
        await services.cluster.wait_read_marks_written_everywhere(person.id)
        await services.writes.wait_settled(person.id)
        await services.read_marks.forget(request.room, person.id)
    await services.timelines.mark_read({(request.room, person.id): mark})
    rooms = await services.catch_up.snapshots(person.id, services.hub.newest_id, [request.room])
    if not rooms:
        return NO_ROOM
    (room,) = rooms
    if request.back or room.read <= request.seq:  # else nothing has changed
        is_shared = person.share_reads and may_share_reads(room.kind, room.members)
        notice = HasRead(
            request.room,
            access.people,
            person.id,
            room.read,
            room.unread,
            room.mentions,
            is_shared,
            is_back=request.back,
        )
        services.notices.publish(notice, caller.socket)
    return types.Counts(read=room.read, unread=room.unread, mentions=room.mentions)


async def edits(
    services: Services, caller: Caller, request: room_values.WhichMessage
) -> types.Edits | Refusal:
    """Read all texts of a message, before and after its edits; a deleted message has none."""
    person = caller.known
    access = await services.conversations.enter(person, request.room)
    if isinstance(access, Refusal):
        return access
    texts = await services.room_history.texts(person.id, request.room, request.seq)
    if isinstance(texts, Refusal):
        return texts
    size = sum(len(each.text.encode()) + MESSAGE_OVERHEAD for each in texts)
    services.budgets.was_read(person.id, caller.device.address, size, MOST_TEXTS)
    return types.Edits(edits=[types.Edit(at=milliseconds(each.created_at), text=each.text) for each in texts])


async def mentions(services: Services, caller: Caller, request: types.Mentions) -> room_values.Hits:
    """List the messages of one's own rooms that mention one, newest first."""
    person = caller.known
    found = await services.room_history.mentions(person.id, request.after, request.limit)
    charge_read(services.budgets, caller, found.messages, request.limit)
    hits = [room_values.Hit(message=as_message(message)) for message in found.messages]
    return room_values.Hits(hits=hits, next=found.messages[-1].id if found.may_have_more else None)


async def _changed(
    services: Services, caller: Caller, request: room_values.WhichMessage, outcome: Outcome
) -> room_values.Message | Refusal:
    """Return the message's state after a change."""
    if isinstance(outcome, Refusal):
        return outcome
    return await _now_as_it_is(services, caller, request.room, request.seq)


async def _now_as_it_is(
    services: Services, caller: Caller, room_id: int, seq: int
) -> room_values.Message | Refusal:
    now = await services.room_history.message(caller.known.id, room_id, seq)
    return NO_MESSAGE if isinstance(now, Refusal) else as_message(now)
