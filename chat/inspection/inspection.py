"""What can be asked of a running server: its tree, why connections ended, its metrics, whether it works.

One server answers for itself here; `remote_inspection.py` asks another process. All of it but cancel() only looks.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import trio

from chat.inspection.connection_report import ConnectionReport, Summary, recent_ends, report_connection
from chat.inspection.metrics import Metrics
from chat.inspection.watch import Snapshot, Unwound, Watch

DATABASE = "the database"
"""A part of the server that may fail."""


class InspectionFailed(Exception):
    """The process that was asked does not answer, or can't work; the text says which and why, for an operator.

    `part` is the part of the server that fails, for everybody.
    """

    def __init__(self, text: str, part: str = "a process of the server") -> None:
        super().__init__(text)
        self.part = part


class Inspection(Protocol):
    """Answers. Each raises InspectionFailed where another process is asked and does not answer.

    Cancelling: nothing was changed, but by cancel(): the client may be cancelled all the same.
    """

    async def tree(self, most: int) -> Snapshot:
        """Return the server as it is now, with `most` clients in full."""
        ...

    async def cancel(self, connection: int) -> Unwound | None:
        """Cancel everything of one client and tell how it unwound; None if there is no such client."""
        ...

    async def ends(self) -> list[Summary]:
        """Return the abnormal ends that are remembered, the last first."""
        ...

    async def report(self, connection: int) -> ConnectionReport | None:
        """Return what is known of a connection, or None."""
        ...

    async def metrics(self) -> str:
        """Return everything that is counted, in Prometheus' text format."""
        ...

    async def health(self) -> None:
        """Return if the server can work. Raises StorageDown if its database does not answer."""
        ...


class OwnInspection:
    """What one server answers for itself. `ping` raises StorageDown where its storage does not work."""

    def __init__(self, watch: Watch, metrics: Metrics, ping: Callable[[], Awaitable[None]]) -> None:
        self._watch = watch
        self._metrics = metrics
        self._ping = ping

    async def tree(self, most: int) -> Snapshot:
        await trio.lowlevel.checkpoint()
        return self._watch.look(most)

    async def cancel(self, connection: int) -> Unwound | None:
        return await self._watch.cancel(connection)

    async def ends(self) -> list[Summary]:
        await trio.lowlevel.checkpoint()
        return recent_ends(self._watch.recorder)

    async def report(self, connection: int) -> ConnectionReport | None:
        await trio.lowlevel.checkpoint()
        return report_connection(self._watch.recorder, connection)

    async def metrics(self) -> str:
        await trio.lowlevel.checkpoint()
        return self._metrics.render().decode()

    async def health(self) -> None:
        await self._ping()
