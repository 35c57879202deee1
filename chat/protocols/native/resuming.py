"""What a client that comes back is told beside its rooms: marks, new profiles, how many are where no log says it."""

from collections.abc import Collection

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.reading import ReadState
from chat.engine.session import Session
from chat.operations.conversions import person_fields
from chat.protocols.native.codec import frame_of
from chat.protocols.native.frames import ReadEvent
from chat.protocols.native.live_frames import MembersEvent, PersonEvent
from chat.protocols.services import Services

_EARLIER = 60.0
"""Seconds before a client's newest event from which on it is told again: clocks differ."""

_MOST_PROFILES = 1000
"""Profiles that are told at once: those that changed last."""


async def tell_beside(
    services: Services, session: Session, person: Person, newest: int, conversations: Collection[int]
) -> None:
    """Tell what was noted since the client's newest event (Unix milliseconds), and is in no log.

    `conversations` are those that it knew and hears. May raise StorageDown. Cancelling: some is told.
    """
    counts = await services.timelines.members_of_conversations(conversations) if conversations else {}
    if not person.is_visitor:
        counts[LOBBY_ID] = await services.member_counts.in_lobby()
    for room_id, members in counts.items():
        session.send_frames(frame_of(MembersEvent(room=room_id, members=members)))
    since = newest / 1000 - _EARLIER
    marks = await _marks_since(services, person, since)
    # On another server a moment ago, or before they marked it unread.
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
    profiles = [frame_of(PersonEvent(**person_fields(each))) for each in reversed(changed)]
    await session.send_queue.send(b"".join(profiles))


async def _marks_since(services: Services, person: Person, since: float) -> list[ReadState]:
    """Return how far somebody has read where that was noted since then, and they did not speak here since."""
    spoken = services.read_marks.rooms_of(person.id)
    marks = await services.timelines.reads_since(person.id, since)
    spoken |= services.read_marks.rooms_of(person.id)
    # Their own message, which is told, says that they have read further.
    return [mark for mark in marks if mark.room_id not in spoken]
