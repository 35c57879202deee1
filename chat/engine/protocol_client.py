"""A protocol's part of a connection: its own state, and the handlers of its commands."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast

import trio

from chat.domain.closing import Closing
from chat.engine.dialect import Command

ClientT = TypeVar("ClientT")
CommandT = TypeVar("CommandT", bound=Command)

CommandHandler = Callable[[ClientT, Command, trio.Nursery], Awaitable[None]]
"""Handles a command: called with the protocol's client, the command, and the connection's nursery.

It runs in the task that reads: while it waits, the client is not read. So long work runs in the nursery.
"""

CommandHandlers = dict[type[Command], CommandHandler[ClientT]]
"""The handler of each type of command: one table for all connections of a protocol."""


def on(
    kind: type[CommandT], handle: Callable[[ClientT, CommandT, trio.Nursery], Awaitable[None]]
) -> tuple[type[Command], CommandHandler[ClientT]]:
    """Return the table entry that handles commands of exactly the type `kind` with `handle`."""
    return kind, cast("CommandHandler[ClientT]", handle)  # the table is asked by the command's own type


def command_handlers(
    *entries: tuple[type[Command], CommandHandler[ClientT]],
) -> CommandHandlers[ClientT]:
    """Return the table of these entries."""
    return dict(entries)


class ProtocolClient:
    """One connection, as its protocol sees it.

    The session makes it, and handles Greet as its first command, without an await between.
    """

    __slots__ = ()

    handlers: ClassVar[CommandHandlers[Any]]
    """Set by the protocol's class; it has every command of the protocol's codec."""

    def handle(self, command: Command, nursery: trio.Nursery) -> Awaitable[None]:
        """Handle the command. Cancelling: see its handler."""
        return self.handlers[type(command)](self, command, nursery)

    def person_changed(self) -> None:
        """The session's person has another name or other roles. Sync."""

    def person_deleted(self, person_id: int) -> None:
        """Somebody was deleted, who is not the session's person. Sync."""

    def conversations(self) -> Mapping[int, int]:
        """Return the ids of support conversations that the client subscribes to as rooms, with their people's. Sync."""
        return {}

    def room_made(self, room_id: int) -> None:
        """The session's person has made a room. Sync."""

    def room_ended(self, room_id: int, *, is_deleted: bool) -> None:
        """The client was unsubscribed from a room: it was deleted, or the person's membership ended. Sync."""

    def ending(self, closing: Closing) -> None:
        """The session ends; the close frame follows what is sent here. Sync."""

    def closed(self, *, is_answered: bool) -> None:
        """The close frame was answered, or not in time; called in any case after ending(). Sync.

        A client that answers it has received everything before it.
        """

    def ended(self) -> None:
        """The session has ended, or speaks another protocol from now on. Sync."""
