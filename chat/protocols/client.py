"""The common base of several protocols' clients: their session, and the answer to malformed frames."""

import trio

from chat.domain.refusals import Refusal
from chat.engine.dialect import Command
from chat.engine.events import Refused
from chat.engine.protocol_client import ProtocolClient
from chat.engine.session import Session


class Misunderstood(Command, frozen=True):
    """The frame could not be read; the refusal says why."""

    refusal: Refusal


class Client(ProtocolClient):
    """A protocol's client that knows its session.

    Cancelling a handler: a write that it submitted may be committed without being acknowledged.
    """

    __slots__ = ("session",)

    def __init__(self, session: Session) -> None:
        self.session = session


async def misunderstood(client: Client, command: Misunderstood, _nursery: trio.Nursery) -> None:
    """Handle Misunderstood: refuse the frame with the reason. Cancelling: it is refused."""
    client.session.send(Refused(command.refusal, command.ref))
    await client.session.limits.malformed()
