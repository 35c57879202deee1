"""`chat worker`: one of several processes that serve, started by the parent that `chat serve --workers` is."""

import math
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import click
import msgspec
import structlog
import trio

from chat.cli.failing import CommandFailed
from chat.cli.importing import importing
from chat.cli.refused import one_line_refusals
from chat.cli.reload import Reloads
from chat.cli.service_manager import ServiceManager
from chat.cli.spare_collector import spare_collector
from chat.domain.startup import CannotStart
from chat.gateway.descriptors import raise_descriptor_limit
from chat.logs import configure_logging
from chat.settings.config import Config
from chat.settings.passing import passed_settings
from chat.shutdown import longest_worker_stop
from chat.workers.control_pipe import ControlPipe, first_message
from chat.workers.messages import TO_WORKER, CannotServe, Leave, Ready, Reload, Serve, ToWorker

_STOP = (signal.SIGTERM, signal.SIGINT)

logger = structlog.get_logger(__name__)


@click.command(hidden=True)
@click.argument("control_pipe", type=click.IntRange(3))
def worker(control_pipe: int) -> None:
    """Serve as one of several workers. LIFELINE is a descriptor that only their parent hands down."""
    with socket.socket(fileno=control_pipe) as parent, parent.dup() as spare:
        try:
            with one_line_refusals():
                told, config = _instructions(parent)
                configure_logging(config.log_level, config.log_format, config.log_addresses)
                structlog.contextvars.bind_contextvars(worker=told.slot + 1)
                raise_descriptor_limit()
                served = trio.run(_Worker(config, told).serve, parent)
        except CommandFailed as refused:
            spare.setblocking(True)
            spare.settimeout(1)
            with suppress(OSError):  # its parent may be gone
                spare.sendall(msgspec.json.encode(CannotServe(refused.message)) + b"\n")
            sys.exit(refused.exit_code)
    sys.exit(0 if served else 1)


def _instructions(parent: socket.socket) -> tuple[Serve, Config]:
    try:
        told = first_message(parent)
        return told, passed_settings(told.settings)
    except (
        OSError,
        msgspec.DecodeError,
    ) as error:  # it has ended, or is of a version that is too far from ours
        raise CannotStart(f"the parent of this worker says nothing that it can work with: {error}") from None


class _Worker:
    """One life of a worker."""

    def __init__(self, config: Config, told: Serve) -> None:
        self._told = told
        self._config = config
        self._given = config  # what the parent said last
        self._reloads = Reloads(config, lambda: self._given, ServiceManager({}))
        self._serving = trio.CancelScope()
        self._ready, self._stopping = trio.Event(), trio.Event()
        self._leaving, self._spread = trio.Event(), 0.0

    async def serve(self, parent: socket.socket) -> bool:
        """Serve until the parent says that it is over, or is gone; return whether the stop ran to its end, uncut.

        A second SIGTERM cuts it. Cancelling: as a second signal.
        """
        # SIGHUP and SIGUSR2 are for the parent, also where somebody sends them to every process.
        with trio.open_signal_receiver(*_STOP, signal.SIGHUP, signal.SIGUSR2) as signals:
            with importing():  # late: it takes a second, in which a signal may come
                from chat.server import open_server
                from chat.workers.worker_context import open_worker_context
            control_pipe = ControlPipe(socket.socket(fileno=parent.detach()), TO_WORKER)
            async with trio.open_nursery() as watch:
                watch.start_soon(self._heed, signals)
                watch.start_soon(self._hear, control_pipe)
                with self._serving:
                    async with open_server(self._config, open_worker_context(self._told)) as server:
                        spare_collector()
                        self._ready.set()
                        await control_pipe.send(Ready())
                        async with trio.open_nursery() as until_stop:
                            until_stop.start_soon(self._reloads.serve, server)

                            async def leave() -> None:
                                await self._leaving.wait()
                                await server.send_away(self._spread)
                                self._stopping.set()

                            until_stop.start_soon(leave)
                            await self._stopping.wait()
                            until_stop.cancel_scope.cancel(reason="told to stop")
                watch.cancel_scope.cancel(reason="the server has stopped")
            control_pipe.close()
        return not (self._stopping.is_set() and self._serving.cancelled_caught)

    async def _heed(self, signals: AsyncIterator[int]) -> None:
        async for number in signals:
            if number in _STOP:
                self._stop()

    async def _hear(self, control_pipe: ControlPipe[ToWorker]) -> None:
        async for message in control_pipe.messages():
            match message:
                case Reload(settings):
                    try:
                        self._given = passed_settings(settings)
                    except msgspec.ValidationError as error:  # of another version
                        logger.error("the settings stay as they were", reason=str(error))
                    else:
                        self._reloads.ask()
                case Leave(spread):
                    self._spread = spread
                    self._leaving.set()
        logger.error("the parent of this worker is gone: it stops")
        config = self._config
        longest = longest_worker_stop(config.grace, config.commit_timeout, config.query_timeout)
        signal.alarm(math.ceil(longest))  # ends this process whatever it is doing then: nobody else would
        if not self._stopping.is_set():
            self._stop()

    def _stop(self) -> None:
        if self._ready.is_set() and not self._stopping.is_set():
            self._stopping.set()
        else:
            self._serving.cancel(reason="told to stop")
