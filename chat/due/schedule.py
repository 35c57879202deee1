"""How features add due items: the table, and a signal for the task of this server."""

from chat.domain.features import Port, Ports
from chat.due.port import DUE
from chat.signals import Signal


class Schedule:
    """Adds due items. One for each server."""

    def __init__(self, ports: Ports) -> None:
        self.due = ports[DUE]
        self.woken = Signal()
        self.wakes = 0

    async def add(self, kind: str, key: str, after: float) -> None:
        """As `Due.add`. Cancelling: it was added, or not; if it was, another server or the next look finds it."""
        await self.due.add(kind, key, after)
        self.wake()

    def wake(self) -> None:
        """Have this server read the table again: something was added. Sync."""
        self.wakes += 1
        self.woken.notify()


SCHEDULE: Port[Schedule] = Port("schedule")
