"""`chat worker`: one of several worker processes, started by `chat serve --workers`."""

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

from chat.cli.command_failed import CommandFailed
from chat.cli.expected_errors import expected_errors
from chat.cli.gc_tuning import tune_gc
from chat.cli.import_without_gc import import_without_gc
from chat.cli.reload import Reloads
from chat.cli.service_manager import ServiceManager
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
    """Serve as one of several workers. CONTROL_PIPE is a file descriptor inherited from their parent."""
    with socket.socket(fileno=control_pipe) as parent, parent.dup() as spare:
        try:
            with expected_errors():
                instructions, config = _instructions(parent)
                configure_logging(config.log_level, config.log_format, config.log_addresses)
                structlog.contextvars.bind_contextvars(worker=instructions.slot + 1)
                raise_descriptor_limit()
                served = trio.run(_Worker(config, instructions).serve, parent)
        except CommandFailed as refused:
            spare.setblocking(True)
            spare.settimeout(1)
            with suppress(OSError):  # the parent may have ended
                spare.sendall(msgspec.json.encode(CannotServe(refused.message)) + b"\n")
            sys.exit(refused.exit_code)
    sys.exit(0 if served else 1)


def _instructions(parent: socket.socket) -> tuple[Serve, Config]:
    try:
        instructions = first_message(parent)
        return instructions, passed_settings(instructions.settings)
    except (OSError, msgspec.DecodeError) as error:  # the parent has ended, or has another version
        raise CannotStart(f"cannot read the instructions of the parent process: {error}") from None


class _Worker:
    """A worker, from its start to its stop."""

    def __init__(self, config: Config, instructions: Serve) -> None:
        self._instructions = instructions
        self._config = config
        self._latest = config  # the latest settings from the parent
        self._reloads = Reloads(config, lambda: self._latest, ServiceManager({}))
        self._serving = trio.CancelScope()
        self._ready, self._stopping = trio.Event(), trio.Event()
        self._leaving, self._spread = trio.Event(), 0.0

    async def serve(self, parent: socket.socket) -> bool:
        """Serve until the parent tells it to stop, or ends; return whether the stop was complete.

        A second SIGTERM cuts the stop short. Cancelling: as a second signal.
        """
        # SIGHUP and SIGUSR2 are for the parent: ignore them if they are sent to all processes.
        with trio.open_signal_receiver(*_STOP, signal.SIGHUP, signal.SIGUSR2) as signals:
            with import_without_gc():  # late: the import takes a second, in which a signal may arrive
                from chat.server import open_server
                from chat.workers.worker_context import open_worker_context
            control_pipe = ControlPipe(socket.socket(fileno=parent.detach()), TO_WORKER)
            async with trio.open_nursery() as watch:
                watch.start_soon(self._handle_signals, signals)
                watch.start_soon(self._handle_messages, control_pipe)
                with self._serving:
                    async with open_server(self._config, open_worker_context(self._instructions)) as server:
                        tune_gc()
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

    async def _handle_signals(self, signals: AsyncIterator[int]) -> None:
        async for number in signals:
            if number in _STOP:
                self._stop()

    async def _handle_messages(self, control_pipe: ControlPipe[ToWorker]) -> None:
        async for message in control_pipe.messages():
            match message:
                case Reload(settings):
                    try:
                        self._latest = passed_settings(settings)
                    except msgspec.ValidationError as error:  # of another version
                        logger.error(
                            "new settings not understood; this worker keeps the old", reason=str(error)
                        )
                    else:
                        self._reloads.request()
                case Leave(spread):
                    self._spread = spread
                    self._leaving.set()
        logger.error("the parent process has ended; this worker stops")
        config = self._config
        longest = longest_worker_stop(config.grace, config.commit_timeout, config.query_timeout)
        signal.alarm(math.ceil(longest))  # without a parent, only this ends a worker that hangs
        if not self._stopping.is_set():
            self._stop()

    def _stop(self) -> None:
        if self._ready.is_set() and not self._stopping.is_set():
            self._stopping.set()
        else:
            self._serving.cancel(reason="told to stop")
