"""Takes mails from the mailbox into support conversations: handles one due item, so one server does it at a time.

The message knows its mail: its key is the digest of the mail. A mail is taken in once, whenever a server
is killed, and however often it is read.
"""

import time
from functools import partial

import msgspec
import structlog
import trio

from chat.application import messages
from chat.domain.entities import Message, Peer, Person
from chat.domain.failures import StorageError
from chat.domain.mail_server import Mailbox, MailServer
from chat.domain.messages.files import MOST_FILES
from chat.domain.messages.live import OperatorEvent
from chat.domain.messages.outcomes import KeyUsed, Repeated
from chat.domain.messages.uploads import whole
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import TEXT_LENGTH
from chat.due.port import DueItem
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.support_mail.imap import MailboxFailed, MailboxReader, open_mailbox
from chat.features.support_mail.parsing import MOST_BYTES, Attachment, IncomingMail, read_mail
from chat.features.support_mail.port import SUPPORT_MAILS, Place, Taken
from chat.features.support_mail.quotes import split_text
from chat.features.support_mail.verdicts import verdict_of

_POLL = 30.0
"""Seconds from one look into the mailbox to the next."""

_WAITS = (60.0, 300.0, 900.0)
"""Seconds until the next look after one that failed; the last one is repeated."""

_MOST = 20
"""Mails of one look; if there are more, the next look is at once."""

_LONGEST = 90.0
"""Seconds after which a look begins no further mail: its claim ends after 180."""

_DAY = 86_400.0
_NOTE = 3000
"""Characters of a mail that a note quotes."""

_FOR_NOW = frozenset({Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN, Code.TOO_MANY})
"""Refusals that say nothing of the mail: it is taken in later."""

logger = structlog.get_logger(__name__)


class _Later(Exception):
    """The mail cannot be taken in now."""


class Inbox:
    """Takes mails in. `mailbox` is where they arrive; mails of `server` are its own."""

    def __init__(self, services: EngineServices, server: MailServer, mailbox: Mailbox) -> None:
        self._services = services
        self._mails = services.feature_ports[SUPPORT_MAILS]
        self._server = server
        self._mailbox = mailbox
        self._failures = 0
        self._is_good: bool | None = None

    async def look(self, _item: DueItem) -> float:
        """Take in what has arrived, and make replies due; a handler of `DueRunner`. May raise StorageError.

        Returns the seconds until the next look. Cancelling: the connection ends, and a mail that was begun is gone on
        with by the next look.
        """
        if await self._mails.follow():
            self._services.feature_ports[SCHEDULE].wake()
        try:
            async with open_mailbox(self._mailbox) as reader:
                has_more = await self._take_all(reader)
        except MailboxFailed as error:
            self._failures += 1
            if self._is_good is not False:
                logger.warning("cannot read the mailbox of support mails: trying again", error=str(error))
            self._is_good = False
            return _WAITS[min(self._failures, len(_WAITS)) - 1]
        except _Later:
            return _POLL
        if not self._is_good:
            logger.info("reading the mailbox of support mails", mailbox=self._mailbox.name)
        self._is_good, self._failures = True, 0
        return 0.0 if has_more else _POLL

    async def _take_all(self, reader: MailboxReader) -> bool:
        """Take in mails in the order of their arrival. Returns whether there are more."""
        name = self._mailbox.name
        place = await self._mails.place(name)
        if place is None:  # older mails belong to somebody else
            await self._mails.keep_place(name, Place(validity=reader.validity, last_uid=reader.next_uid - 1))
            return False
        is_renumbered = place.validity != reader.validity
        if is_renumbered:  # mails that were taken in are read, and known by their digests
            day = time.strftime("%d-%b-%Y", time.gmtime(time.time() - _DAY))
            uids = await reader.unread_uids(day)
        else:
            uids = await reader.uids_after(place.last_uid)
        until = trio.current_time() + _LONGEST
        for taken, uid in enumerate(uids):
            if not is_renumbered and (taken >= _MOST or trio.current_time() > until):
                return True
            if await self._take(reader, uid):
                await reader.mark_read(uid)
            if not is_renumbered:
                await self._mails.keep_place(name, Place(validity=reader.validity, last_uid=uid))
        if is_renumbered:
            await self._mails.keep_place(name, Place(validity=reader.validity, last_uid=reader.next_uid - 1))
        return False

    async def _take(self, reader: MailboxReader, uid: int) -> bool:
        """Take one mail in, unless it is none to take; then it stays unread. Raises _Later."""
        size = await reader.size(uid)
        if size is None:
            return False
        if size > MOST_BYTES:
            return self._left("it is too large", uid, size=size)
        raw = await reader.fetch(uid)
        if raw is None:
            return False
        most = self._services.uploads.most_bytes
        mail = await trio.to_thread.run_sync(partial(read_mail, raw, MOST_FILES if most else 0, most))
        if mail is None:
            return self._left("it cannot be read", uid, size=size)
        try:
            return await self.take(mail, uid)
        except (StorageError, _Later):
            raise
        except Exception:
            # It would be read again after each start: a bug that one mail shows must not end the server.
            logger.exception("support mail left unread in its mailbox", reason="a bug", uid=uid)
            return False

    async def take(self, mail: IncomingMail, uid: int = 0) -> bool:
        """Take a mail in. Returns whether it was one to take. Raises _Later, StorageDown and OutcomeUnknown.

        Cancelling: taking the same mail in again goes on with it.
        """
        own = (self._mailbox.address.lower(), self._server.sender.lower())
        if mail.kind == "bounce":
            return await self._take_bounce(mail, uid)
        if not mail.sender or mail.sender in own or self._is_to_oneself(mail.sender):
            return self._left("it has no sender who can be answered", uid)
        if mail.kind == "bulk":
            return self._left("it is sent to many", uid)
        verdict = verdict_of(mail.results, self._mailbox.authserv_id, mail.sender)
        found = await self._mails.match(mail, self._tokens(mail), verdict)
        if found is not None and found.is_too_many:
            return self._left("there were too many in its conversation within an hour", uid)
        if mail.kind == "automatic":
            return await self._take_automatic(mail, found, uid)
        if found is None:
            found = await self._begin(mail, verdict)
            if found is None:
                return self._left("its sender is blocked, or began too many conversations", uid)
        if not found.is_settled:
            await self._say(mail, found)
            await self._mails.settle(mail.digest)
        return True

    async def _begin(self, mail: IncomingMail, verdict: str) -> Taken | None:
        """Begin a conversation with a new visitor; None: the sender may not."""
        services = self._services
        if not await self._mails.may_begin(mail.sender):
            return None
        person = await services.visitors.add_by_mail(mail.sender, mail.sender_name or None)
        if isinstance(person, Refusal):
            raise _Later
        room_id = await services.support.room_of(Peer(person.id, person.name))
        if room_id is None:
            raise _Later
        return await self._mails.add(mail, room_id, person.id, verdict)

    async def _say(self, mail: IncomingMail, taken: Taken) -> None:
        """Send the message, under the digest as its key. Raises _Later."""
        services = self._services
        person = await services.administration.person(taken.person_id)
        if isinstance(person, Refusal) or person.is_disabled:
            return  # a blocked visitor's mails are read, and nobody gets them
        text, rest = text_of_message(mail, is_first=taken.is_first)
        files = [*mail.files, *rest][:MOST_FILES]
        ids = [
            each for file in files if (each := await self._upload(person, taken.room_id, file)) is not None
        ]
        key = mail.digest.hex()
        draft = messages.draft(person, taken.room_id, text, key, reply=None, files=ids)
        if isinstance(draft, Refusal):  # no words and no files
            draft = messages.draft(person, taken.room_id, mail.subject or "…", key, reply=None, files=())
        assert not isinstance(draft, Refusal)
        match await messages.send(services, person, draft):
            case Message() | Repeated() | messages.SentBefore() | KeyUsed():
                logger.info("support mail taken in", room=taken.room_id, files=len(ids))
            case Refusal(code=code) as refusal:
                if code in _FOR_NOW:
                    raise _Later
                logger.warning("support mail refused", room=taken.room_id, error=refusal.text)

    async def _upload(self, person: Person, room_id: int, file: Attachment) -> int | None:
        uploads = self._services.uploads
        found = await uploads.upload(person, room_id, file.name, file.type, len(file.data), whole(file.data))
        if isinstance(found, Refusal):
            logger.warning("a file of a support mail was not taken", room=room_id, error=found.text)
            return None
        return found.id

    async def _take_bounce(self, mail: IncomingMail, uid: int) -> bool:
        about = await self._mails.returned(mail, note_of(mail)) if mail.reported else None
        if about is None:
            return self._left("it reports a mail that is none of ours, or there were too many", uid)
        self._noted(about)
        return True

    async def _take_automatic(self, mail: IncomingMail, found: Taken | None, uid: int) -> bool:
        if found is None:
            return self._left("it is automatic, and answers none of ours", uid)
        if await self._mails.note(mail, found.room_id, note_of(mail)):
            self._noted(found)
        return True

    def _noted(self, about: Taken) -> None:
        """Have operators read the notes of a conversation again. Sync."""
        event = msgspec.json.encode({"type": "notes", "room": about.room_id}).decode()
        self._services.notices.publish(OperatorEvent(about.person_id, event))

    def _tokens(self, mail: IncomingMail) -> list[str]:
        """Return the tokens of the addresses for answers that it was sent to."""
        local, _, domain = self._mailbox.address.lower().partition("@")
        parts = (each.partition("@") for each in mail.recipients)
        return [to[len(local) + 1 :] for to, _, at in parts if at == domain and to.startswith(f"{local}+")]

    def _is_to_oneself(self, sender: str) -> bool:
        """Whether the sender is one of the addresses for answers."""
        local, _, domain = self._mailbox.address.lower().partition("@")
        return sender.startswith(f"{local}+") and sender.endswith(f"@{domain}")

    def _left(self, reason: str, uid: int, **more: object) -> bool:
        logger.info("support mail left unread in its mailbox", reason=reason, uid=uid, **more)
        return False


def text_of_message(mail: IncomingMail, *, is_first: bool) -> tuple[str, list[Attachment]]:
    """Return the text of the message, and the whole of the mail as a file if it is longer. Pure.

    A first mail has its subject above. What the mail repeats stands below as a quote, which the page folds.
    """
    parts = split_text(mail.text)
    pieces = [parts.new]
    if is_first and mail.subject:
        pieces.insert(0, f"**{mail.subject}**")
    if parts.signature:
        pieces.append(f"-- \n{parts.signature}")
    if mail.omitted:
        pieces.append(f"(+ {', '.join(mail.omitted)})")
    text = "\n\n".join(each for each in pieces if each)
    if parts.quoted:
        quoted = "\n".join(f"> {line}" if line else ">" for line in parts.quoted.split("\n"))
        if len(text) + len(quoted) + 2 <= TEXT_LENGTH:
            return f"{text}\n\n{quoted}", []
    elif len(text) <= TEXT_LENGTH:
        return text, []
    short = text if len(text) <= TEXT_LENGTH else f"{text[: TEXT_LENGTH - 2].rstrip()} …"
    return short, [Attachment("mail.txt", "text/plain", mail.text.encode())]


def note_of(mail: IncomingMail) -> str:
    """Return the text of the note about a mail that no person wrote. Pure."""
    text = split_text(mail.text).new or mail.text
    return f"✉ {mail.subject}\n\n{text}".strip()[:_NOTE]
