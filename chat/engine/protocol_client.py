"""What a protocol makes for each connection that speaks it: the state that is its own, and what each command does."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import trio

from chat.engine.dialect import Command

CommandHandler = Callable[[Any, Any, trio.Nursery], Awaitable[None]]
"""Does what one type of command asks: called with the protocol's client, the command, and the connection's nursery.

It runs in the reader: while it waits this client is not read, so what takes long goes to the nursery. The table says
of which type the first two are; a function's type can't.
"""

CommandHandlers = Mapping[type[Command], CommandHandler]


class ProtocolClient:
    """One connection, as its protocol sees it.

    The session makes it, with no await before the first of its handlers is called, which is that of Greet.
    """

    __slots__ = ()

    handlers: ClassVar[CommandHandlers]
    """What is done for each type of command that the protocol's codec knows: one table for all its connections."""

    def person_changed(self) -> None:
        """The session's person has another name or other roles than before. Sync."""
