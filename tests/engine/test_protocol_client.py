"""A protocol's table: each handler gets commands of its own type, and its own protocol's client."""

import pytest
import trio

from chat.engine.dialect import Command, Greet
from chat.engine.protocol_client import CommandHandlers, on


class Wave(Command, frozen=True):
    """A command of nobody's protocol."""


async def test_a_handler_gets_the_client_and_the_command_of_its_type() -> None:
    heard: list[tuple[str, Command]] = []

    async def greet(client: str, command: Greet, _nursery: trio.Nursery) -> None:
        heard.append((client, command))

    table: CommandHandlers[str] = dict((on(Greet, greet),))
    async with trio.open_nursery() as nursery:
        await table[Greet]("ada", Greet(), nursery)
        with pytest.raises(AssertionError):
            await table[Greet]("ada", Wave(), nursery)
    assert heard == [("ada", Greet())]
