"""What became of a draft, told to the client that asked under its request's own id."""

from chat.domain.changes import Write
from chat.domain.entities import Message
from chat.domain.outcomes import Outcome, Repeated
from chat.domain.refusals import Refusal
from chat.engine.events import Refused, RequestId, Saved
from chat.engine.session import Session


class Answer:
    """The submitter of a draft whose client wants to hear, under its request's own id, what became of it."""

    def __init__(self, session: Session, ref: RequestId = None) -> None:
        self._session = session
        self.ref = ref

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Answer the request. Sync: between commit and fan-out."""
        match outcome:
            case Message():
                self._session.send_coalesced(Saved(outcome, self.ref))
            case Repeated(message):  # nothing of it is fanned out, so nothing goes with it
                self._session.send(Saved(message, self.ref))
            case Refusal():
                self.refuse(outcome)
        self._session.pending_drafts.resolved(write, outcome)

    def refuse(self, refusal: Refusal) -> None:
        """Answer that it can't be done. Sync."""
        self._session.send(Refused(refusal, self.ref))
