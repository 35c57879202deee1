"""Takes a native client's message from its request to the journal, and answers the request with the outcome."""

from chat.application import messages
from chat.domain.entities import Draft, Message, People
from chat.domain.messages.changes import Write
from chat.domain.messages.files import clean_message
from chat.domain.messages.outcomes import Outcome, Repeated
from chat.domain.refusals import Refusal
from chat.domain.rooms.conversations import Conversations, may_speak
from chat.engine.events import Refused
from chat.engine.read_marks import ReadMarks
from chat.engine.session import Session
from chat.protocols.native.sync.room_sync import RoomSync
from chat.protocols.native.wire.codec import frame_of, saved
from chat.protocols.native.wire.frames import Send
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
    cleaned = clean_message(request.text, request.files)
    if isinstance(cleaned, Refusal):
        session.send(Refused(cleaned, request.id))
        return None
    text, file_ids = cleaned
    if refusal := await session.limits.refuse_send(person.id, text, request.id):
        return refusal
    await session.pending_drafts.place_for(text)
    answer = SendAnswer(session, request.id, services.read_marks)
    people = await people_to_speak_to(services.conversations, session, room_sync, request.room)
    if isinstance(people, Refusal):
        # Perhaps it is a resend of a message that was saved before they lost the room.
        again = messages.draft(
            person, request.room, request.text, request.key, reply=request.reply, files=request.files
        )
        assert isinstance(again, Draft)  # it was cleaned above
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


async def people_to_speak_to(
    conversations: Conversations, session: Session, room_sync: RoomSync, room_id: int
) -> People | Refusal:
    """Return the people of a room if the session's person may send there now, else the refusal.

    A room to which the client is subscribed usually takes no query. May raise StorageDown. Cancelling changes nothing.
    """
    person = session.person
    assert person is not None  # a client that has said hello
    people = room_sync.people.get(room_id)
    if people is None and room_id not in session.subscriptions:
        access = await conversations.enter(person, room_id)
        return access if isinstance(access, Refusal) else may_speak(access) or access.people
    if people is None:  # the log ends memberships, and so the subscription
        return None
    return await conversations.may_go_on(person, people) or people


class SendAnswer:
    """The submitter of a message, which answers the client's request with the outcome."""

    __slots__ = ("_read_marks", "_ref", "_session")

    def __init__(self, session: Session, ref: int, read_marks: ReadMarks) -> None:
        self._session = session
        self._ref = ref
        self._read_marks = read_marks

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Take the outcome from the journal and answer. Sync: between commit and fan-out."""
        self.answer(outcome)
        self._session.pending_drafts.resolved(write, outcome)

    def answer(self, outcome: Outcome) -> None:
        """Answer the request. Sync."""
        session = self._session
        match outcome:
            case Message():
                session.send_queue.offer_coalesced(frame_of(saved(outcome, self._ref)))
                self._read_marks.note(outcome.room_id, outcome.sender_id, outcome.seq)
            case Repeated(message):  # it is not published again, so there is no event to coalesce with
                session.send_frames(frame_of(saved(message, self._ref, again=True)))
            case Refusal():
                session.send(Refused(outcome, self._ref))
