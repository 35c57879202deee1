"""Support conversations: one's own, and for operators all of them with their assignee and state."""

from msgspec import UNSET, UnsetType, structs

from chat.domain.accounts.visitors import NO_WIDGET
from chat.domain.administration.administration import Wanted
from chat.domain.entities import Peer, Person, SupportOf
from chat.domain.messages.changes import SupportChange
from chat.domain.messages.sync_types import QueuePlace, RoomsAt, milliseconds
from chat.domain.refusals import NO_PERSON, Code, Refusal
from chat.domain.rooms.conversations import NO_VISITOR, may_be_assigned, may_lead, may_operate
from chat.domain.rooms.desk import Desk, desk_now
from chat.domain.rooms.room_rights import RoomAccess
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.support import types
from chat.operations.conversions import as_room, as_sender
from chat.operations.operation import Caller
from chat.operations.room_values import Room
from chat.operations.rooms import as_seen
from chat.operations.sessions import Session, as_session

NO_ADDRESS = Refusal(
    Code.INVALID,
    "nobody is here: leave an email address for the answer",
    field="email",
    reason="visitor_address_needed",
)


async def new_visitor(
    services: EngineServices, caller: Caller, request: types.CreateVisitor
) -> Session | Refusal:
    """Create a visitor, who writes to the operators without an account, and begin a session."""
    device = caller.device
    if request.email is None and (await _desk(services)).away == "form":
        return NO_ADDRESS
    added = await services.visitors.add(
        device.address, name=request.name, email=request.email, page=request.page
    )
    if isinstance(added, Refusal):
        return added
    return as_session(await services.sessions.open_after_change(added, device))


async def support_desk(
    services: EngineServices, _caller: Caller, _request: None
) -> types.SupportDesk | Refusal:
    """Get whether operators are online or away, their greeting, and the largest size of a visitor's file."""
    if not services.visitors.are_welcome:
        return NO_WIDGET
    desk = await _desk(services)
    return types.SupportDesk(
        online=desk.is_staffed,
        away=desk.away,
        opens=None if desk.opens_at is None else milliseconds(desk.opens_at),
        greeting=services.settings.widget_greeting,
        file_bytes=services.uploads.most_bytes,
    )


async def _desk(services: EngineServices) -> Desk:
    """Return what the desk is like now. Where no mailbox takes answers in, nobody is asked for an address."""
    desk = await desk_now(services.settings, services.operator_watch.is_staffed)
    can_mail = services.mail is not None and services.mail.mailbox is not None
    return structs.replace(desk, away="message") if desk.away == "form" and not can_mail else desk


async def own_conversation(services: EngineServices, caller: Caller, _request: None) -> Room | Refusal:
    """Get one's own support conversation; the first call creates it."""
    person = caller.known
    room_id = await services.support.room_of(Peer(person.id, person.name))
    return NO_PERSON if room_id is None else await as_seen(services, person, room_id)


async def conversations(
    services: EngineServices, caller: Caller, request: types.WhichConversations
) -> types.Conversations | Refusal:
    """List the support conversations, as an operator: first those that have waited longest for an answer."""
    person = caller.known
    if refusal := may_operate(person):
        return refusal
    found = await services.timelines.support_queue(
        _place(request.after),
        request.limit + 1,
        is_closed=None if request.state is None else request.state == "closed",
        assignee_id=request.assignee,
    )
    page = [place.room_id for place in found[: request.limit]]
    asked = RoomsAt(person.id, services.hub.newest_id, tuple(page))
    (seen,) = await services.timelines.snapshots([asked])
    by_id = {room.id: as_room(room) for room in seen}
    return types.Conversations(
        rooms=[by_id[room_id] for room_id in page if room_id in by_id],
        next=_cursor(found[len(page) - 1]) if len(found) > len(page) else None,
    )


async def conversation_counts(
    services: EngineServices, caller: Caller, _request: None
) -> types.ConversationCounts | Refusal:
    """Count the open support conversations of others, as an operator, and their unread messages."""
    if refusal := may_operate(caller.known):
        return refusal
    found = await services.timelines.count_conversations(caller.known.id)
    return types.ConversationCounts(**structs.asdict(found))


async def support_changes(
    services: EngineServices, caller: Caller, request: types.WhichHistory
) -> types.SupportHistory | Refusal:
    """List how a support conversation was claimed, handed over, closed and reopened, as an operator."""
    access = await services.conversations.enter(caller.known, request.room)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, caller.known):
        return refusal
    return types.SupportHistory(
        changes=[
            types.SupportStep(
                pos=each.pos,
                at=milliseconds(each.created_at),
                state="closed" if each.is_closed else "open",
                assignee=each.assignee and as_sender(each.assignee),
                by=each.actor_id,
            )
            for each in await services.timelines.support_changes(request.room, request.limit)
        ]
    )


async def change_support(
    services: EngineServices, caller: Caller, request: types.ChangeSupport
) -> Room | Refusal:
    """Claim, assign, close or reopen a support conversation, or block its visitor, as an operator."""
    person = caller.known
    assignee = await _assignee(services, request)
    if isinstance(assignee, Refusal):
        return assignee
    access = await services.conversations.enter(person, request.room)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, person):
        return refusal
    if request.blocked is not UNSET:
        blocked = await _block(services, access, person, is_blocked=request.blocked)
        if isinstance(blocked, Refusal):
            return blocked
        # The access was checked before the visitor was changed, so check it again.
        access = await services.conversations.enter(person, request.room)
        if isinstance(access, Refusal):
            return access
        if refusal := may_lead(access, person):
            return refusal
    state = "closed" if request.blocked is True and request.state is UNSET else request.state
    # No await between the check and the journal: otherwise the right could be lost in between.
    change = SupportChange(
        request.room,
        person.id,
        current_time(),
        access.people,
        UNSET if state is UNSET else state == "closed",
        assignee,
        request.was,
    )
    outcome = await services.writes.write(change)
    return outcome if isinstance(outcome, Refusal) else await as_seen(services, person, request.room)


async def _block(
    services: EngineServices, access: RoomAccess, operator: Person, *, is_blocked: bool
) -> Person | Refusal:
    """Block or unblock the conversation's visitor, and new visitors from the addresses of their sessions.

    It is recorded in the audit.
    """
    assert isinstance(access.people, SupportOf)  # may_lead() has checked it
    visitor = await services.administration.person(access.people.person.id)
    if isinstance(visitor, Refusal):
        return visitor
    if not visitor.is_visitor:
        return NO_VISITOR
    known = await services.sessions.of_person(visitor)
    wanted = Wanted(disabled=is_blocked)
    changed = await services.administration.change(visitor.id, wanted, operator)
    if not isinstance(changed, Refusal):
        services.visitors.block([each.address for each in known], is_blocked=is_blocked)
    return changed


async def _assignee(
    services: EngineServices, request: types.ChangeSupport
) -> Peer | UnsetType | Refusal | None:
    """Return the wanted assignee, by id and name."""
    if request.assignee is UNSET or request.assignee is None:
        return request.assignee
    person = await services.accounts.person(request.assignee)
    if refusal := may_be_assigned(person):
        return refusal
    assert person is not None
    return Peer(person.id, person.name)


def _place(after: str) -> QueuePlace:
    return QueuePlace(*map(int, after.split("."))) if after else QueuePlace(0, 0, 0)


def _cursor(place: QueuePlace) -> str:
    return f"{place.rank}.{place.number}.{place.room_id}"
