"""What a transcript has, and the port that queues one."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal
from chat.mail.letter import Mail

MOST = 200
"""Messages of a transcript, the newest."""

PAUSE = 3600
"""Seconds from one transcript of a conversation to the next."""

NO_MAIL = Refusal(Code.CONFLICT, "this server sends no mails", reason="no_mail_server")
NOT_ANSWERED = Refusal(
    Code.CONFLICT, "a conversation is mailed once an operator has answered", reason="transcript_not_answered"
)


def too_soon(wait: float) -> Refusal:
    """Return the refusal of a second transcript, `wait` seconds too early. Sync and pure."""
    return Refusal(
        Code.TOO_MANY,
        "this conversation was mailed within the last hour: wait",
        retry_after=wait,
        reason="transcript_too_soon",
    )


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message: who said it (None: a visitor without a name), when in Unix seconds, and the names of its files."""

    name: str | None
    at: float
    text: str
    files: tuple[str, ...] = ()


class Transcripts(Protocol):
    """Queues transcripts. May raise StorageDown and OutcomeUnknown."""

    async def queue(
        self, room_id: int, person_id: int, make: Callable[[Sequence[Said]], Mail]
    ) -> Refusal | None:
        """Queue a mail with the newest messages of a conversation, the oldest of them first; deleted ones are left out.

        Args:
            room_id: the conversation.
            person_id: whose it is: the mail is removed with them.
            make: Returns the mail. Sync and pure.

        NOT_ANSWERED: nobody else has written. `too_soon`: one was queued less than `PAUSE` seconds ago. Cancelling: it
        was queued, or not.
        """
        ...


TRANSCRIPTS: Port[Transcripts] = Port("transcripts")
