"""People with roles in a room of their own, who change roles, remove and ban each other concurrently.

They speak HTTP alone, and care for no answer: what counts is what the log has in the end.
"""

from tests.simulation.clients import Client
from tests.simulation.plan import Step
from tests.simulation.wire import EXPECTED


class ModeratorClient(Client):
    """Tries the planned acts on others, whether or not it may."""

    room = 0
    """The room of these clients: the world makes it, and nobody else is in it."""

    async def live(self) -> None:
        """Have a token, and no connection that stays."""
        self.authorised(self.world.token(self.person))

    async def do(self, step: Step) -> None:
        try:
            await self._try(step)
        except* EXPECTED:
            pass

    async def _try(self, step: Step) -> None:
        room = f"/api/v1/rooms/{self.room}"
        member = f"{room}/members/{step.a}"
        match step.what:
            case "say":
                await self.request("POST", f"{room}/messages", {"text": self.text(), "key": self.text()})
            case "delete":
                await self.request("DELETE", f"{room}/messages/{step.b}")
            case "remove":
                await self.request("DELETE", member)
            case "change the room":
                await self.request("PATCH", room, {"topic": self.text()})
            case role:
                await self.request("PUT", member, {"role": role})
