"""Mails the replies of operators to visitors who wrote by mail, or left an address and went away."""

from collections.abc import Sequence
from email.headerregistry import Address
from email.utils import make_msgid
from html import escape

from chat.domain.mail_server import Mailbox
from chat.due.port import DueItem
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.support_mail.parsing import one_line
from chat.features.support_mail.port import AWAY, SUPPORT_MAILS, MailedConversation, Reply
from chat.mail.letter import Mail

_SUBJECT = 150
_MOST_REFERENCES = 20


class Replies:
    """Mails replies. Answers arrive at `mailbox`."""

    def __init__(self, services: EngineServices, mailbox: Mailbox) -> None:
        self._services = services
        self._mails = services.feature_ports[SUPPORT_MAILS]
        self._mailbox = mailbox

    async def send(self, item: DueItem) -> float | None:
        """Queue the replies of a conversation as one mail; a handler of `DueRunner`. May raise StorageError.

        Returns the seconds until it is due again; None: nothing waits. Cancelling: the mail was queued, or not.
        """
        found = await self._mails.conversation(int(item.key))
        if found is None or not found.replies:
            return None
        if not found.is_by_mail and not found.mailed_seq and (wait := AWAY - found.replies[0].age) > 0:
            return wait
        mail = mail_of(found, self._mailbox, self._services.settings.server_name)
        if await self._mails.send(found, found.replies[-1].seq, mail):
            self._services.feature_ports[SCHEDULE].wake()
        return 0.0  # more may have come meanwhile; without any it is done


def mail_of(found: MailedConversation, mailbox: Mailbox, server_name: str) -> Mail:
    """Return the mail with the replies of a conversation, in the thread of its mails. Sync; its id is new."""
    local, _, domain = mailbox.address.partition("@")
    senders = list(dict.fromkeys(each.sender for each in found.replies))
    name = one_line(f"{', '.join(senders)} ({server_name})")[:100]
    headers = [
        ("From", str(Address(name, addr_spec=mailbox.address))),
        ("Reply-To", f"{local}+{found.token}@{domain}"),
    ]
    if found.earlier:
        headers += [
            ("In-Reply-To", found.earlier[-1]),
            ("References", " ".join(found.earlier[-_MOST_REFERENCES:])),
        ]
    subject = one_line(found.subject)
    if subject and not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    return Mail(
        to=found.address,
        message_id=make_msgid(domain=domain),
        subject=(subject or server_name)[:_SUBJECT],
        text=_text(found.replies),
        html=_html(found.replies),
        headers=tuple(headers),
        file_ids=tuple(file for each in found.replies for file in each.file_ids),
        files_of=found.person_id,
        is_automatic=False,
    )


def _text(replies: Sequence[Reply]) -> str:
    return "\n\n".join(f"{each.text}\n\n— {each.sender}".strip() for each in replies) + "\n"


def _html(replies: Sequence[Reply]) -> str:
    body = "\n".join(
        f'<p>{escape(each.text).replace(chr(10), "<br>")}</p><p style="color:#666">— {escape(each.sender)}</p>'
        for each in replies
    )
    return f'<!DOCTYPE html>\n<html><body style="font-family:sans-serif;max-width:36em">\n{body}\n</body></html>\n'
