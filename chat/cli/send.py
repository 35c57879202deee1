"""`chat send ROOM`: what comes on stdin is said in a room, each line once."""

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

from chat.cli.failing import CommandFailed, in_one_line
from chat.cli.kept_sessions import DEFAULT_URL, KeptSession, last_session
from chat.cli.room_names import room_named
from chat.cli.tokens import given_token
from chat.client import Chat, ChatError, LoggedOut, Refused, open_chat

_LONGEST = 1 << 16
"""Bytes of a message that are read: 4000 characters have at most a quarter of that."""

_FOR_ALL = ("forbidden", "not_found")
"""Codes with which every other line would be refused too."""


@click.command()
@click.argument("room")
@click.option("--url", metavar="URL", help="The server; by default the one you logged in to last.")
@click.option("--name", metavar="NAME", help="Who sends, if several people are logged in here.")
@click.option(
    "--token-file", metavar="FILE", help="File with a token for programs. [CHAT_TOKEN is the token]"
)
@click.option("--whole", is_flag=True, help="Send all of stdin as one message.")
@click.option(
    "--key",
    metavar="KEY",
    help="A name of your choice for this input: run again with it, nothing is sent twice.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="How long to wait for the server, for each message.",
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

    ROOM is the name of a room that you are in, @NAME of somebody whom you write to already, or an id. The command uses
    the session that you began with `chat talk`, or a token. Lines are sent in order, each once, also where the server
    is away for a moment. If one is refused, the others are sent nevertheless, and the exit status is 1.
    """
    if key is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,48}", key):
        raise click.UsageError("--key takes 1 to 48 of A-Z a-z 0-9 _ -")
    if math.isnan(timeout):
        raise click.UsageError("--timeout takes a number of seconds")
    token = given_token(token_file)
    kept = None if token else last_session(url, name)
    if token is None and kept is None:
        raise CommandFailed(
            "nobody is logged in there: run `chat talk`, set CHAT_TOKEN, or pass --token-file"
        )
    where = (kept.url if kept else DEFAULT_URL) if url is None else url
    messages = _whole(_stdin()) if whole else _lines(_stdin())
    saying = _Saying(messages, key or secrets.token_urlsafe(9), timeout)
    failed: str | None = None
    try:
        trio.run(partial(saying.run, where, token, kept, room))
    except* LoggedOut as group:
        failed = f"{where}: " + (
            "the token is not good (any more)"
            if token
            else f"{group.exceptions[0]}; run `chat talk` to log in"
        )
    except* (ChatError, ValueError) as group:
        failed = f"{where}: {group.exceptions[0]}"
    except* KeyboardInterrupt:
        failed = "interrupted"
    if failed is not None:
        raise CommandFailed(failed)
    if saying.refused:
        raise click.exceptions.Exit(1)


class _Saying:
    """Says messages one after the other, so that none is saved before one that comes before it.

    Attributes:
        refused: how many were not said.
    """

    def __init__(self, messages: Iterator[bytes], key: str, timeout: float) -> None:
        self.refused = 0
        self._number = 0
        self._messages = messages
        self._key = key
        self._timeout = timeout
        self._failure = ""  # why there was no connection yet

    async def run(self, url: str, token: str | None, kept: KeptSession | None, room: str) -> None:
        """Say all of them. Raises ChatError. Cancelling: what was said is said."""
        with trio.CancelScope(deadline=trio.current_time() + self._timeout) as patience:
            async with open_chat(url, token=token, session_store=kept, on_connect_failure=self._note) as chat:
                if (number := room_named(chat.rooms, room)) is None:
                    raise CommandFailed(
                        f"you are in no room {room}: join it first, with /join in `chat talk`"
                    )
                await self._say_all(chat, number, patience)
        if patience.cancelled_caught:
            doubt = f"; whether line {self._number} was said is not known" if self._number else ""
            why = f": {self._failure}" if self._failure and not self._number else ""
            raise CommandFailed(f"no answer of {url} in {self._timeout:g} s{why}{doubt}")

    def _note(self, failure: str) -> None:
        self._failure = failure

    async def _say_all(self, chat: Chat, room: int, patience: trio.CancelScope) -> None:
        while True:
            patience.deadline = float("inf")  # whoever writes the lines may take their time
            data = await trio.to_thread.run_sync(next, self._messages, None, abandon_on_cancel=True)
            patience.deadline = trio.current_time() + self._timeout
            if data is None:
                return
            self._number += 1
            if self._number == 1:
                data = data.removeprefix(BOM_UTF8)  # programs on Windows begin a text with it
            try:
                text = _text(data)
                if text.strip():
                    await chat.send(room, text, key=f"{self._key}-{self._number}")
            except (Refused, ValueError) as error:
                self.refused += 1
                click.echo(f"chat: line {self._number}: {in_one_line(str(error))}", err=True)
                if isinstance(error, Refused) and error.code in _FOR_ALL:
                    return


def _text(data: bytes) -> str:
    """The text of a message that was read. Raises ValueError."""
    if len(data) >= _LONGEST:
        raise ValueError("it is too long for a message")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def _lines(file: RawIOBase) -> Iterator[bytes]:
    """Each line without its end; of one that is too long the beginning."""
    kept = b""
    while data := _read(file):
        *lines, kept = (kept + data).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in lines)
        kept = kept[:_LONGEST]
    if kept:
        yield kept


def _whole(file: RawIOBase) -> Iterator[bytes]:
    """All that comes, or the beginning of too much."""
    data = b""
    while len(data) < _LONGEST and (more := _read(file)):
        data += more
    yield data


def _read(file: RawIOBase) -> bytes:
    """What comes next; nothing: it is over."""
    while (data := file.read(_LONGEST)) is None:  # somebody has made it non-blocking
        select.select([file], [], [])
    return data


def _stdin() -> RawIOBase:
    """Stdin without its buffer, whose lock Python wants at its end: a thread that still reads may hold it."""
    if sys.stdin is None:
        raise CommandFailed("stdin is closed: there is nothing to say")
    buffered: Any = sys.stdin.buffer
    file: RawIOBase = getattr(buffered, "raw", buffered)
    return file
