"""The lease of this server: renewed each second, and where it has lapsed, everybody here is looked at anew."""

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
from chat.engine.cluster.fence import Fence
from chat.shutdown import LEAVE

_RETRY = 0.25
"""Seconds until the next try where the database does not renew it."""

logger = structlog.get_logger(__name__)


class Lease:
    """Keeps the lease and the fence that stands on it.

    Args:
        position: returns the highest id of the log that clients here were told.
        clients: returns how many there are.
        reaches: told how far the log is, at each renewal. Sync.
        rewound: told how far the log is where that is less than was told: commits are lost. Sync.
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
        position: Callable[[], int],
        clients: Callable[[], int],
        reaches: Callable[[int], object],
        rewound: Callable[[int], object],
    ) -> None:
        self._nodes = nodes
        self._fence = fence
        self._register = partial(
            nodes.register, address=address, version=version, bus=bus, secret_digest=secret_digest
        )
        self._position = position
        self._clients = clients
        self._reaches = reaches
        self._rewound = rewound
        self._wanted = trio.Event()  # set by renew_now(), made anew at each renewal
        self.number = 0
        """This server's number, once it is registered."""

    async def begin(self) -> None:
        """Register. Raises CannotStart. Cancelling: it may be registered, until its lease ends."""
        sent = trio.current_time()
        try:
            self.number = await self._register()
        except StorageError as error:
            # An embedded PostgreSQL is cancelled with us, and may end before it answers.
            await trio.lowlevel.checkpoint_if_cancelled()
            raise CannotStart(f"this server has no lease among the others: {error}") from error
        self._fence.open_until(sent + FENCE)

    def renew_now(self) -> None:
        """Renew it at once, which tells how far the log is. Sync."""
        self._wanted.set()

    async def keep(
        self,
        look_again: Callable[[], Awaitable[object]],
        lapsed: Callable[[], object],
        over_up_to: Callable[[int], int],
    ) -> None:
        """Renew it until cancelled. Where it has lapsed, `look_again` is called before anybody is told anything.

        `look_again` lets nobody hear what they may not. It may raise StorageError. `lapsed` is told that the database
        does not know the lease, before there is another. Sync. `over_up_to` returns, for what is told, up to where all
        that was submitted before is saved or refused: so far the others are told that this server is. Sync. Cancelling
        opens the fence: whoever stops has no clients any more, and tells what is left to nobody.
        """
        try:
            await self._keep(look_again, lapsed, over_up_to)
        finally:
            self._fence.open_until(math.inf)

    async def _keep(
        self,
        look_again: Callable[[], Awaitable[object]],
        lapsed: Callable[[], object],
        over_up_to: Callable[[int], int],
    ) -> None:
        warned = set[str]()  # of what was logged since it was last kept

        def warn(event: str, **details: str) -> None:
            if event not in warned:
                logger.warning(event, **details)
            warned.add(event)

        has_looked = True  # since the lease lapsed last
        while True:
            self._wanted = trio.Event()
            sent, told = trio.current_time(), self._position()
            try:
                # Until it has looked, what was told may be lost, and is to be told anew.
                position = over_up_to(told) if has_looked else 0
                end = await self._nodes.renew(self.number, position, self._clients())
                if end is None:
                    has_looked = False
                    self._fence.open_until(sent)
                    lapsed()
                    warn("the lease has lapsed, this server tells nothing until it has looked again")
                    await self._begin_again()
                    continue
                if not has_looked:
                    await self._look(look_again)
                    has_looked = True
                    continue  # renewing it says whether it lapsed meanwhile
            except StorageError as error:
                warn("the lease is not renewed", error=str(error))
                await trio.sleep(_RETRY)
                continue
            warned.clear()
            self._fence.open_until(sent + FENCE)
            if end < told:
                self._rewound(end)
            self._reaches(end)
            with trio.move_on_after(RENEW):
                await self._wanted.wait()

    async def _look(self, look_again: Callable[[], Awaitable[object]]) -> None:
        """Look again, and keep the lease meanwhile: else who takes longer than one lasts would never end.

        May raise StorageError.
        """
        failed: StorageError | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._hold)
            try:
                await look_again()
            except StorageError as error:
                failed = error
            nursery.cancel_scope.cancel(reason="it has looked")
        if failed is not None:
            raise failed

    async def _hold(self) -> None:
        """Renew it without telling anybody anything, until cancelled."""
        while True:
            await trio.sleep(RENEW)
            with suppress(StorageError):
                await self._nodes.renew(self.number, 0, self._clients())

    async def _begin_again(self) -> None:
        """Register again. May raise StorageError."""
        try:
            await self._register(number=self.number)
        except (OtherBus, OtherSecret) as error:
            logger.error("this server can have no lease", reason=str(error))
            await trio.sleep(RENEW)

    async def end(self) -> None:
        """Give it up. Cancelling: felt once that is tried."""
        # Without the shield a server that is stopped would be waited for until its lease ends.
        with trio.move_on_after(LEAVE, shield=True):
            try:
                await self._nodes.leave(self.number)
            except StorageError as error:
                logger.debug("the lease ends by itself", error=str(error))
