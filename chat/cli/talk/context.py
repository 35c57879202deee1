"""What a command works with: the client, the screen, the settings, and what says something."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chat.cli.talk.settings import TalkSettings
from chat.cli.talk.state import State
from chat.client import Chat, File


class Wrong(Exception):
    """The command can't be done as it was typed; the text says what it takes."""


class Say(Protocol):
    """Sends a message: it is in a file before it is on its way."""

    def __call__(
        self, text: str, reply: int | None = None, *, room: int | None = None, files: Sequence[File] = ()
    ) -> None:
        """Send a text, files or both to a room, by default the one that is read. Sync."""


class Context(NamedTuple):
    """What a command works with."""

    chat: Chat
    state: State
    settings: TalkSettings
    say: Say


def needed(text: str, what: str) -> str:
    """Return a text that may not be empty. Raises Wrong. Sync."""
    if not text:
        raise Wrong(f"that takes {what}")
    return text


def count(which: str) -> int:
    """Return which one a number names: 1 is the last. Raises Wrong. Sync."""
    if which and not (which.isdecimal() and 1 <= int(which) <= 1000):
        raise Wrong("which one: 1 is the last, 2 the one before it")
    return int(which or 1)
