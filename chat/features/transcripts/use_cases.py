"""Who has a conversation mailed: its own person, and operators; at most once an hour, and only once it was answered.

Each function may raise StorageDown and OutcomeUnknown. Cancelling one: the mail was queued, or not.
"""

from collections.abc import Sequence
from email.utils import make_msgid
from zoneinfo import ZoneInfo

import msgspec

from chat.domain.entities import Peer, Person, SupportOf
from chat.domain.refusals import NO_PERSON, Refusal
from chat.domain.rooms.conversations import may_lead
from chat.domain.text.rules import clean_email
from chat.domain.time_zones import zone_of
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.transcripts.letters import transcript_of
from chat.features.transcripts.port import NO_MAIL, TRANSCRIPTS, Said
from chat.mail.languages import Language
from chat.mail.letter import Mail


class Wanted(msgspec.Struct, frozen=True):
    """To which address, in which language, and in which time zone (UTC where there is none of that name)."""

    to: str
    language: Language
    zone: str


async def send_own(services: EngineServices, person: Person, wanted: Wanted) -> Refusal | None:
    """Mail the person's own conversation."""
    room_id = await services.support.room_of(Peer(person.id, person.name))
    return NO_PERSON if room_id is None else await _send(services, room_id, person.id, wanted)


async def send(services: EngineServices, person: Person, room_id: int, wanted: Wanted) -> Refusal | None:
    """Mail a conversation, as an operator."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, person):
        return refusal
    assert isinstance(access.people, SupportOf)  # may_lead() has checked it
    return await _send(services, room_id, access.people.person.id, wanted)


async def _send(services: EngineServices, room_id: int, person_id: int, wanted: Wanted) -> Refusal | None:
    server = services.mail
    if server is None:
        return NO_MAIL
    to = clean_email(wanted.to)
    if isinstance(to, Refusal):
        return to

    def make(said: Sequence[Said]) -> Mail:
        zone = zone_of(wanted.zone) or ZoneInfo("UTC")
        made = transcript_of(said, services.settings.server_name, wanted.language, zone)
        message_id = make_msgid(domain=server.domain)
        return Mail(to=to, message_id=message_id, subject=made.subject, text=made.text, html=made.html)

    if refusal := await services.feature_ports[TRANSCRIPTS].queue(room_id, person_id, make):
        return refusal
    services.feature_ports[SCHEDULE].wake()
    return None
