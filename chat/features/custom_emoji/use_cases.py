"""The use cases of the server's emoji for all protocols, and what they ask of the storage.

After each change the setting `custom_emoji` names it, so that all servers and clients learn that there are others.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Protocol

import msgspec

from chat.application.entering import write_in_room
from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.changes import Reaction
from chat.domain.messages.outcomes import Outcome
from chat.domain.messages.uploads import NO_FILES_HERE, whole
from chat.domain.refusals import NOT_ADMIN, Code, Refusal
from chat.domain.rooms.conversations import may_speak
from chat.domain.rooms.room_rights import RoomAccess
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.custom_emoji.checks import MOST_BYTES, TOO_BIG, check_image, check_name

CHANGED = "custom_emoji"
"""The setting that names the last change."""

MOST_EMOJI = 500
"""Emoji of a server: clients load the list at once."""

TAKEN = Refusal(Code.TAKEN, "there is an emoji with that name", field="name", reason="emoji_taken")
TOO_MANY_EMOJI = Refusal(
    Code.TOO_MANY, f"a server has at most {MOST_EMOJI} emoji of its own", reason="too_many_emoji"
)
NO_EMOJI = Refusal(Code.NOT_FOUND, "there is no such emoji", reason="no_emoji")


class NewEmoji(msgspec.Struct, frozen=True):
    """A checked image whose bytes are on the disk under their `digest` (SHA-256); sides are in pixels."""

    name: str
    digest: bytes
    type: str
    size: int
    width: int
    height: int
    maker_id: int


class CustomEmoji(msgspec.Struct, frozen=True):
    """An emoji of the server; `picture` is the SHA-256 of its image in hex."""

    name: str
    picture: str
    maker_id: int


class CustomEmojis(Protocol):
    """The emoji of the server. Every method may raise StorageDown, and those that write OutcomeUnknown.

    Cancelling a write: it is done whole, or not at all.
    """

    async def add(self, emoji: NewEmoji) -> Refusal | None:
        """Add an emoji, unless its name is taken or there are as many as there may be."""
        ...

    async def remove(self, name: str, maker_id: int | None) -> bool:
        """Remove an emoji, of this maker if one is given. False: there is none."""
        ...

    async def all(self) -> Sequence[CustomEmoji]:
        """Return all emoji by name."""
        ...

    async def has(self, name: str) -> bool:
        """Return whether there is an emoji with this name."""
        ...


CUSTOM_EMOJI = Port[CustomEmojis]("custom emoji")


def may_add(services: EngineServices, person: Person) -> Refusal | None:
    """Return why the person may not add emoji: admins may, and by the setting `emoji_makers` everybody. Sync."""
    return None if person.is_admin or services.settings.emoji_makers == "everybody" else NOT_ADMIN


async def add(
    services: EngineServices, person: Person, name: str, pieces: AsyncIterator[bytes]
) -> CustomEmoji | Refusal:
    """Add an emoji. Raises StorageDown and OutcomeUnknown.

    Cancelling: it is added, or not; bytes that nobody has are removed later.
    """
    store = services.uploads.store
    if store is None or not services.uploads.most_bytes:
        return NO_FILES_HERE
    if refusal := may_add(services, person) or check_name(name):
        return refusal
    data = bytearray()
    async for piece in pieces:
        data += piece
        if len(data) > MOST_BYTES:
            return TOO_BIG
    image = check_image(bytes(data))
    if isinstance(image, Refusal):
        return image
    async with aclosing(whole(bytes(data))) as checked_pieces:
        stored = await store.store(checked_pieces)
    new = NewEmoji(name, stored.digest, image.type, stored.size, image.width, image.height, person.id)
    if refusal := await services.feature_ports[CUSTOM_EMOJI].add(new):
        return refusal
    await services.settings.change(person, {CHANGED: f"+{name}"})
    return CustomEmoji(name, stored.digest.hex(), person.id)


async def remove(services: EngineServices, person: Person, name: str) -> Refusal | None:
    """Remove an emoji: one's own, or as an admin any. Texts and reactions keep its name.

    Raises StorageDown and OutcomeUnknown. Cancelling: it is removed, or not.
    """
    maker_id = None if person.is_admin else person.id
    if not await services.feature_ports[CUSTOM_EMOJI].remove(name, maker_id):
        return NO_EMOJI
    await services.settings.change(person, {CHANGED: f"-{name}"})
    return None


async def react(
    services: EngineServices, person: Person, room_id: int, seq: int, name: str, *, is_on: bool
) -> Outcome:
    """React with an emoji of the server, or take that back, also if there is none any more. Raises StorageDown.

    Cancelling: the reaction may still be committed.
    """
    if is_on and not await services.feature_ports[CUSTOM_EMOJI].has(name):
        access = await services.conversations.enter(person, room_id)
        return access if isinstance(access, Refusal) else may_speak(access) or NO_EMOJI

    def decide(access: RoomAccess) -> Reaction | Refusal:
        return may_speak(access) or Reaction(
            room_id, seq, person.id, f":{name}:", is_on, current_time(), access.people
        )

    return await write_in_room(services, person, room_id, decide)
