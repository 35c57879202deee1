"""The use cases of link previews for all protocols, and what they read from the storage."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec

from chat.application.entering import write_in_room
from chat.domain.entities import File, Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Outcome
from chat.domain.messages.uploads import whole
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import may_speak
from chat.domain.rooms.room_rights import RoomAccess
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.previews.changes import LinkPreview, SetPreview
from chat.features.previews.fetching import FETCHING, NO_PREVIEW
from chat.features.previews.sealing import seal, unseal

PREVIEWS_OFF = Refusal(Code.FORBIDDEN, "this server shows no link previews", reason="previews_off")
BAD_PREVIEW = Refusal(
    Code.INVALID,
    "preview: none that this server made for you in this room within the last hours",
    field="preview",
    reason="bad_preview",
)


class MessagePreview(NamedTuple):
    """The preview of the message `seq`."""

    seq: int
    preview: LinkPreview


class Previews(Protocol):
    """Reads the previews of rooms. May raise StorageDown. Cancelling changes nothing."""

    async def between(self, room_id: int, after: int, before: int, limit: int) -> Sequence[MessagePreview]:
        """Return the previews of messages of a room between two seqs, the newest message first."""
        ...


PREVIEWS = Port[Previews]("previews")


class NewPreview(msgspec.Struct, frozen=True):
    """A fetched preview, and the token by which its message gets it."""

    preview: LinkPreview
    token: str


async def fetch(services: EngineServices, person: Person, room_id: int, url: str) -> NewPreview | Refusal:
    """Fetch a preview for a message of the person in that room. Raises StorageDown and OutcomeUnknown.

    Cancelling: the page may have been asked; a picture without its message goes after a day.
    """
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := may_speak(access):
        return refusal
    if not services.settings.link_previews:
        return PREVIEWS_OFF
    if _is_own(url, services.settings.public_url):
        return NO_PREVIEW
    fetching = services.feature_ports[FETCHING]
    if services.budgets.rates.messages and (refusal := fetching.refusal(person.id)):
        return refusal
    found = await fetching.page(services.outbound, url)
    if isinstance(found, Refusal):
        return found
    page, host = found
    picture = None if page.picture is None else await _picture(services, person, room_id, page.picture)
    preview = LinkPreview(url, host, page.title, page.description, page.site, picture)
    return NewPreview(preview, seal(preview, person.id, room_id, services.accounts.tokens))


async def _picture(services: EngineServices, person: Person, room_id: int, url: str) -> File | None:
    """Copy a picture to the files, as one that waits for its message; None: there is none, or no place for it."""
    found = await services.feature_ports[FETCHING].picture(services.outbound, url)
    if found is None:
        return None
    body, image = found
    async with aclosing(whole(body)) as pieces:
        kept = await services.uploads.upload(person, room_id, "preview", image.type, len(body), pieces)
    return None if isinstance(kept, Refusal) else kept


async def attach(services: EngineServices, person: Person, room_id: int, seq: int, token: str) -> Outcome:
    """Give a message the preview of a token. Raises StorageDown. Cancelling: it may still be committed."""
    if not services.settings.link_previews:
        return PREVIEWS_OFF
    preview = unseal(token, person.id, room_id, services.accounts.tokens)
    return await _set(services, person, room_id, seq, BAD_PREVIEW if preview is None else preview)


async def remove(services: EngineServices, person: Person, room_id: int, seq: int) -> Outcome:
    """Remove the preview of a message. Raises StorageDown. Cancelling: it may still be committed."""
    return await _set(services, person, room_id, seq, None)


async def _set(
    services: EngineServices, person: Person, room_id: int, seq: int, preview: LinkPreview | Refusal | None
) -> Outcome:
    def decide(access: RoomAccess) -> SetPreview | Refusal:
        if refusal := may_speak(access):
            return refusal
        if isinstance(preview, Refusal):
            return preview
        return SetPreview(
            room_id=room_id,
            actor_id=person.id,
            created_at=current_time(),
            people=access.people,
            seq=seq,
            preview=preview,
        )

    return await write_in_room(services, person, room_id, decide)


async def previews(
    services: EngineServices, person: Person, room_id: int, after: int, before: int, limit: int
) -> Sequence[MessagePreview] | Refusal:
    """Return previews of a room that the person may read, of messages between two seqs, the newest first.

    Raises StorageDown. Cancelling changes nothing.
    """
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[PREVIEWS].between(room_id, after, before, limit)


def _is_own(url: str, public_url: str) -> bool:
    """Whether a link leads to this server, whose pages need no preview."""
    try:
        return bool(public_url) and urlsplit(url).netloc.lower() == urlsplit(public_url).netloc.lower()
    except ValueError:
        return False
