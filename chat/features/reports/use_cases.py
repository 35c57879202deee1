"""The use cases of reports: anybody reports what they can read; moderators of the server handle it.

A report shows its quote to every moderator, also from a room that they may not read, and nothing more of that room.
What a moderator does about it needs the right to do so there. Each function may raise StorageDown, those that write
OutcomeUnknown too.
"""

from collections.abc import Sequence

import msgspec

from chat.application import members, messages
from chat.domain.administration.administration import Wanted
from chat.domain.entities import Person, Room, RoomKind
from chat.domain.refusals import ALREADY_IN, NOT_ADMIN, Refusal
from chat.domain.rooms.membership import AccessRecord, RoomRole, may_see
from chat.domain.rooms.room_rights import RoomAccess, may_remove, moderates
from chat.engine.services import EngineServices
from chat.features.reports.port import (
    HANDLED_ALREADY,
    NOT_MODERATOR,
    REPORTS,
    Done,
    Reported,
    ReportedMessage,
)


class Shown(msgspec.Struct, frozen=True):
    """A reported message as one moderator sees it. `room` is None if it was deleted.

    `is_readable`: they may read the room. `may` is what they may do about it.
    """

    reported: ReportedMessage
    room: Room | None
    is_readable: bool
    may: Done


async def report(
    services: EngineServices, person: Person, room_id: int, seq: int, reason: str, comment: str
) -> Reported | Refusal:
    """Report a message of a room that the person may read. Cancelling: it is reported, or not."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[REPORTS].report(person.id, room_id, seq, reason, comment)


async def page(
    services: EngineServices, person: Person, before_id: int, limit: int, *, handled: bool
) -> list[Shown] | Refusal:
    """Return reported messages for a moderator, the last first."""
    if refusal := may_handle(person):
        return refusal
    found = await services.feature_ports[REPORTS].page(person.id, before_id, limit, handled=handled)
    return [await _shown(services, person, each) for each in found]


async def count(services: EngineServices, person: Person) -> int | Refusal:
    """Return how many reported messages a moderator has to handle, up to 100."""
    return may_handle(person) or await services.feature_ports[REPORTS].count(person.id)


async def handle(
    services: EngineServices, person: Person, reported_id: int, wanted: Done
) -> tuple[Shown, Sequence[int]] | Refusal:
    """Do these deeds on a reported message, and close its reports; none: dismiss them.

    Returns the message as it is then, and whom to notify. A refused deed leaves the reports open, with the deeds
    before it done. Cancelling: some of it may be done; to ask again does the rest.
    """
    if refusal := may_handle(person):
        return refusal
    reports = services.feature_ports[REPORTS]
    found = await reports.find(person.id, reported_id)
    if isinstance(found, Refusal):
        return found
    if found.handled is not None:
        return HANDLED_ALREADY
    if refusal := await _do(services, person, found, wanted):
        return refusal
    notified = await reports.close(person.id, reported_id, wanted)
    if isinstance(notified, Refusal):
        return notified
    now = await reports.find(person.id, reported_id)
    return now if isinstance(now, Refusal) else (await _shown(services, person, now), notified)


def may_handle(person: Person) -> Refusal | None:
    """Whether the person handles reports. Sync and pure."""
    return None if person.is_moderator or person.is_admin else NOT_MODERATOR


async def _do(
    services: EngineServices, person: Person, found: ReportedMessage, wanted: Done
) -> Refusal | None:
    if wanted.disabled and not person.is_admin:
        return NOT_ADMIN
    if wanted.deleted and not found.is_deleted:
        outcome = await messages.delete(services, person, found.room_id, found.seq)
        if isinstance(outcome, Refusal):
            return outcome
    if wanted.banned:
        banned = await members.put(services, person, found.room_id, found.author.id, RoomRole.BANNED)
        if banned not in (None, ALREADY_IN):
            return banned
    if wanted.disabled:
        changed = await services.administration.change(found.author.id, Wanted(disabled=True), person)
        if isinstance(changed, Refusal):
            return changed
    return None


async def _shown(services: EngineServices, person: Person, reported: ReportedMessage) -> Shown:
    record = await services.conversations.access(person, reported.room_id)
    author = await services.accounts.person(reported.author.id)
    is_readable = record is not None and may_see(record.room, person, record.role)
    access = _access(record) if record is not None and is_readable else None
    leads = access is not None and moderates(access, person)
    can_ban = False
    if access is not None and leads and author is not None and access.room.kind is RoomKind.ROOM:
        role = await services.conversations.role_of(author.id, reported.room_id)
        is_free = role is not RoomRole.BANNED and not author.is_visitor
        can_ban = is_free and may_remove(access, person, author.id, role) is None
    may = Done(
        deleted=leads and not reported.is_deleted,
        banned=can_ban,
        disabled=person.is_admin and author is not None and not author.is_disabled,
    )
    return Shown(reported, None if record is None else record.room, is_readable, may)


def _access(record: AccessRecord) -> RoomAccess:
    return RoomAccess(record.room, record.role or RoomRole.MEMBER, record.people)
