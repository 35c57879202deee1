"""Sessions that the commands of a person share: a file each, that nobody else may read, below XDG_STATE_HOME.

A file has the newest refresh token of its session. The token is used up each time, so whoever refreshes holds a lock.
"""

import hashlib
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import platformdirs
import trio

from chat.cli.failing import CommandFailed
from chat.client import Session

DEFAULT_URL = "http://127.0.0.1:9000"
"""Where `chat serve` listens by itself."""

_LOOK_AGAIN = 0.05
"""Seconds between two tries for a lock, which is held for one call of the server."""


class _File(msgspec.Struct):
    """What is in a file: the server, the person, and the refresh token."""

    url: str
    name: str
    refresh: str


class KeptSession:
    """The session of one person at one server; a `chat.client.SessionStore`.

    Attributes:
        url: where the server is.
        name: whose session it is, as they logged in.
        path: the file.
    """

    def __init__(self, path: Path, url: str, name: str) -> None:
        self.path = path
        self.url = url
        self.name = name
        self._unsaved: str | None = None  # the newest refresh token, where the disk is full

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None]:
        """Lock out all other programs for as long as the block lasts. Cancelling: it is not held."""
        with os.fdopen(os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            while not _take(lock.fileno()):  # noqa: ASYNC110 - another program holds it
                await trio.sleep(_LOOK_AGAIN)
            yield  # closing the file lets go

    def load(self) -> str | None:
        """Return the newest refresh token; None: there is no session. Sync."""
        if self._unsaved is not None:
            return self._unsaved
        kept = _read(self.path)
        return None if kept is None else kept.refresh

    def save(self, session: Session) -> None:
        """Keep the session as it is now: the old file or the new one, wherever this is interrupted. Sync.

        Where the disk is full this program goes on with it: the token in the file is used up, and ends the session.
        """
        if session.refresh is None:
            return
        self._unsaved = session.refresh
        with suppress(OSError):
            self._write(session.refresh)
            self._unsaved = None

    def _write(self, refresh: str) -> None:
        part = self.path.with_suffix(f".{os.getpid()}")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(_File(self.url, self.name, refresh)))
        part.replace(self.path)

    def forget(self) -> None:
        """There is no such session any more. Sync."""
        self._unsaved = None
        self.path.unlink(missing_ok=True)


def state_directory() -> Path:
    """Where what the commands keep for a person lies; made where it is missing, for that person alone. Sync.

    Raises CommandFailed where it can't be made.
    """
    directory = Path(platformdirs.user_state_dir("trio-chat", appauthor=False))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFailed(f"no session can be kept in {directory}: {error}; set XDG_STATE_HOME") from None
    return directory


def session_of(url: str, name: str) -> KeptSession:
    """Return where the session of a person at a server is kept, or is to be. Sync."""
    digest = hashlib.sha256(f"{_bare(url)}\n{name.casefold()}".encode()).hexdigest()[:32]
    return KeptSession(state_directory() / f"{digest}.session", url, name)


def last_session(url: str | None = None, name: str | None = None) -> KeptSession | None:
    """Return the session that was used last, of those at a server, or of a person; None: there is none. Sync."""
    found = [
        each
        for each in _sessions()
        if (url is None or _bare(url) == _bare(each.url))
        and (name is None or name.casefold() == each.name.casefold())
    ]
    return max(found, key=_last_used, default=None)


def _last_used(kept: KeptSession) -> int:
    try:
        return kept.path.stat().st_mtime_ns
    except FileNotFoundError:  # another program has just ended it
        return 0


def _sessions() -> Iterator[KeptSession]:
    for path in state_directory().glob("*.session"):
        if (kept := _read(path)) is not None:
            yield KeptSession(path, kept.url, kept.name)


def _bare(url: str) -> str:
    return url.rstrip("/").casefold()


def _read(path: Path) -> _File | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):  # it may be root's, of a run with more rights
        return None


def _take(descriptor: int) -> bool:
    """Lock an open file, where no other program has it locked. Sync."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
