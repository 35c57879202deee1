"""The port of mailed support conversations: the mails in and out, and the last UID that was read."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.features.support_mail.parsing import IncomingMail
from chat.mail.letter import Mail

INBOX = "support_inbox"
"""The kind of the due item by which one server at a time reads the mailbox; there is one, with the key "inbox"."""

REPLY = "support_reply"
"""The kind of the due item of replies to be mailed; its key is the id of the conversation."""

TOGETHER = 60.0
"""Seconds after a reply in which further ones go with it in one mail."""

AWAY = 300.0
"""Seconds for which a reply stays unread in the widget until it is mailed."""

MOST_NEW = 5
"""Conversations that one address begins in an hour."""

MOST_MAILS = 60
"""Mails of one conversation that are taken in an hour."""

MOST_AUTOMATIC = 10
"""Automatic ones among them."""

MOST_SHOWN = 20
"""Replies in one mail."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How far a mailbox was read. `validity` is its UIDVALIDITY."""

    validity: int
    last_uid: int


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that belongs to a conversation, or begins it. `is_settled`: everything of it is done.

    `is_too_many`: there were so many within an hour that it is not taken.
    """

    room_id: int
    person_id: int
    is_first: bool = False
    is_settled: bool = False
    is_too_many: bool = False


class MailOrigin(msgspec.Struct, frozen=True):
    """Whence a conversation is mailed, and what one's own mail server found out about the last sender.

    `verdict`: it passed (`pass`), it failed (`fail`), or nothing was found out (`none`).
    """

    address: str
    verdict: str


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be mailed, as it is now, with the ids of its files. `age` is in seconds."""

    seq: int
    text: str
    sender: str
    file_ids: tuple[int, ...]
    age: float


class MailedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with its replies that were not mailed and not read, the oldest first.

    `earlier` are the Message-IDs of its mails, the oldest first; `is_by_mail`: it began with one.
    """

    room_id: int
    person_id: int
    address: str
    token: str
    subject: str
    is_by_mail: bool
    mailed_seq: int
    earlier: Sequence[str]
    replies: Sequence[Reply]


class SupportMails(Protocol):
    """Mailed conversations. Every method may raise StorageDown, those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def begin(self) -> None:
        """Have the mailbox read by one of the servers from now on, and replies followed from the end of the log."""
        ...

    async def place(self, mailbox: str) -> Place | None:
        """Return how far a mailbox was read; None: never."""
        ...

    async def keep_place(self, mailbox: str, place: Place) -> None:
        """Note how far a mailbox was read."""
        ...

    async def match(self, mail: IncomingMail, tokens: Sequence[str], verdict: str) -> Taken | None:
        """Return the conversation that a mail belongs to, and note that it is being taken in, and the verdict.

        It is the one for which it was begun before, or that it answers, if it is from the address of that conversation;
        or one whose token it was sent to, from the same address. None: there is none.
        """
        ...

    async def may_begin(self, address: str) -> bool:
        """Whether a mail from an address begins a conversation: it is not blocked, and began fewer than `MOST_NEW`."""
        ...

    async def add(self, mail: IncomingMail, room_id: int, person_id: int, verdict: str) -> Taken:
        """Note that a mail begins a conversation; if another server was first, return its."""
        ...

    async def settle(self, digest: bytes) -> None:
        """Note that everything of a mail is done."""
        ...

    async def returned(self, mail: IncomingMail, note: str) -> Taken | None:
        """Leave a note, once, in the conversation of a sent mail that a mail server returns, by who wrote last.

        None: it returns none of ours, it is there already, or there were too many.
        """
        ...

    async def note(self, mail: IncomingMail, room_id: int, note: str) -> bool:
        """Leave a note in a conversation, once for each mail; False: it is there already, or there were too many."""
        ...

    async def follow(self) -> bool:
        """Make replies due that came since the last call; whether there are any."""
        ...

    async def conversation(self, room_id: int) -> MailedConversation | None:
        """Return a conversation whose visitor has an address; None: nothing of it is ever mailed."""
        ...

    async def send(self, conversation: MailedConversation, up_to: int, mail: Mail) -> bool:
        """Queue a mail with the replies up to a seq; False: they were mailed meanwhile."""
        ...


SUPPORT_MAILS: Port[SupportMails] = Port("support mails")


class MailOrigins(Protocol):
    """Reads where conversations came from. May raise StorageDown. Cancelling changes nothing."""

    async def origin(self, room_id: int) -> MailOrigin | None:
        """Return whence a conversation is mailed; None: it did not begin by mail."""
        ...


MAIL_ORIGINS: Port[MailOrigins] = Port("mail origins")
