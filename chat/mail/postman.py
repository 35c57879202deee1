"""Sends mails that are due: when one is tried again, and when it is given up."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from chat.due.port import DueItem
from chat.mail.handing_over import HandedOver, MailDoor, Outcome
from chat.mail.letter import Mail, MailFile, message_of
from chat.mail.queue import Mails

_WAITS = (60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 86_400.0)
"""Seconds until the second and each further try. After the last one the mail is given up."""

logger = structlog.get_logger(__name__)


ReadFiles = Callable[[Mail], Awaitable[Sequence[MailFile]]]
"""Returns the files of a mail that are still there. May raise StorageDown. Cancelling changes nothing."""


class Postman:
    """Sends mails that are due. `read_files` is asked for mails that have any."""

    def __init__(self, mails: Mails, door: MailDoor, read_files: ReadFiles | None = None) -> None:
        self._mails = mails
        self._door = door
        self._read_files = read_files

    async def send(self, item: DueItem) -> float | None:
        """Try a mail once; a handler of `DueRunner`. May raise StorageDown and OutcomeUnknown.

        Cancelling: the mail may have been taken; then the next try hands it over again, with the same id.
        """
        mail_id = int(item.key)
        mail = await self._mails.waiting(mail_id)
        if mail is None:
            await self._mails.note(mail_id, "given_up", item.tries, "its time was over")
            return None
        files = await self._read_files(mail) if mail.file_ids and self._read_files is not None else ()
        try:
            message = message_of(mail, self._door.server, files)
        except ValueError:
            handed = HandedOver(Outcome.REFUSED, "the address cannot be written to")
        else:
            handed = await self._door.hand_over(message, mail.to)
        match handed.outcome:
            case Outcome.SENT:
                await self._mails.note(mail_id, "sent", item.tries, None)
                logger.info("mail sent", mail=mail_id, tries=item.tries)
                return None
            case Outcome.TRY_AGAIN if item.tries <= len(_WAITS):
                await self._mails.note(mail_id, "waiting", item.tries, handed.answer)
                wait = _WAITS[item.tries - 1]
                logger.warning(
                    "mail not taken: tried again later", mail=mail_id, seconds=wait, error=handed.answer
                )
                return wait
        await self._mails.note(mail_id, "given_up", item.tries, handed.answer)
        logger.error(
            "mail given up; `chat mail test` says whether the mail server works",
            mail=mail_id,
            tries=item.tries,
            error=handed.answer,
        )
        return None
