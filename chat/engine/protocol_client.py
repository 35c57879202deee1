"""What a protocol makes for each connection that speaks it: the state that is its own, and what each command does."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast

import trio

from chat.domain.closing import Closing
from chat.engine.dialect import Command

ClientT = TypeVar("ClientT")
CommandT = TypeVar("CommandT", bound=Command)

CommandHandler = Callable[[ClientT, Command, trio.Nursery], Awaitable[None]]
"""Does what a command asks: called with the protocol's client, the command, and the connection's nursery.

It runs in the reader: while it waits this client is not read, so what takes long goes to the nursery.
"""

CommandHandlers = dict[type[Command], CommandHandler[ClientT]]
"""What is done for each type of command that a protocol's codec knows: one table for all its connections."""


def on(
    kind: type[CommandT], handle: Callable[[ClientT, CommandT, trio.Nursery], Awaitable[None]]
) -> tuple[type[Command], CommandHandler[ClientT]]:
    """Return the entry of a table that handles commands of the type `kind`, and of no other, with `handle`."""
    return kind, cast("CommandHandler[ClientT]", handle)  # the table is asked by the command's own type


def command_handlers(
    *entries: tuple[type[Command], CommandHandler[ClientT]],
) -> CommandHandlers[ClientT]:
    """Return the table of these entries."""
    return dict(entries)


class ProtocolClient:
    """One connection, as its protocol sees it.

    The session makes it, with no await before the first command is handled, which is Greet.
    """

    __slots__ = ()

    handlers: ClassVar[CommandHandlers[Any]]
    """Of the protocol's own class; it has each command that the protocol's codec knows."""

    def handle(self, command: Command, nursery: trio.Nursery) -> Awaitable[None]:
        """Do what the command asks. Cancelling: as its handler says."""
        return self.handlers[type(command)](self, command, nursery)

    def person_changed(self) -> None:
        """The session's person has another name or other roles than before. Sync."""

    def person_deleted(self, person_id: int) -> None:
        """Somebody was deleted, who is not the session's person. Sync."""

    def conversations(self) -> Mapping[int, int]:
        """Return the ids of the support conversations that the client hears as rooms, each with its person's. Sync."""
        return {}

    def room_made(self, room_id: int) -> None:
        """The session's person has made a room. Sync."""

    def room_ended(self, room_id: int, *, is_deleted: bool) -> None:
        """The client hears a room no more: it was deleted, or the person's membership ended. Sync."""

    def ending(self, closing: Closing) -> None:
        """The session ends, and the close frame follows what is sent here. Sync."""

    def closed(self, *, is_answered: bool) -> None:
        """The close frame that followed ending() was answered, or was not in time; called in any case. Sync.

        Whoever answers it has received all that was sent before.
        """

    def ended(self) -> None:
        """The session reads and hears nothing more, or speaks another protocol from here on. Sync."""
