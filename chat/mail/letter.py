"""A mail's content, as text and as HTML from one template. Pure."""

from collections.abc import Sequence
from email import policy
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, localtime
from html import escape

import msgspec

from chat.domain.mail_server import MailServer

_SUBJECT = 150
"""Characters of a subject, at most."""


class _OneLine(UnstructuredHeader, BaseHeader):
    """A header that programs read. Others are folded at 78 characters: a long URL becomes encoded words there."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe"):
    _HEADERS.map_to_type(_name, _OneLine)
_POLICY = policy.SMTP.clone(header_factory=_HEADERS)


class Letter(msgspec.Struct, frozen=True):
    """The content of a mail: a subject, paragraphs of plain text, a link with its label, and a last small line."""

    subject: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None
    footer: str = ""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that waits: to whom, its id, its content, and headers of its own.

    `file_ids` are files to attach, which the person `files_of` may read. `is_automatic`: no person wrote it.
    """

    to: str
    message_id: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...] = ()
    file_ids: tuple[int, ...] = ()
    files_of: int | None = None
    is_automatic: bool = True


def text_of(letter: Letter) -> str:
    """Return the letter as plain text."""
    parts = [_one_line(part) for part in letter.paragraphs]
    if letter.link is not None:
        parts.append(f"{_one_line(letter.link[0])}:\n{letter.link[1]}")
    if letter.footer:
        parts.append(f"-- \n{_one_line(letter.footer)}")
    return "\n\n".join(parts) + "\n"


def html_of(letter: Letter) -> str:
    """Return the letter as HTML without scripts, styles from elsewhere, or pictures. All texts are escaped."""
    parts = [f"<p>{escape(_one_line(part))}</p>" for part in letter.paragraphs]
    if letter.link is not None:
        label, url = escape(_one_line(letter.link[0])), escape(letter.link[1])
        parts.append(f'<p><a href="{url}">{label}</a></p><p style="color:#666">{url}</p>')
    if letter.footer:
        parts.append(f'<p style="color:#666;font-size:small">{escape(_one_line(letter.footer))}</p>')
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html><body style="font-family:sans-serif;max-width:36em">\n{body}\n</body></html>\n'


def subject_of(letter: Letter) -> str:
    """Return the subject as one line."""
    return _one_line(letter.subject)[:_SUBJECT]


def letter_of_test(server_name: str) -> Letter:
    """Return the content of a test mail. Sync and pure."""
    return Letter(f"Test mail from {server_name}", (f"{server_name} can send mail to this address.",))


class MailFile(msgspec.Struct, frozen=True):
    """A file to attach."""

    name: str
    type: str
    data: bytes


def message_of(mail: Mail, server: MailServer, files: Sequence[MailFile] = ()) -> EmailMessage:
    """Return the message to hand over. Raises ValueError: the address is none that a header can have."""
    message = EmailMessage(policy=_POLICY)
    if "From" not in dict(mail.headers):
        message["From"] = Address(server.sender_name, addr_spec=server.sender)
    message["To"] = _address(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = mail.message_id
    if mail.is_automatic:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"  # what Exchange heeds instead
    for name, value in mail.headers:
        message[name] = value
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for file in files:
        main, _, sub = file.type.partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub, filename=_one_line(file.name))
    return message


def _address(text: str) -> Address:
    try:
        return Address(addr_spec=text)
    except (MessageError, IndexError, AttributeError) as error:
        raise ValueError(f"no address: {error}") from None


def _one_line(text: str) -> str:
    """Return a text without control characters and lone surrogates, which a header or a reader would obey."""
    clean = "".join(letter if letter >= " " and letter != "\x7f" else " " for letter in text)
    return clean.encode("utf-8", "replace").decode()
