"""The task that makes exports, one at a time of all servers on a database, and removes them when their time is over.

A claim in the database says who makes one. A server that dies loses its claim within seconds: what it had written is
removed, and another server, or the same one after its start, makes the export from the beginning.
"""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.features.exports.personal_data import PersonalData
from chat.features.exports.requests import Export, ExportRequests, Failure
from chat.signals import Signal
from chat.storage.archives import Archives
from chat.storage.disk_space import NoSpace

_CLAIM = 15.0
"""Seconds for which a claim lasts without a renewal."""

_SHARE = 0.3
"""The share of time that rows are read and written in: others wait for the same processors."""

_RENEW = 2.0
"""Seconds between two renewals, which also note the progress."""

_LOOK = 10.0
"""Seconds between two looks for requests to other servers, and for exports whose time is over."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

_PART = 1 << 18
"""Bytes of files that count as much progress as one list of lines."""

logger = structlog.get_logger(__name__)


class Maker:
    """Makes exports.

    Args:
        requests: the exports that are asked for.
        data: what people have.
        archives: the files.
        asked: notified when an export was asked for here.
    """

    def __init__(
        self, requests: ExportRequests, data: PersonalData, archives: Archives, asked: Signal
    ) -> None:
        self._requests = requests
        self._data = data
        self._archives = archives
        self._asked = asked
        self._number = secrets.randbits(62)

    async def serve(self) -> None:
        """Make what is asked for, and clean up, until cancelled. Cancelling: the export under way is made later."""
        while True:
            await self._try(self.clean_up)
            await self._try(self.make_all)
            with trio.move_on_after(_LOOK):
                await self._asked.wait()

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        has_failed = False
        while True:
            try:
                return await act()
            except (StorageError, OSError) as error:
                if not has_failed:
                    logger.warning("exports not made or not removed yet: trying again", error=str(error))
                has_failed = True
                await trio.sleep(_RETRY)

    async def clean_up(self) -> None:
        """Remove archives whose time is over, and what killed servers left. May raise StorageDown and OSError."""
        files = await self._archives.names()  # before the rows: who begins one meanwhile is not listed yet
        known = await self._requests.expire()
        gone = [
            file
            for file, name in files.items()
            if name not in known.claimed and (file.startswith(".") or name not in known.made)
        ]
        if gone:
            await self._archives.remove(gone)
            logger.info("removed exports", files=len(gone))

    async def make_all(self) -> None:
        """Make what is asked for, one after the other. May raise StorageDown, OutcomeUnknown and OSError."""
        while export := await self._requests.claim(self._number, _CLAIM):
            await self._make(export)

    async def _make(self, export: Export) -> None:
        # Unfinished files of this name are those of a server that lost the claim.
        files = await self._archives.names()
        await self._archives.remove([file for file, name in files.items() if name == export.name])
        person = await self._data.person(export.person_id)
        if person is None:
            return  # deleted just now: clean_up() removes the request
        progress = _Progress(*await self._data.extent(export.person_id))
        size = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_claim, export, progress, nursery.cancel_scope)
            failure, outage = Failure.DISK, None
            try:
                async with aclosing(progress.counted(self._data.kinds(export.person_id))) as kinds:
                    size = await self._archives.write(export.name, person, kinds, progress.wrote)
            except NoSpace:
                failure = Failure.TOO_BIG
            except StorageError as error:
                outage = error
            except OSError as error:
                logger.error(
                    "export given up: cannot write the archive", person=export.person_id, error=str(error)
                )
            nursery.cancel_scope.cancel(reason="the export is made")
        if outage is not None:
            raise outage
        if progress.is_claim_lost:
            return
        if size is None:
            await self._requests.fail(self._number, export.name, failure)
            logger.warning("export given up", person=export.person_id, reason=failure.value)
        elif await self._requests.finish(self._number, export.name, size):
            logger.info("export made", person=export.person_id, bytes=size)

    async def _keep_claim(self, export: Export, progress: "_Progress", scope: trio.CancelScope) -> None:
        while True:
            await trio.sleep(_RENEW)
            try:
                if await self._requests.renew(self._number, export.name, _CLAIM, progress.share):
                    continue
            except StorageError:
                continue  # the claim may lapse, then the next renewal says so
            progress.is_claim_lost = True
            scope.cancel(reason="the export is no longer wanted, or another server makes it")


class _Progress:
    """Counts the lists of lines that were written, and the bytes after them."""

    def __init__(self, lists: int, file_bytes: int) -> None:
        self.is_claim_lost = False
        self._whole = lists + file_bytes / _PART
        self._lists = lists
        self._done = 0
        self._before_files = 0
        self._size = 0

    @property
    def share(self) -> float:
        """The part that is made, from 0 to 1. Sync."""
        of_files = (self._size - self._before_files) / _PART if self._done >= self._lists else 0.0
        return min(1.0, (self._done + of_files) / self._whole)

    async def counted(
        self, kinds: AsyncGenerator[tuple[str, list[str]]]
    ) -> AsyncGenerator[tuple[str, list[str]]]:
        async with aclosing(kinds):
            began = trio.current_time()
            async for each in kinds:
                yield each
                self._done += 1
                self._before_files = self._size
                await trio.sleep((trio.current_time() - began) * (1 / _SHARE - 1))
                began = trio.current_time()

    def wrote(self, size: int) -> None:
        self._size = size


@asynccontextmanager
async def open_maker(maker: Maker) -> AsyncGenerator[None]:
    """Make exports for as long as the block lasts. Cancelling ends it; the export under way is made later."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(maker.serve)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
