"""Answers a client's message with its outcome: the echo, or an acknowledgement, carries the label of the request."""

from typing import TYPE_CHECKING

from chat.domain.entities import Message
from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Outcome
from chat.domain.refusals import Refusal
from chat.protocols.irc.answering import answered
from chat.protocols.irc.caps import Cap
from chat.protocols.irc.dialect import failed

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient


class Answer:
    """The submitter of a message: it answers the client's request with the outcome."""

    __slots__ = ("_client", "_command", "_label", "_target")

    def __init__(self, client: "IrcClient", command: str, target: str, label: str | None) -> None:
        self._client = client
        self._command = command
        self._target = target
        self._label = label

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Answer the request. Sync: between commit and fan-out."""
        client = self._client
        session = client.session
        match outcome:
            case Message():
                client.last_own_id = outcome.id
                if self._label is not None and Cap.ECHO in client.caps:
                    client.note_label(outcome.id, self._label)
                elif self._label is not None:
                    session.send_queue.offer_coalesced(
                        answered(client.directory.host, [], self._label, client.caps)
                    )
                client.services.read_marks.note(outcome.room_id, outcome.sender_id, outcome.seq)
            case Refusal() if self._command == "NOTICE":
                session.send_frames(answered(client.directory.host, [], self._label, client.caps))
            case Refusal():
                line = failed(outcome, self._command, f"{self._target} ").decode()[:-2]
                host = client.directory.host
                session.send_frames(answered(host, [f":{host} {line}"], self._label, client.caps))
        session.pending_drafts.resolved(write, outcome)
