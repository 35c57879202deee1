"""The port of the queue of mails."""

from collections.abc import Sequence
from email.utils import make_msgid
from typing import Literal, Protocol

import msgspec

from chat.domain.features import Port
from chat.mail.letter import Letter, Mail, html_of, subject_of, text_of

MAIL = "mail"
"""The kind of the due item of a mail that somebody waits for; its key is the id of the mail."""

BULK = "bulk_mail"
"""The kind of one of many mails that are queued at once: those that hang hold up no reset link."""

KEPT = 14
"""Days for which it is known what became of a mail."""

State = Literal["waiting", "sent", "given_up"]


class MailEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as admins see it, without its text. Times are in Unix seconds."""

    id: int
    to: str
    subject: str
    state: State
    tries: int
    created_at: float
    next_at: float | None
    error: str | None


class Mails(Protocol):
    """The queue. Each method may raise StorageDown; those that write may raise OutcomeUnknown."""

    async def add(
        self, mail: Mail, person_id: int | None, lasts: float | None, *, is_bulk: bool = False
    ) -> int:
        """Queue a mail, which is due at once, and return its id.

        `lasts` is in seconds: later it is not sent. `is_bulk`: it is one of many, and due as `BULK`.
        """
        ...

    async def waiting(self, mail_id: int) -> Mail | None:
        """Return a mail that waits and is still of use; None: there is none."""
        ...

    async def note(self, mail_id: int, state: State, tries: int, error: str | None) -> None:
        """Note what became of a mail. The texts of one that does not wait are removed, and mails of old."""
        ...

    async def listed(self, most: int) -> Sequence[MailEntry]:
        """Return mails that wait or were given up, the newest first."""
        ...


MAILS: Port[Mails] = Port("mails")


def new_mail(to: str, letter: Letter, domain: str) -> Mail:
    """Return a mail for the queue. Its id is made here, before the first try: all tries are one mail. Sync."""
    return Mail(
        to=to,
        message_id=make_msgid(domain=domain),
        subject=subject_of(letter),
        text=text_of(letter),
        html=html_of(letter),
    )
