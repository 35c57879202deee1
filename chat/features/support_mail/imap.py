"""Reads a mailbox over IMAP (RFC 3501): imaplib in a thread, one step at a time.

A thread cannot be cancelled, so the socket is shut down under it: its step fails, and it ends.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import trio

from chat.domain.mail_server import Mailbox
from chat.features.support_mail.parsing import MOST_BYTES

_STEP = 20.0
"""Seconds for each answer of the server."""

DEADLINE = 60.0
"""Seconds for a step as a whole: a server may send each byte late."""

_ValueT = TypeVar("_ValueT")


class MailboxFailed(Exception):
    """The mailbox cannot be read now; the text says why, in one line."""


class _IMAP(imaplib.IMAP4):
    """A client whose socket is known before the server has said anything, and that keeps no endless answer."""

    def __init__(self, mailbox: Mailbox, taken: Callable[[socket.socket], object]) -> None:
        self._taken = taken
        super().__init__(mailbox.host, mailbox.port, timeout=_STEP)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        wire: socket.socket = super()._create_socket(timeout)  # type: ignore[misc]
        self._taken(wire)
        return wire

    def read(self, size: int) -> bytes:
        return super().read(_bounded(size))


class _IMAPS(imaplib.IMAP4_SSL):
    """The same over TLS from the beginning."""

    def __init__(self, mailbox: Mailbox, taken: Callable[[socket.socket], object]) -> None:
        self._taken = taken
        super().__init__(mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=_STEP)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        wire: socket.socket = super()._create_socket(timeout)  # type: ignore[misc]
        self._taken(wire)
        return wire

    def read(self, size: int) -> bytes:
        return super().read(_bounded(size))


def _bounded(size: int) -> int:
    if size > MOST_BYTES + 65_536:
        raise imaplib.IMAP4.abort(f"the server wants to send {size} bytes at once")
    return size


class MailboxReader:
    """An open mailbox. Every method may raise MailboxFailed; after that, or a cancelling, only leaving is of use."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._client: imaplib.IMAP4 | None = None
        self._wire: socket.socket | None = None
        self._is_cut = False
        self.validity = 0
        self.next_uid = 1

    def cut(self) -> None:
        """End the connection: the thread's step fails. Sync."""
        self._is_cut = True
        wire = self._wire
        if wire is not None:
            with suppress(OSError):
                socket.socket.shutdown(wire, socket.SHUT_RDWR)  # below TLS, which would wait for an answer

    async def open(self) -> None:
        """Connect, log in, and open the folder. Cancelling: the connection ends."""
        await self._step(self._open)

    async def uids_after(self, uid: int) -> list[int]:
        """Return the UIDs above `uid`, ascending. Cancelling: nothing has changed."""
        found = await self._step(partial(self._uid, "SEARCH", f"UID {uid + 1}:*"))
        return sorted(each for each in self._numbers(found) if each > uid)

    async def unread_uids(self, days: str) -> list[int]:
        """Return the UIDs of mails that are unread and came since a day (as 1-Jan-2026). Cancelling: as above."""
        found = await self._step(partial(self._uid, "SEARCH", f"UNSEEN SINCE {days}"))
        return sorted(self._numbers(found))

    async def size(self, uid: int) -> int | None:
        """Return the bytes of a mail; None: it is gone. Cancelling: nothing has changed."""
        found = await self._step(partial(self._uid, "FETCH", str(uid), "(RFC822.SIZE)"))
        for each in found:
            if isinstance(each, bytes) and (size := re.search(rb"RFC822\.SIZE (\d{1,15})", each)):
                return int(size[1])
        return None

    async def fetch(self, uid: int) -> bytes | None:
        """Return a mail, which stays unread; None: it is gone. Cancelling: nothing has changed."""
        found = await self._step(partial(self._uid, "FETCH", str(uid), "(BODY.PEEK[])"))
        return next((bytes(each[1]) for each in found if isinstance(each, tuple)), None)

    async def mark_read(self, uid: int) -> None:
        """Mark a mail as read. Cancelling: it is, or not."""
        await self._step(partial(self._uid, "STORE", str(uid), r"+FLAGS.SILENT (\Seen)"))

    async def _step(self, run: Callable[[], _ValueT]) -> _ValueT:
        try:
            with trio.fail_after(DEADLINE):
                return await trio.to_thread.run_sync(partial(self._run, run), abandon_on_cancel=True)
        except trio.TooSlowError:
            raise MailboxFailed(f"no answer within {DEADLINE:g} seconds") from None

    def _run(self, run: Callable[[], _ValueT]) -> _ValueT:
        try:
            return run()
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise MailboxFailed(_line(str(error) or type(error).__name__)) from None

    def _open(self) -> None:
        mailbox = self._mailbox
        client: imaplib.IMAP4 = (_IMAPS if mailbox.security == "tls" else _IMAP)(mailbox, self._take)
        self._client = client
        if mailbox.security == "starttls":
            client.starttls(ssl.create_default_context())
            self._take(client.sock)
        self._good(client.login(mailbox.user, mailbox.password))
        name = mailbox.folder.replace("\\", "\\\\").replace('"', '\\"')
        self._good(client.select(f'"{name}"'))
        self.validity = self._said("UIDVALIDITY") or 0
        self.next_uid = self._said("UIDNEXT") or self._counted_next()

    def _take(self, wire: socket.socket) -> None:
        self._wire = wire
        if self._is_cut:
            raise TimeoutError("it took too long")

    def _counted_next(self) -> int:
        """Return the UID after the last one, of a server that does not say UIDNEXT."""
        return max(self._numbers(self._uid("SEARCH", "ALL")), default=0) + 1

    def _said(self, what: str) -> int | None:
        assert self._client is not None
        values = self._client.response(what)[1]
        return int(values[0]) if values and values[0] is not None else None

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        assert self._client is not None
        return self._good(self._client.uid(command, *arguments))

    @staticmethod
    def _good(answer: tuple[str, list[Any]]) -> list[Any]:
        kind, data = answer
        if kind != "OK":
            raise imaplib.IMAP4.error(
                b" ".join(each for each in data if isinstance(each, bytes)).decode("latin-1")
            )
        return data

    @staticmethod
    def _numbers(found: list[Any]) -> list[int]:
        return [int(each) for line in found if isinstance(line, bytes) for each in line.split()]

    def close(self) -> None:
        """Close the connection without saying so: a server may let one wait for the answer. Sync."""
        self.cut()
        if self._client is not None:
            with suppress(OSError, imaplib.IMAP4.error, AttributeError):
                self._client.shutdown()


@asynccontextmanager
async def open_mailbox(mailbox: Mailbox) -> AsyncGenerator[MailboxReader]:
    """Read a mailbox for as long as the block lasts. Raises MailboxFailed. Cancelling: the connection ends."""
    reader = MailboxReader(mailbox)
    try:
        await reader.open()
        yield reader
    finally:
        reader.close()  # ends the thread too, if it was abandoned


def _line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:300]
