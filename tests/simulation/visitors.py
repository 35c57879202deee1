"""Visitors of the support widget: people whom the server creates, with only their conversation."""

import json
from collections.abc import Iterator

from tests.reference.storage import MemoryStorage
from tests.simulation.clients import Surroundings
from tests.simulation.plan import Guest
from tests.simulation.resuming import ResumingClient
from tests.simulation.wire import UpgradeRejected

SITE = "https://shop.example"
"""Where the widget may be shown."""


class VisitorClient(ResumingClient):
    """Comes without an account, and says everything in its conversation, with keys."""

    def __init__(self, world: Surroundings, guest: Guest) -> None:
        super().__init__(world, guest)
        self.spoken_in = 0
        self._noted: set[str] = set()  # the keys of what the record has

    async def _connect(self) -> None:
        if self._token is None:
            await self._come()
        if not self.spoken_in:
            status, room = await self.request("PUT", "/api/v1/support")
            if status != 200:
                raise UpgradeRejected(status)
            self.spoken_in = room["id"]
        await super()._connect()

    async def _come(self) -> None:
        visit = {"name": "Anna", "page": f"{SITE}/cart"}
        status, came = await self.request("POST", "/api/v1/support/visitors", visit)
        if status != 201:
            raise UpgradeRejected(status)
        self._token, self.person = came["access"], came["me"]["id"]
        self.world.met(self.person, came["me"]["name"])

    async def _send(self, key: str, text: str) -> None:
        if key not in self._noted:
            self._noted.add(key)
            # Each is a sender of its own: what is sent again may come behind what was said after it.
            self.world.record.note(
                "send",
                f"{self.guest.number}:{key}",
                who=self.person,
                topic=f"support:{self.person}",
                text=text,
            )
        await super()._send(key, text)

    def hear(self, raw: str) -> None:
        frame = json.loads(raw)
        room = frame.get("room") if frame["type"] != "room" else frame["id"]
        if room is not None and room != self.spoken_in:
            self.world.bugs.append(f"{self.conn}, a visitor, was told {frame}")
        super().hear(raw)

    def _own_rooms(self, kept: MemoryStorage) -> set[int]:
        return {self.spoken_in}

    def left(self, kept: MemoryStorage) -> Iterator[str]:
        if self.person and self.spoken_in:
            yield from super().left(kept)
