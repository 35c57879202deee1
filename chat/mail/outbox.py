"""What features use to send a mail: it is queued, and due at once."""

from chat.domain.features import Ports
from chat.domain.mail_server import MailServer
from chat.due.schedule import SCHEDULE
from chat.mail.letter import Letter
from chat.mail.queue import MAILS, new_mail


async def send_letter(
    ports: Ports,
    letter: Letter,
    to: str,
    server: MailServer,
    *,
    person_id: int | None = None,
    lasts: float | None = None,
    is_bulk: bool = False,
) -> int:
    """Queue a mail and return its id; it is handed over soon, also after a restart.

    Args:
        ports: those of the server's features.
        letter: the content.
        to: an address.
        server: the domain of its sender is that of the mail's id.
        person_id: whose mail it is: it is removed with them.
        lasts: seconds after which it is of no use and not sent.
        is_bulk: it is one of many.

    May raise StorageDown and OutcomeUnknown. Cancelling: it was queued, or not.
    """
    mail_id = await ports[MAILS].add(new_mail(to, letter, server.domain), person_id, lasts, is_bulk=is_bulk)
    ports[SCHEDULE].wake()
    return mail_id
