"""The use cases of messages: send, edit, delete, react."""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from chat.application.entering import write_in_room
from chat.domain.entities import Draft, Message, MessageKind, Person
from chat.domain.messages.changes import Deletion, Edit, Reaction
from chat.domain.messages.emoji import clean_emoji
from chat.domain.messages.files import clean_message
from chat.domain.messages.outcomes import Outcome, Repeated
from chat.domain.refusals import Refusal
from chat.domain.rooms.conversations import may_delete, may_edit, may_speak
from chat.domain.rooms.room_rights import RoomAccess
from chat.domain.text.rules import EMPTY_TEXT, clean_text
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices


def draft(
    person: Person, room_id: int, text: str, key: str | None, *, reply: int | None, files: Sequence[int]
) -> Draft | Refusal:
    """Check a message and return it as a draft, or why it is refused. Sync and pure.

    Args:
        key: chosen by the sender, one for each message; a message sent again with its key is saved once.
        reply: the `seq` of the message that this one answers.
        files: ids of uploaded files; with at least one the text may be empty.
    """
    cleaned = clean_message(text, files)
    if isinstance(cleaned, Refusal):
        return cleaned
    clean, file_ids = cleaned
    kind = MessageKind.TEXT
    return Draft(
        room_id, person.id, person.name, clean, current_time(), kind, key, reply=reply, file_ids=file_ids
    )


class SentBefore(msgspec.Struct, frozen=True):
    """The message as it was first sent. Its sender has lost access to the room since, so later edits are hidden."""

    message: Message


async def send(services: EngineServices, person: Person, message: Draft) -> Outcome | SentBefore:
    """Send a message, once for each key. Repeated: it was sent before.

    Raises StorageDown.
    """

    def has_read(outcome: Outcome) -> None:
        if isinstance(outcome, Message):
            services.read_marks.note(outcome.room_id, person.id, outcome.seq)

    access = await services.conversations.enter(person, message.room_id)
    refusal = access if isinstance(access, Refusal) else may_speak(access)
    if refusal is None:
        assert isinstance(access, RoomAccess)
        # No await between entering and the journal: a member who is removed meanwhile sends nothing.
        return await services.writes.write(structs.replace(message, people=access.people), has_read)
    # The sender may have sent it while they had access, and lost the answer.
    before = await services.writes.repeated(message)
    if isinstance(before, Repeated) and isinstance(access, Refusal):
        return SentBefore(structs.replace(before.message, text=message.text, reply=message.reply))
    return before or refusal


async def edit(services: EngineServices, person: Person, room_id: int, seq: int, text: str) -> Outcome:
    """Change the text of one's own message. Raises StorageDown."""
    clean = clean_text(text, may_be_empty=True)
    if isinstance(clean, Refusal):
        return clean
    said = await services.room_history.message(person.id, room_id, seq)

    def decide(access: RoomAccess) -> Edit | Refusal:
        if isinstance(said, Refusal):
            return said
        if refusal := may_edit(access, person, said.sender_id):
            return refusal
        if not clean and not said.files:
            return EMPTY_TEXT
        return Edit(room_id, seq, person.id, clean, current_time(), access.people)

    return await write_in_room(services, person, room_id, decide)


async def delete(services: EngineServices, person: Person, room_id: int, seq: int) -> Outcome:
    """Delete a message; its place stays, and its text is gone for good. Raises StorageDown."""
    said = await services.room_history.message(person.id, room_id, seq)

    def decide(access: RoomAccess) -> Deletion | Refusal:
        if isinstance(said, Refusal):
            return said
        refusal = may_delete(access, person, said.sender_id)
        return refusal or Deletion(room_id, seq, person.id, current_time(), access.people)

    return await write_in_room(services, person, room_id, decide)


async def react(
    services: EngineServices, person: Person, room_id: int, seq: int, emoji: str, *, is_on: bool
) -> Outcome:
    """React to a message with an emoji, or take that back. Raises StorageDown."""
    clean = clean_emoji(emoji)
    if isinstance(clean, Refusal):
        return clean

    def decide(access: RoomAccess) -> Reaction | Refusal:
        return may_speak(access) or Reaction(
            room_id, seq, person.id, clean, is_on, current_time(), access.people
        )

    return await write_in_room(services, person, room_id, decide)
