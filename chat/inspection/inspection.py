"""The port to inspect a running server: its task tree, ends of connections, metrics, health.

OwnInspection is of this process; `remote_inspection.py` asks another one. All methods but cancel() only read.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import trio

from chat.inspection.connection_report import ConnectionReport, Summary, recent_ends, report_connection
from chat.inspection.figures import Figures
from chat.inspection.metrics import Metrics
from chat.inspection.watch import Snapshot, Unwound, Watch

DATABASE_DOWN = "the database does not answer"
"""What everybody may know about a failing database."""


class InspectionFailed(Exception):
    """A process does not answer, or does not work; the text says which and why, for admins.

    `public` says what fails, for everybody.
    """

    def __init__(self, text: str, public: str = "a process of the server does not answer") -> None:
        super().__init__(text)
        self.public = public


class Inspection(Protocol):
    """Inspects a server. Each method raises InspectionFailed where another process does not answer.

    Cancelling changes nothing; cancel() may still cancel the client.
    """

    async def tree(self, most: int) -> Snapshot:
        """Return the server as it is now, with `most` clients in full."""
        ...

    async def cancel(self, connection: int) -> Unwound | None:
        """Cancel one client, and return how its tasks ended; None if there is no such client."""
        ...

    async def ends(self) -> list[Summary]:
        """Return the recent abnormal ends, the last first."""
        ...

    async def report(self, connection: int) -> ConnectionReport | None:
        """Return the report of a connection, or None."""
        ...

    async def metrics(self) -> str:
        """Return all metrics in Prometheus' text format."""
        ...

    async def health(self) -> None:
        """Return if the server is ready: it can save and publish. Raises StorageDown or InspectionFailed."""
        ...


class OwnInspection:
    """Inspects this process. `check` raises StorageDown or InspectionFailed where the process is not ready.

    `figures` are those metrics that have to be read before all are rendered.
    """

    def __init__(
        self,
        watch: Watch,
        metrics: Metrics,
        check: Callable[[], Awaitable[None]],
        figures: Figures | None = None,
    ) -> None:
        self._watch = watch
        self._metrics = metrics
        self._check = check
        self._figures = figures

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
        if self._figures is not None:
            await self._figures.refresh()
        return self._metrics.render().decode()

    async def health(self) -> None:
        await self._check()
