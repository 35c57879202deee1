"""What became of a message, told to the native client that sent it."""

from chat.domain.changes import Write
from chat.domain.entities import Message
from chat.domain.outcomes import Outcome, Repeated
from chat.domain.refusals import Refusal
from chat.engine.events import Refused
from chat.engine.read_marks import ReadMarks
from chat.engine.session import Session
from chat.protocols.native.codec import frame_of, saved


class SendAnswer:
    """The submitter of a message: tells the client what became of it."""

    __slots__ = ("_read_marks", "_ref", "_session")

    def __init__(self, session: Session, ref: int, read_marks: ReadMarks) -> None:
        self._session = session
        self._ref = ref
        self._read_marks = read_marks

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Hear from the journal what became of the message. Sync: between commit and fan-out."""
        self.answer(outcome)
        self._session.pending_drafts.resolved(write, outcome)

    def answer(self, outcome: Outcome) -> None:
        """Answer the request. Sync."""
        session = self._session
        match outcome:
            case Message():
                session.send_queue.offer_coalesced(frame_of(saved(outcome, self._ref)))
                self._read_marks.note(outcome.room_id, outcome.sender_id, outcome.seq)
            case Repeated(message):  # nothing of it is fanned out, so nothing goes with it
                session.send_frames(frame_of(saved(message, self._ref, again=True)))
            case Refusal():
                session.send(Refused(outcome, self._ref))
