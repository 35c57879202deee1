"""Answers a native client's message with its outcome."""

from chat.domain.changes import Write
from chat.domain.entities import Message
from chat.domain.outcomes import Outcome, Repeated
from chat.domain.refusals import Refusal
from chat.engine.events import Refused
from chat.engine.read_marks import ReadMarks
from chat.engine.session import Session
from chat.protocols.native.codec import frame_of, saved


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
