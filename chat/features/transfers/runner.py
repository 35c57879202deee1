"""The task that has transfers done, one at a time of all servers on a database, and removes their files.

A process of its own does the work, `chat transfer`, with the lowest priority: the event loop stays free, and it ends
with this server. A claim in the database says whose it is. A server that dies loses its claim within seconds; another
server, or the same one after its start, has the work gone on with, or done again.
"""

import secrets
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryFile

import structlog
import trio

from chat.domain.failures import StorageError
from chat.embedded_postgres.process import open_process
from chat.features.transfers.transfers import AGAIN, Failure, Transfer, Transfers
from chat.signals import Signal
from chat.storage.archives import Archives

_CLAIM = 15.0
"""Seconds for which a claim lasts without a renewal."""

_RENEW = 2.0
"""Seconds between two renewals. One that is removed is stopped after it."""

_LOOK = 10.0
"""Seconds between two looks for requests to other servers, and for files whose time is over."""

_RETRY = 1.0
"""Seconds until the next try when the database fails, or the process."""

_TRIES = 5
"""How often a process may stop by itself before its transfer is given up."""

_GRACE = 2.0
"""Seconds for the process to stop with the server."""

logger = structlog.get_logger(__name__)


class Runner:
    """Has transfers done.

    Args:
        transfers: those that are asked for.
        archives: where their files are, and the environment of their processes.
        asked: notified when one was asked for here.
    """

    def __init__(self, transfers: Transfers, archives: Archives, asked: Signal) -> None:
        self._transfers = transfers
        self._archives = archives
        self._asked = asked
        self._number = secrets.randbits(62)
        self._stops: Counter[str] = Counter()  # of processes, by the name of their transfer

    async def serve(self) -> None:
        """Run transfers and clean up until cancelled. Cancelling: the next server goes on."""
        while True:
            await self._try(self.clean_up)
            if not await self._try(self.run_next):
                with trio.move_on_after(_LOOK):
                    await self._asked.wait()

    async def _try(self, act: Callable[[], Awaitable[bool]]) -> bool:
        has_failed = False
        while True:
            try:
                return await act()
            except (StorageError, OSError) as error:
                if not has_failed:
                    logger.warning(
                        "exports and imports are not done or not removed yet: trying again", error=str(error)
                    )
                has_failed = True
                await trio.sleep(_RETRY)

    async def clean_up(self) -> bool:
        """Remove files whose time is over, and what killed servers left. May raise StorageError and OSError."""
        files = (
            await self._archives.transfer_files()
        )  # before the rows: who begins one meanwhile is not listed yet
        known = await self._transfers.expire()
        if gone := [file for file, name in files.items() if name not in known]:
            await self._archives.remove_transfer_files(gone)
            logger.info("removed files of exports and imports", files=len(gone))
        return bool(gone)

    async def run_next(self) -> bool:
        """Have the next transfer done, if one waits. May raise StorageError and OSError."""
        transfer = await self._transfers.claim(self._number, _CLAIM)
        if transfer is None:
            return False
        status, said = await self._run(transfer)
        if status == AGAIN:
            await trio.sleep(_RETRY)
        elif status:
            await self._stopped(transfer, status, said)
        return True

    async def _run(self, transfer: Transfer) -> tuple[int, str]:
        """Run the process; return its status and output. 0 also if it was stopped because the claim has ended."""
        command = (sys.executable, "-m", "chat", "transfer", transfer.name, str(self._number))
        status = 0
        with TemporaryFile() as output:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._keep_claim, transfer, nursery.cancel_scope)
                async with open_process(
                    command,
                    directory=Path("/"),
                    owner=None,
                    output=output.fileno(),
                    grace=_GRACE,
                    environment=self._archives.environment,
                ) as process:
                    status = await process.wait()
                nursery.cancel_scope.cancel(reason="its process has ended")
            output.seek(0)
            return status, output.read().decode(errors="replace")

    async def _keep_claim(self, transfer: Transfer, scope: trio.CancelScope) -> None:
        while True:
            await trio.sleep(_RENEW)
            try:
                if await self._transfers.renew(self._number, transfer.name, _CLAIM):
                    continue
            except StorageError:
                continue  # the claim may lapse, then the next renewal says so
            scope.cancel(reason="the transfer is no longer wanted, or another server does it")

    async def _stopped(self, transfer: Transfer, status: int, said: str) -> None:
        self._stops[transfer.name] += 1
        tries = self._stops[transfer.name]
        lines = [line for line in said.splitlines() if line.strip()]
        reason = lines[-1] if lines else f"status {status}"
        if tries < _TRIES:
            logger.warning("the process of an export or import stopped", kind=transfer.kind, reason=reason)
            await trio.sleep(_RETRY * 2**tries)
            return
        del self._stops[transfer.name]  # an admin may start an import again
        logger.error("export or import given up", kind=transfer.kind, reason=reason)
        await self._transfers.fail(self._number, transfer.name, Failure.STOPPED, reason[:300])


@asynccontextmanager
async def open_runner(runner: Runner) -> AsyncGenerator[None]:
    """Have transfers done for as long as the block lasts. Cancelling ends it; the next server goes on."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.serve)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
