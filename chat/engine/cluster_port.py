"""The port to the other servers on the same log, and its implementation for a server that is alone."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from chat.domain.entities import Message
from chat.domain.messages.live import Notice
from chat.engine.hub import Announcement
from chat.inspection.metrics import Reading


class Cluster(Protocol):
    """What this server asks of the others. A method that waits raises StorageDown where the database can't list them.

    A server without a lease publishes nothing. A wait for all servers therefore ends when each one has answered or its
    lease has lapsed.
    """

    @property
    def number(self) -> int:
        """This server's number among all that ever were; 0 where it is alone."""

    def publish(self, committed: Sequence[Announcement]) -> None:
        """Announce to the other servers what a commit of this one added to the log. Sync."""

    def notify(self, notice: Notice) -> None:
        """Send the other servers a notice. No log holds it, and it may get lost. Sync."""

    def readings(self) -> Iterable[Reading]:
        """Return the counters of the bus; none where this server is alone. Sync."""

    async def catch_up(self) -> None:
        """Wait until this server has published every change that was in the log at the time of the call.

        Other servers may have published those changes already, so a client that moves here from one of them receives
        none of them twice. Cancelling changes nothing.
        """

    async def keep_lease(self, recheck: Callable[[], Awaitable[object]]) -> None:
        """Renew this server's lease until cancelled.

        After the lease has lapsed, `recheck` runs before anything is published: it takes from clients the access
        that they lost meanwhile. It may raise StorageError.
        """

    async def wait_published_everywhere(self, change_id: int, person_id: int | None = None) -> None:
        """Wait until every server with a lease has published the log up to this id.

        With `person_id` also until that person's writes, submitted there before it was published, are settled. Raises
        StorageDown where a server with a lease takes too long. Cancelling changes nothing.
        """

    async def wait_writes_settled_everywhere(self, person_id: int) -> None:
        """Wait until every server with a lease has published the current log and settled the person's writes.

        Raises StorageDown as wait_published_everywhere() does. Cancelling changes nothing.
        """

    async def wait_deliveries_recorded_everywhere(self, person_id: int) -> None:
        """Wait until every other server has recorded what it delivered to this person, or is silent for seconds.

        Cancelling changes nothing.
        """

    async def wait_read_marks_written_everywhere(self, person_id: int) -> None:
        """Wait until every other server has written the person's read marks, or is silent for seconds.

        Cancelling changes nothing.
        """

    async def relay(self, message: Message, to: int | None = None) -> bool:
        """Have the other servers, or the one with this number, deliver a message that no log holds.

        Returns whether one of them has its addressee. Cancelling: it may be delivered, or not.
        """


class Alone:
    """The cluster of one server: there is nobody to tell, to ask or to wait for."""

    number = 0

    def publish(self, committed: Sequence[Announcement]) -> None:
        """Do nothing."""

    def notify(self, notice: Notice) -> None:
        """Do nothing."""

    def readings(self) -> Iterable[Reading]:
        """Return nothing."""
        return ()

    async def catch_up(self) -> None:
        """Return at once: no other server has published anything."""

    async def keep_lease(self, recheck: Callable[[], Awaitable[object]]) -> None:
        """Return at once: no lease is needed."""

    async def wait_published_everywhere(self, change_id: int, person_id: int | None = None) -> None:
        """Return at once."""

    async def wait_writes_settled_everywhere(self, person_id: int) -> None:
        """Return at once."""

    async def wait_deliveries_recorded_everywhere(self, person_id: int) -> None:
        """Return at once."""

    async def wait_read_marks_written_everywhere(self, person_id: int) -> None:
        """Return at once."""

    async def relay(self, message: Message, to: int | None = None) -> bool:
        """Return False: there is no other server."""
        return False
