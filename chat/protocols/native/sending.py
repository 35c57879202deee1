"""Takes a native client's message from its request to the journal."""

import time

from chat.domain.entities import Draft, MessageKind
from chat.domain.files import clean_file_ids
from chat.domain.refusals import Refusal
from chat.domain.rules import clean_text
from chat.engine.events import Refused
from chat.engine.session import Session
from chat.protocols.native.entering import people_to_speak_to
from chat.protocols.native.frames import Send
from chat.protocols.native.room_sync import RoomSync
from chat.protocols.native.submitter import SendAnswer
from chat.protocols.services import Services


async def send_message(
    request: Send, session: Session, services: Services, room_sync: RoomSync
) -> Refusal | None:
    """Submit a message of the session's person to the journal, if they may send to the room.

    Returns the refusal if it was refused for now (over budget). After cancelling it may be saved, but is not
    acknowledged.
    """
    person = session.person
    assert person is not None  # a client that has said hello
    text = clean_text(request.text, may_be_empty=bool(request.files))
    if isinstance(text, Refusal):
        session.send(Refused(text, request.id))
        return None
    file_ids = clean_file_ids(request.files)
    if isinstance(file_ids, Refusal):
        session.send(Refused(file_ids, request.id))
        return None
    if refusal := await session.limits.refuse_send(person.id, text, request.id):
        return refusal
    await session.pending_drafts.place_for(text)
    answer = SendAnswer(session, request.id, services.read_marks)
    people = await people_to_speak_to(services.conversations, room_sync, person, request.room)
    if isinstance(
        people, Refusal
    ):  # perhaps it is a resend of a message that was saved before they lost the room
        again = Draft(
            request.room,
            person.id,
            person.name,
            text,
            time.time(),
            MessageKind.TEXT,
            request.key,
            reply=request.reply,
            file_ids=file_ids,
        )
        answer.answer(await services.writes.repeated(again) or people)
        return None
    await session.pending_drafts.submit(
        request.room,
        person,
        text,
        people=people,
        key=request.key,
        reply=request.reply,
        file_ids=file_ids,
        answer=answer,
    )
    return None
