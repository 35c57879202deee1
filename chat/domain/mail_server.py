"""The mail server that takes the server's mails, the mailbox of support mails, and their settings. Pure."""

from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

_PORTS = {"smtp": 587, "smtps": 465}


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """Where support mails arrive, read over IMAP.

    Attributes:
        address: the one to which visitors write.
        security: `tls` from the first byte, `starttls`: not without it, or `none`, on loopback only.
        authserv_id: the name by which one's own mail server begins `Authentication-Results`; "": none is believed.
    """

    address: str
    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str
    password: str
    folder: str
    authserv_id: str = ""

    def __repr__(self) -> str:
        return f"Mailbox({self.name}, {self.security})"

    @property
    def name(self) -> str:
        """The mailbox in logs, and the key of how far it was read."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where mails are handed over, and whom they are from.

    Attributes:
        security: `tls` from the first byte, `starttls`: not without it, or `none`.
        user: without one there is no log-in.
        sender_name, sender: the header `From`.
        mailbox: where support mails arrive, if they do.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str | None = None
    password: str = ""
    sender_name: str = ""
    sender: str
    mailbox: Mailbox | None = None

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port}, {self.security}, from {self.sender})"

    @property
    def domain(self) -> str:
        """The domain of the sender, with which the ids of mails end."""
        return self.sender.rpartition("@")[2]


def mail_server(url: str, sender: str) -> MailServer:
    """Return the mail server of the settings `mail_url` and `mail_from`. Raises ValueError, without the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("mail_url: expected smtp://[USER:PASSWORD@]HOST[:PORT]") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("mail_url: expected smtp://[USER:PASSWORD@]HOST[:PORT], or smtps:// for TLS at once")
    options = parse_qs(parts.query, keep_blank_values=True)
    if options not in ({}, {"tls": ["none"]}) or (options and parts.scheme == "smtps"):
        raise ValueError("mail_url: the only option is ?tls=none, after smtp://: no TLS at all")
    if options and parts.username is not None:
        raise ValueError("mail_url: without TLS everybody on the way reads the password: leave out ?tls=none")
    name, address = parseaddr(sender)
    try:
        parsed = Address(addr_spec=address)
    except (ValueError, MessageError, IndexError, AttributeError):
        raise ValueError(_NO_SENDER) from None
    if not parsed.username or "." not in parsed.domain or not address.isascii() or _has_controls(sender):
        raise ValueError(_NO_SENDER)
    return MailServer(
        host=parts.hostname,
        port=port or (25 if options else _PORTS[parts.scheme]),
        security="tls" if parts.scheme == "smtps" else "none" if options else "starttls",
        user=None if parts.username is None else unquote(parts.username),
        password=unquote(parts.password or ""),
        sender_name=name,
        sender=address,
    )


_NO_IMAP_URL = "imap_url: expected imaps://USER@HOST[:PORT]/FOLDER, or imap:// for STARTTLS"


def mailbox(url: str, address: str, password: str, authserv_id: str = "") -> Mailbox:
    """Return the mailbox of these settings, which messages name. Raises ValueError, without the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(_NO_IMAP_URL) from None
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise ValueError(_NO_IMAP_URL)
    if parts.password is not None:
        raise ValueError("imap_url: the password is in the file of imap_password_file")
    folder = unquote(parts.path.removeprefix("/")) or "INBOX"
    user = unquote(parts.username)
    if parts.query or parts.fragment or not folder.isascii() or _has_controls(folder + user):
        raise ValueError(_NO_IMAP_URL)
    if not password or not password.isascii() or _has_controls(password):
        raise ValueError("imap_url: needs imap_password_file, with the password of its user in ASCII")
    try:
        parsed = Address(addr_spec=address)
    except (ValueError, MessageError, IndexError, AttributeError):
        raise ValueError(_NO_SUPPORT_MAIL) from None
    if not parsed.username or "." not in parsed.domain or "+" in parsed.username or not address.isascii():
        raise ValueError(_NO_SUPPORT_MAIL)
    is_plain = parts.scheme == "imap" and _is_loopback(parts.hostname)
    return Mailbox(
        address=address,
        host=parts.hostname,
        port=port or (993 if parts.scheme == "imaps" else 143),
        security="tls" if parts.scheme == "imaps" else "none" if is_plain else "starttls",
        user=user,
        password=password,
        folder=folder,
        authserv_id=authserv_id,
    )


_NO_SUPPORT_MAIL = "support_mail: expected an address as help@example.com, without +"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


_NO_SENDER = "mail_from: expected an address as chat@example.com, or Chat <chat@example.com>"


def _has_controls(text: str) -> bool:
    return any(letter < " " or letter == "\x7f" for letter in text)
