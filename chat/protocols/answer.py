"""Answers a client's draft with its outcome, under the id of the client's request."""

from chat.domain.entities import Message
from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Outcome, Repeated
from chat.domain.refusals import Refusal
from chat.engine.events import Refused, RequestId, Saved
from chat.engine.session import Session


class Answer:
    """The submitter of a draft whose client gets the outcome under the id of its request."""

    def __init__(self, session: Session, ref: RequestId = None) -> None:
        self._session = session
        self.ref = ref

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Answer the request. Sync: between commit and fan-out."""
        match outcome:
            case Message():
                self._session.send_coalesced(Saved(outcome, self.ref))
            case Repeated(message):  # it is not published again, so there is no event to coalesce with
                self._session.send(Saved(message, self.ref))
            case Refusal():
                self.refuse(outcome)
        self._session.pending_drafts.resolved(write, outcome)

    def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal. Sync."""
        self._session.send(Refused(refusal, self.ref))
