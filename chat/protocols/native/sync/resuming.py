"""Sends a resuming client the changes that are in no room's log: read marks, blocks, profiles and member counts."""

from collections.abc import Collection

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.messages.reading import ReadState
from chat.engine.session import Session
from chat.operations.conversions import person_fields
from chat.protocols.native.wire.codec import frame_of
from chat.protocols.native.wire.frames import ReadEvent
from chat.protocols.native.wire.live_frames import BlocksEvent, MembersEvent, PersonEvent
from chat.protocols.services import Services

_EARLIER = 60.0
"""Seconds before the client's newest event from which on changes are sent again, because clocks differ."""

_MOST_PROFILES = 1000
"""The most profiles that are sent: those that changed last."""


async def send_unlogged_updates(
    services: Services, session: Session, person: Person, newest: int, conversations: Collection[int]
) -> None:
    """Send the changes since the client's newest event (Unix milliseconds) that are in no log.

    `conversations` are the support conversations that the client knew and is subscribed to. May raise StorageDown.
    Cancelling may have sent a part.
    """
    counts = await services.timelines.members_of_conversations(conversations) if conversations else {}
    if not person.is_visitor:
        counts[LOBBY_ID] = await services.member_counts.in_lobby()
    for room_id, members in counts.items():
        session.send_frames(frame_of(MembersEvent(room=room_id, members=members)))
    since = newest / 1000 - _EARLIER
    marks = await _marks_since(services, person, since)
    # They may have sent it just now on another server, or before they marked the room unread.
    if any(mark.has_spoken for mark in marks):
        await services.cluster.wait_read_marks_written_everywhere(person.id)
        marks = await _marks_since(services, person, since)  # once more
    for mark in marks:
        event = ReadEvent(
            room=mark.room_id,
            person=person.id,
            seq=mark.read,
            unread=mark.unread,
            mentions=mark.mentions,
        )
        session.send_frames(frame_of(event))
    changed = await services.contacts.changed_since(person.id, since, _MOST_PROFILES)
    blocks = await services.contacts.blocks_since([person.id], since)
    for now in blocks.values():
        session.send_frames(frame_of(BlocksEvent(people=list(now.people))))
    profiles = [frame_of(PersonEvent(**person_fields(each, person))) for each in reversed(changed)]
    await session.send_queue.send(b"".join(profiles))


async def _marks_since(services: Services, person: Person, since: float) -> list[ReadState]:
    """Return the read marks that were set since then, except in rooms to which the person has sent here since."""
    spoken = services.read_marks.rooms_of(person.id)
    marks = await services.timelines.reads_since(person.id, since)
    spoken |= services.read_marks.rooms_of(person.id)
    # Their own message, which the sync sends, implies a later mark.
    return [mark for mark in marks if mark.room_id not in spoken]
