"""A protocol's table of handlers: each gets commands of its own type and its own protocol's client."""

import trio

from chat.engine.dialect import Command, Greet
from chat.engine.protocol_client import ProtocolClient, command_handlers, on


class Wave(Command, frozen=True):
    """A command of nobody's protocol."""


class Waving(ProtocolClient):
    def __init__(self) -> None:
        self.received: list[str] = []

    async def greet(self, command: Greet, _nursery: trio.Nursery) -> None:
        assert isinstance(command, Greet)
        self.received.append("greeted")

    async def wave(self, command: Wave, _nursery: trio.Nursery) -> None:
        assert isinstance(command, Wave)
        self.received.append("waved")

    handlers = command_handlers(on(Greet, greet), on(Wave, wave))


async def test_a_handler_gets_the_client_and_the_command_of_its_type() -> None:
    client = Waving()
    async with trio.open_nursery() as nursery:
        await client.handle(Wave(), nursery)
        await client.handle(Greet(), nursery)
    assert client.received == ["waved", "greeted"]
