"""The use case of forwarding, for all protocols."""

from collections.abc import Sequence

from msgspec import structs

from chat.application import messages
from chat.application.messages import SentBefore
from chat.domain.entities import File, MessageKind, Person
from chat.domain.messages.outcomes import KeyUsed, Outcome, Repeated
from chat.domain.messages.quoting import quoted
from chat.domain.refusals import NO_MESSAGE, Refusal
from chat.engine.services import EngineServices


async def forward(
    services: EngineServices, person: Person, room_id: int, seq: int, to: int, text: str, key: str
) -> Outcome | SentBefore:
    """Send a message of a room that the person may read to another one, where they may write.

    The new message is theirs: `text`, then the quote, and copies of the files, which cost no disk. With the same key it
    is sent once.

    Raises StorageDown and OutcomeUnknown. Cancelling: it may still be sent; files without it go after a day.
    """
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    said = await services.room_history.message(person.id, room_id, seq)
    if isinstance(said, Refusal):
        return said
    if said.deleted_at is not None or said.kind is not MessageKind.TEXT:
        return NO_MESSAGE
    draft = messages.draft(person, to, quoted(text, said, access.room), key, reply=None, files=())
    if isinstance(draft, Refusal):
        return draft
    if said.files:
        before = await services.writes.repeated(draft)
        if isinstance(before, KeyUsed) and (before.message.room_id, before.message.text) == (to, draft.text):
            return Repeated(before.message)  # it differs only by the files that it has already
        if before is not None:
            return before
        files = await _copies(services, person, to, said.files)
        if isinstance(files, Refusal):
            return files
        draft = structs.replace(draft, file_ids=files)
    return await messages.send(services, person, draft)


async def _copies(
    services: EngineServices, person: Person, room_id: int, files: Sequence[File]
) -> tuple[int, ...] | Refusal:
    ids: list[int] = []
    for file in files:
        kept = await services.uploads.find(person, file.id)
        if isinstance(kept, Refusal):
            return kept
        async with services.uploads.reading(kept) as pieces:
            copy = await services.uploads.upload(person, room_id, file.name, file.type, file.size, pieces)
        if isinstance(copy, Refusal):
            return copy
        ids.append(copy.id)
    return tuple(ids)
