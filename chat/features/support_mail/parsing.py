"""A mail's bytes, as a support conversation takes them: sender, text, files, and what it answers. Sync and pure.

Anybody can send any bytes. What costs too much to read is refused before it is parsed; nothing here raises on bytes.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from typing import Any

import msgspec

from chat.domain.refusals import Refusal
from chat.domain.text.rules import clean_email, clean_name
from chat.features.support_mail.html_text import text_of_html

MOST_BYTES = 10 * 1024 * 1024
"""Of a mail; a bigger one is not fetched."""

MOST_PARTS = 100
"""Parts of a mail that are looked at."""

MOST_ADDRESSES = 50
"""Addresses of all its headers that are looked at."""

MOST_IDS = 1000
"""Message-IDs that it may answer, the last ones."""

_MOST_HEADS = 262_144
"""Bytes of a mail's own headers."""

_MOST_LINES = 400_000
_MOST_MULTIPARTS = 50
"""How many times it may say where parts begin, which bounds how deep they nest."""
_MOST_SEPARATORS = 10_000
_MOST_TEXT = 500_000
"""Bytes of a text or of HTML that are read."""

_SUBJECT = 200
"""Characters."""

_BOUNDARY = re.compile(rb"boundary[*0-9]{0,4}[ \t]{0,4}=", re.IGNORECASE)
_EMBEDDED = re.compile(rb"message/|multipart/digest", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{3,250}>")
_OF_ORIGINAL = re.compile(rb"^message-id:\s{0,8}(<[^<>\s]{3,250}>)", re.IGNORECASE | re.MULTILINE)
_ENCODINGS = re.compile(
    r"utf-?(7|8|16)|us-ascii|iso-?8859-\d{1,2}(-[ei])?|(windows-|cp)\d{3,4}|koi8-[ru]|gb(k|2312|18030)|big5"
    r"|shift_jis|euc-(jp|kr)|iso-2022-(jp|kr)|mac-?\w{0,10}|tis-620",
    re.IGNORECASE,
)
"""Those of mails. Python has others, which are no encodings of text."""


class Attachment(msgspec.Struct, frozen=True):
    """A file as it was sent; its name and type are the sender's claims."""

    name: str
    type: str
    data: bytes


class IncomingMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail.

    Attributes:
        digest: identifies it, also where it was delivered twice.
        sender, sender_name: of `From`; "": none that can be used.
        recipients: all addresses that it says it was for, in lower case.
        answers: the Message-IDs of `References` and `In-Reply-To`, the last one first.
        reported: the Message-IDs of mails that it returns, if it is a report of a mail server.
        kind: written by a person, by a program that answers (`automatic`), to many (`bulk`), or a mail server's report
            that a mail was not delivered (`bounce`).
        results: the headers `Authentication-Results`, the topmost first.
        omitted: names of files that are no part of `files`.
    """

    digest: bytes
    message_id: str | None
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    answers: tuple[str, ...]
    reported: tuple[str, ...]
    kind: str
    results: tuple[str, ...]
    text: str
    files: tuple[Attachment, ...]
    omitted: tuple[str, ...] = ()


def read_mail(raw: bytes, most_files: int, most_bytes: int) -> IncomingMail | None:
    """Return what a mail says; None: it is built to cost, or is broken beyond reading.

    `most_files` are taken of `most_bytes` each. Takes some seconds for 10 MB: call it in a thread.
    """
    if not _is_cheap(raw):
        return None
    try:
        message = BytesParser(policy=compat32).parsebytes(raw)
        return _read(message, raw, most_files, most_bytes)
    except Exception:
        return None


def _is_cheap(raw: bytes) -> bool:
    head = re.search(rb"\r?\n\r?\n", raw[: _MOST_HEADS + 4])
    return (
        len(raw) <= MOST_BYTES
        and (head is not None or len(raw) <= _MOST_HEADS)
        and raw.count(b"\n") + raw.count(b"\r") <= 2 * _MOST_LINES
        and raw.count(b"\n--") <= _MOST_SEPARATORS
        and sum(1 for _ in _BOUNDARY.finditer(raw)) <= _MOST_MULTIPARTS
        and sum(1 for _ in _EMBEDDED.finditer(raw)) <= _MOST_MULTIPARTS
    )


def _read(message: Message, raw: bytes, most_files: int, most_bytes: int) -> IncomingMail:
    name, address = _first_address(message)
    ids = _ID.findall(_joined(message, "Message-ID"))
    answers = _ID.findall(f"{_joined(message, 'References')} {_joined(message, 'In-Reply-To')}")
    kind = _kind(message)
    text, files, omitted = _content(message, most_files, most_bytes)
    own = ids[0] if ids else None
    identity = f"{own}\n{address}".encode() if own else raw
    return IncomingMail(
        digest=hashlib.sha256(identity).digest(),
        message_id=own,
        sender=address,
        sender_name=name,
        recipients=_recipients(message),
        subject=one_line(_decoded(_joined(message, "Subject")))[:_SUBJECT],
        answers=tuple(dict.fromkeys(reversed(answers[-MOST_IDS:]))),
        reported=_reported(raw) if kind == "bounce" else (),
        kind=kind,
        results=tuple(_values(message, "Authentication-Results")[:20]),
        text=text,
        files=files,
        omitted=omitted,
    )


def _kind(message: Message) -> str:
    """Return who wrote it, by RFC 3834 and RFC 3464, and the older headers of lists."""
    content, (_, sender) = message.get_content_type(), _first_address(message)
    path = _joined(message, "Return-Path").strip()
    if content == "multipart/report" or sender.partition("@")[0] in ("mailer-daemon", "postmaster"):
        return "bounce"
    if message["List-Id"] or _joined(message, "Precedence").strip().lower() in ("bulk", "list", "junk"):
        return "bulk"
    submitted = _joined(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no") or path == "<>" or message["X-Autoreply"] or message["X-Autorespond"]:
        return "automatic"
    return "person"


def _reported(raw: bytes) -> tuple[str, ...]:
    found = [each.decode("latin-1") for each in _OF_ORIGINAL.findall(raw)[:MOST_PARTS]]
    return tuple(dict.fromkeys(found))


def _first_address(message: Message) -> tuple[str, str]:
    found = _addresses(message, "From")
    if len(found) != 1:
        return "", ""  # several senders are none to whom one could answer
    name, address = found[0]
    good = clean_name(one_line(name)[:64].strip())
    return "" if isinstance(good, Refusal) else good, address


def _recipients(message: Message) -> tuple[str, ...]:
    headers = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
    return tuple(dict.fromkeys(address for header in headers for _, address in _addresses(message, header)))[
        :MOST_ADDRESSES
    ]


def _addresses(message: Message, header: str) -> list[tuple[str, str]]:
    # A header of 100,000 addresses takes seconds to read: only its beginning is.
    values = [each[:8192] for each in _values(message, header)[:MOST_ADDRESSES]]
    found = []
    for name, address in getaddresses(values)[:MOST_ADDRESSES]:
        clean = clean_email(address)
        if not isinstance(clean, Refusal) and clean.isprintable():
            found.append((_decoded(name), clean.lower()))
    return found


def _content(
    message: Message, most_files: int, most_bytes: int
) -> tuple[str, tuple[Attachment, ...], tuple[str, ...]]:
    plain: list[str] = []
    html: list[str] = []
    files: list[Attachment] = []
    omitted: list[str] = []
    for part in _leaves(message):
        name = _file_name(part)
        kind = part.get_content_type()
        is_text = (
            kind in ("text/plain", "text/html")
            and part.get_content_disposition() != "attachment"
            and not name
        )
        data = _data(part)
        if is_text:
            decoded = _text(data[:_MOST_TEXT], part)
            (plain if kind == "text/plain" else html).append(decoded)
        elif not data:
            continue
        elif len(files) < most_files and len(data) <= most_bytes:
            files.append(Attachment(name or _unnamed(kind, len(files)), kind, data))
        else:
            omitted.append(one_line(name or _unnamed(kind, len(omitted)))[:100])
    text = "\n\n".join(plain) if any(each.strip() for each in plain) else text_of_html("\n".join(html))
    return clean(text), tuple(files), tuple(omitted[:20])


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that have content, at most `MOST_PARTS`. An embedded message is one part, as it is."""
    left = [message]
    for _ in range(MOST_PARTS):
        if not left:
            return
        part = left.pop()
        inner: Any = part.get_payload()
        if part.get_content_maintype() == "message" and isinstance(inner, list) and part is not message:
            yield part
        elif isinstance(inner, list):
            left += reversed(inner)
        else:
            yield part


def _data(part: Message) -> bytes:
    inner: Any = part.get_payload()
    if isinstance(inner, list):  # an embedded message
        return inner[0].as_bytes() if inner else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(data: bytes, part: Message) -> str:
    named = part.get_param("charset", "utf-8")
    charset = str(named[2] if isinstance(named, tuple) else named).strip("'\" ")
    for each in (charset, "utf-8"):
        if _ENCODINGS.fullmatch(each):
            try:
                return data.decode(each)
            except (ValueError, LookupError):
                continue
    return data.decode("windows-1252", "replace")


def _file_name(part: Message) -> str:
    try:
        return one_line(_decoded(part.get_filename() or ""))[:200]
    except (ValueError, LookupError, TypeError):
        return ""


def _unnamed(kind: str, number: int) -> str:
    ending = (
        "eml" if kind == "message/rfc822" else re.sub(r"[^a-z0-9]", "", kind.partition("/")[2])[:8] or "bin"
    )
    return f"{'mail' if ending == 'eml' else 'file'}-{number + 1}.{ending}"


def _joined(message: Message, header: str) -> str:
    """Return the last 64 KB of all headers of a name."""
    return " ".join(_values(message, header))[-65_536:]


def _decoded(value: str) -> str:
    """Return a header's value with its encoded words decoded (RFC 2047); broken ones stay as they are."""
    if "=?" not in value:
        return value
    try:
        pieces: Sequence[tuple[Any, str | None]] = decode_header(value[:8192])
        return "".join(
            piece if isinstance(piece, str) else _decode_piece(piece, charset) for piece, charset in pieces
        )
    except (MessageError, ValueError, LookupError):
        return value


def _values(message: Message, header: str) -> list[str]:
    """Return the values of all headers of a name; bytes beyond ASCII are UTF-8 (RFC 6532)."""
    return [
        str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for name, value in message.raw_items()
        if name.lower() == header.lower()
    ]


def _decode_piece(piece: bytes, charset: str | None) -> str:
    charset = charset or "ascii"
    return piece.decode(charset if _ENCODINGS.fullmatch(charset) else "utf-8", "replace")


def one_line(text: str) -> str:
    """Return a text as one line without control characters and lone surrogates."""
    return re.sub(r"\s+", " ", clean(text)).strip()


def clean(text: str) -> str:
    """Return a text without control characters other than tabs and line ends, and without lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", text)
