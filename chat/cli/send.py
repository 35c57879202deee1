"""`chat send ROOM`: send stdin to a room, each line once."""

import math
import re
import secrets
import select
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import partial
from io import RawIOBase
from typing import Any

import click
import trio

from chat.cli.command_failed import CommandFailed, in_one_line
from chat.cli.room_names import room_named
from chat.cli.stored_sessions import DEFAULT_URL, StoredSession, last_session
from chat.cli.tokens import read_token
from chat.client import Chat, ChatError, LoggedOut, Refused, open_chat

_MAX_BYTES = 1 << 16
"""Bytes of a message to read: 4,000 characters have at most a quarter of that."""

_REFUSES_ALL = ("forbidden", "not_found")
"""Codes with which the server would refuse every other line too."""


@click.command()
@click.argument("room")
@click.option("--url", metavar="URL", help="The server; by default the one you logged in to last.")
@click.option("--name", metavar="NAME", help="The sender, if several people are logged in here.")
@click.option(
    "--token-file", metavar="FILE", help="A file with a token for programs. [CHAT_TOKEN has the token itself]"
)
@click.option("--whole", is_flag=True, help="Send all of stdin as one message.")
@click.option(
    "--key",
    metavar="KEY",
    help="A name for this input: if you send it again with the same name, nothing is sent twice.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="How long to wait for the server with each message.",
)
def send(
    room: str,
    url: str | None,
    name: str | None,
    token_file: str | None,
    whole: bool,
    key: str | None,
    timeout: float,
) -> None:
    """Send stdin to ROOM, each line as a message.

    ROOM is the name of a room that you are in, @NAME for an existing direct room, or an id. The command uses the
    session of `chat talk`, or a token. It sends the lines in order and each once, even if the server is away for a
    moment. If one is refused, it sends the others nevertheless and exits with 1.
    """
    if key is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,48}", key):
        raise click.UsageError("--key takes 1 to 48 characters of A-Z a-z 0-9 _ -")
    if math.isnan(timeout):
        raise click.UsageError("--timeout takes a number of seconds")
    token = read_token(token_file)
    kept = None if token else last_session(url, name)
    if token is None and kept is None:
        raise CommandFailed("not logged in there: run `chat talk`, set CHAT_TOKEN, or pass --token-file")
    where = (kept.url if kept else DEFAULT_URL) if url is None else url
    messages = _whole(_stdin()) if whole else _lines(_stdin())
    sending = _Sending(messages, key or secrets.token_urlsafe(9), timeout)
    failed: str | None = None
    try:
        trio.run(partial(sending.run, where, token, kept, room))
    except* LoggedOut as group:
        failed = f"{where}: " + (
            "the token is not valid (any more)"
            if token
            else f"{group.exceptions[0]}; run `chat talk` to log in"
        )
    except* (ChatError, ValueError) as group:
        failed = f"{where}: {group.exceptions[0]}"
    except* KeyboardInterrupt:
        failed = "interrupted"
    if failed is not None:
        raise CommandFailed(failed)
    if sending.refused:
        raise click.exceptions.Exit(1)


class _Sending:
    """Sends messages one after the other, to keep their order.

    Attributes:
        refused: how many were refused.
    """

    def __init__(self, messages: Iterator[bytes], key: str, timeout: float) -> None:
        self.refused = 0
        self._number = 0
        self._messages = messages
        self._key = key
        self._timeout = timeout
        self._failure = ""  # the reason why there is no connection yet

    async def run(self, url: str, token: str | None, kept: StoredSession | None, room: str) -> None:
        """Send all messages. Raises ChatError. Cancelling: those sent before stay."""
        with trio.CancelScope(deadline=trio.current_time() + self._timeout) as scope:
            async with open_chat(
                url, token=token, session_store=kept, on_connect_failure=self._keep_failure
            ) as chat:
                if (number := room_named(chat.rooms, room)) is None:
                    raise CommandFailed(
                        f"you are in no room {room}: join it first, with /join in `chat talk`"
                    )
                await self._send_all(chat, number, scope)
        if scope.cancelled_caught:
            unknown = f"; line {self._number} may or may not be sent" if self._number else ""
            reason = f": {self._failure}" if self._failure and not self._number else ""
            raise CommandFailed(f"no answer of {url} in {self._timeout:g} s{reason}{unknown}")

    def _keep_failure(self, failure: str) -> None:
        self._failure = failure

    async def _send_all(self, chat: Chat, room: int, scope: trio.CancelScope) -> None:
        while True:
            scope.deadline = float("inf")  # the program that writes the lines may take its time
            data = await trio.to_thread.run_sync(next, self._messages, None, abandon_on_cancel=True)
            scope.deadline = trio.current_time() + self._timeout
            if data is None:
                return
            self._number += 1
            if self._number == 1:
                data = data.removeprefix(BOM_UTF8)  # programs on Windows begin texts with it
            try:
                text = _text(data)
                if text.strip():
                    await chat.send(room, text, key=f"{self._key}-{self._number}")
            except (Refused, ValueError) as error:
                self.refused += 1
                click.echo(f"chat: line {self._number}: {in_one_line(str(error))}", err=True)
                if isinstance(error, Refused) and error.code in _REFUSES_ALL:
                    return


def _text(data: bytes) -> str:
    """Decode a message. Raises ValueError."""
    if len(data) >= _MAX_BYTES:
        raise ValueError("too long for a message")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None


def _lines(file: RawIOBase) -> Iterator[bytes]:
    """Yield the lines without their ends; of a too long line only its beginning."""
    kept = b""
    while data := _read(file):
        *lines, kept = (kept + data).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in lines)
        kept = kept[:_MAX_BYTES]
    if kept:
        yield kept


def _whole(file: RawIOBase) -> Iterator[bytes]:
    """Yield the whole input as one message; of too long input only its beginning."""
    data = b""
    while len(data) < _MAX_BYTES and (more := _read(file)):
        data += more
    yield data


def _read(file: RawIOBase) -> bytes:
    """Return the next bytes; none at the end."""
    while (data := file.read(_MAX_BYTES)) is None:  # another program made it non-blocking
        select.select([file], [], [])
    return data


def _stdin() -> RawIOBase:
    """Stdin without its buffer: at exit Python takes the buffer's lock, which a reading thread may hold."""
    if sys.stdin is None:
        raise CommandFailed("stdin is closed: there is nothing to send")
    buffered: Any = sys.stdin.buffer
    file: RawIOBase = getattr(buffered, "raw", buffered)
    return file
