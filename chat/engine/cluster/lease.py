"""The lease of this server: renewed each second. After a lapse, the access of every client here is checked again."""

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.nodes import FENCE, RENEW, OtherBus, OtherSecret
from chat.domain.ports import Nodes
from chat.domain.startup import CannotStart
from chat.engine.fence import Fence
from chat.shutdown import LEAVE
from chat.signals import Signal

_RETRY = 0.25
"""Seconds until the next try where the database does not renew the lease."""

logger = structlog.get_logger(__name__)


class Lease:
    """Renews the lease, and keeps the fence open for as long as the lease is good.

    Args:
        position: returns the highest id of the log that was published here.
        clients: returns the number of clients here.
        reaches: called with the end of the log at each renewal. Sync.
        rewind_to: called with the end of the log where more than that was published: commits are lost. Sync.
    """

    def __init__(
        self,
        nodes: Nodes,
        fence: Fence,
        *,
        address: str,
        version: str,
        bus: str,
        secret_digest: str,
        previous_digest: str | None = None,
        position: Callable[[], int],
        clients: Callable[[], int],
        reaches: Callable[[int], object],
        rewind_to: Callable[[int], object],
    ) -> None:
        self._nodes = nodes
        self._fence = fence
        self._register = partial(
            nodes.register,
            address=address,
            version=version,
            bus=bus,
            secret_digest=secret_digest,
            previous_digest=previous_digest,
        )
        self._position = position
        self._clients = clients
        self._reaches = reaches
        self._rewind_to = rewind_to
        self._wanted = Signal()
        self._is_wanted = False  # whether renew_now() was called since the last renewal
        self.number = 0
        """This server's number, once it is registered."""

    async def begin(self) -> None:
        """Register this server. Raises CannotStart. Cancelling: it may be registered, until its lease ends."""
        sent = trio.current_time()
        try:
            self.number = await self._register()
        except StorageError as error:
            # An embedded PostgreSQL is cancelled with us, and may end before it answers.
            await trio.lowlevel.checkpoint_if_cancelled()
            raise CannotStart(f"this server can't register for a lease: {error}") from error
        self._fence.open_until(sent + FENCE)

    def renew_now(self) -> None:
        """Renew the lease at once, which also reads the end of the log. Sync."""
        self._is_wanted = True
        self._wanted.notify()

    async def keep(
        self,
        recheck: Callable[[], Awaitable[object]],
        lapsed: Callable[[], object],
        settled_watermark: Callable[[int], int],
    ) -> None:
        """Renew the lease until cancelled.

        Args:
            recheck: after the lease has lapsed, runs before anything is published: it takes from clients the access
                that they lost meanwhile. May raise StorageError.
            lapsed: called when the database has forgotten the lease, before there is another. Sync.
            settled_watermark: returns, for the newest published id, the newest one before which all writes are settled:
                the position that the other servers see. Sync.

        Cancelling opens the fence: a server that stops has no clients any more.
        """
        try:
            await self._keep(recheck, lapsed, settled_watermark)
        finally:
            self._fence.open_until(math.inf)

    async def _keep(
        self,
        recheck: Callable[[], Awaitable[object]],
        lapsed: Callable[[], object],
        settled_watermark: Callable[[int], int],
    ) -> None:
        warned = set[str]()  # the warnings that were logged since the last renewal

        def warn(event: str, **details: str) -> None:
            if event not in warned:
                logger.warning(event, **details)
            warned.add(event)

        has_rechecked = True  # since the lease lapsed last
        while True:
            self._is_wanted = False
            sent, published = trio.current_time(), self._position()
            try:
                # Until the recheck, published changes may be lost: they would have to be published again.
                position = settled_watermark(published) if has_rechecked else 0
                end = await self._nodes.renew(self.number, position, self._clients())
                if end is None:
                    has_rechecked = False
                    self._fence.open_until(sent)
                    lapsed()
                    warn(
                        "lease lapsed: clients here receive nothing until it is renewed and their access rechecked"
                    )
                    await self._begin_again()
                    continue
                if not has_rechecked:
                    await self._recheck(recheck)
                    has_rechecked = True
                    continue  # the next renewal shows whether the lease lapsed meanwhile
            except StorageError as error:
                warn("lease not renewed: the database does not answer; trying again", error=str(error))
                await trio.sleep(_RETRY)
                continue
            warned.clear()
            self._fence.open_until(sent + FENCE)
            if end < published:
                self._rewind_to(end)
            self._reaches(end)
            with trio.move_on_after(RENEW):
                await self._wanted.wait_until(lambda: self._is_wanted)

    async def _recheck(self, recheck: Callable[[], Awaitable[object]]) -> None:
        """Run `recheck`, and renew the lease meanwhile: a recheck may take longer than a lease lasts.

        May raise StorageError.
        """
        failed: StorageError | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._hold)
            try:
                await recheck()
            except StorageError as error:
                failed = error
            nursery.cancel_scope.cancel(reason="the recheck is done")
        if failed is not None:
            raise failed

    async def _hold(self) -> None:
        """Renew the lease until cancelled, and leave the fence closed."""
        while True:
            await trio.sleep(RENEW)
            with suppress(StorageError):
                await self._nodes.renew(self.number, 0, self._clients())

    async def _begin_again(self) -> None:
        """Register again, under the same number. May raise StorageError."""
        try:
            await self._register(number=self.number)
        except (OtherBus, OtherSecret) as error:
            logger.error(
                "lease refused: clients here receive nothing; restart with the others' settings",
                reason=str(error),
            )
            await trio.sleep(RENEW)

    async def end(self) -> None:
        """Give the lease up. Cancelling takes effect after the try."""
        # Without the shield the others would wait for a stopped server until its lease ends.
        with trio.move_on_after(LEAVE, shield=True):
            try:
                await self._nodes.leave(self.number)
            except StorageError as error:
                logger.debug("lease not given up: it ends by itself", error=str(error))
