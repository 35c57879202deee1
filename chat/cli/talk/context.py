"""What a command is, and what it works with: the client, the state of the screen, the settings, and a way to send."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from chat.cli.talk.settings import TalkSettings
from chat.cli.talk.state import State
from chat.client import Chat, FeatureChange, File, Message


class CommandError(Exception):
    """A command cannot be run as typed; the text says what to type."""


class SendMessage(Protocol):
    """Sends a message, which is stored in a file first."""

    def __call__(
        self, text: str, reply: int | None = None, *, room: int | None = None, files: Sequence[File] = ()
    ) -> None:
        """Send a text, files or both to a room, by default the open one. Sync."""


class Context(NamedTuple):
    """What a command works with."""

    chat: Chat
    state: State
    settings: TalkSettings
    send: SendMessage


class Command(NamedTuple):
    """A command: its arguments and its description for /help, and the function that runs it."""

    takes: str
    does: str
    run: Callable[[Context, str], Awaitable[None]]


class Feature(NamedTuple):
    """What a feature adds to the terminal client.

    Attributes:
        commands: its commands, by name.
        describe: returns the line to show among the messages for a change; None: it is not of this feature, or not
            shown. Sync and pure.
    """

    commands: Mapping[str, Command]
    describe: Callable[[State, FeatureChange], str | None]


def nth_last_message(state: State, which: str) -> Message:
    """Return the message that a command names by a number, 1 or nothing for the last one. Sync.

    Raises:
        CommandError: there is no such message.
    """
    message = state.nth_last_message(count(which), own=False)
    if message is None:
        raise CommandError("there are not that many messages here")
    return message


def needed(text: str, what: str) -> str:
    """Return the text; raise CommandError if it is empty. Sync."""
    if not text:
        raise CommandError(f"this command takes {what}")
    return text


def count(which: str) -> int:
    """Return the number that was typed, by default 1, the last one. Raises CommandError. Sync."""
    if which and not (which.isdecimal() and 1 <= int(which) <= 1000):
        raise CommandError("expected a number: 1 is the last one, 2 the one before it")
    return int(which or 1)
