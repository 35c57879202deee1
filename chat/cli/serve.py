"""`chat serve`: from the settings to a running server, and from a signal to a clean end."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import click
import structlog
import trio

from chat.cli.failing import CommandFailed
from chat.cli.flags import config_flags
from chat.cli.importing import importing
from chat.cli.refused import one_line_refusals
from chat.cli.reload import Reloads
from chat.cli.service_manager import ServiceManager
from chat.cli.spare_collector import spare_collector
from chat.cli.standard_streams import say_if_heard
from chat.cli.terminal import Terminal
from chat.gateway.descriptors import raise_descriptor_limit
from chat.logs import configure_logging
from chat.settings.config import FIELDS, Config
from chat.settings.sources import read_config

if TYPE_CHECKING:  # they take a second to import
    from chat.server import Server
    from chat.workers.parent import Workers

logger = structlog.get_logger(__name__)

_RESTART = [getattr(signal, name) for name in ("SIGUSR2",) if hasattr(signal, name)]

SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
]


@click.command()
@config_flags(*FIELDS)
def serve(**flags: object) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    Prints "listening on URL" for each listener once it serves; logs go to stderr. A stop tells every client; a second
    signal cuts that short. SIGHUP has it read certificate, key and log level again, for connections that come from then
    on. If the terminal that it was started from closes, it stops as with SIGTERM. With several workers, SIGUSR2
    replaces them one by one, as for an update: nobody is refused, and clients are sent to those that serve.

    A setting is a flag, an environment variable (in brackets, before the default) or a key of the TOML file, named like
    the variable, in lower case and without CHAT_. Flags win over the environment, which wins over the file.
    """
    with one_line_refusals():
        config = read_config(flags, os.environ)
        configure_logging(config.log_level, config.log_format, config.log_addresses)
        raise_descriptor_limit()
        if not trio.run(serve_until_signalled, config, lambda: read_config(flags, os.environ)):
            raise CommandFailed("a second signal cut the stop short")


async def serve_until_signalled(config: Config, read: Callable[[], Config]) -> bool:
    """Serve until SIGTERM, SIGINT or the terminal's end; return whether the stop ran to its end, uncut.

    A second SIGTERM or SIGINT cuts it. A signal during the start undoes the start, which counts as a stop. `read`
    reads the settings again, for a SIGHUP that asks for it. Cancelling: as a second signal.
    """
    serving = trio.CancelScope()
    ready, stopping = trio.Event(), trio.Event()
    terminal, manager = Terminal(), ServiceManager()
    reloads = Reloads(config, read, manager)

    restart: Callable[[], None] = _nobody_to_replace

    async def heed(signals: AsyncIterator[int]) -> None:
        async for number in signals:
            name = signal.Signals(number).name
            if name == "SIGUSR2":
                restart()
                continue
            if name == "SIGHUP" and not terminal.has_closed():
                logger.info("told to reload", signal=name)
                reloads.ask()
                continue
            if name == "SIGHUP":
                terminal.leave()
            logger.info("told to stop", signal=name)
            if ready.is_set() and not stopping.is_set():
                stopping.set()
            elif name != "SIGHUP" or not ready.is_set():
                # A second SIGHUP cuts nothing: both the system and the shell tell of a terminal's end.
                serving.cancel(reason="told to stop")

    with trio.open_signal_receiver(*SIGNALS, *(_RESTART if config.workers > 1 else ())) as signals:
        async with trio.open_nursery() as watch:
            watch.start_soon(heed, signals)
            with serving:
                async with _open(config) as server:
                    spare_collector()
                    for address in server.addresses:
                        say_if_heard(f"listening on {address}")
                    restart = server.restart
                    ready.set()
                    await manager.tell_ready()
                    async with trio.open_nursery() as reloading:
                        reloading.start_soon(reloads.serve, server)
                        await stopping.wait()
                        reloading.cancel_scope.cancel(reason="told to stop")
                    await manager.tell_stopping()
            watch.cancel_scope.cancel(reason="the server has stopped")
    return not (stopping.is_set() and serving.cancelled_caught)


def _nobody_to_replace() -> None:
    """During the start, there are no workers yet."""


def _open(config: Config) -> "AbstractAsyncContextManager[Server] | AbstractAsyncContextManager[Workers]":
    # Imported here: it takes a second, which --help need not wait for and a signal may fall into.
    if config.workers > 1:
        with importing():
            from chat.workers.parent import open_workers
        return open_workers(config)
    with importing():
        from chat.server import open_server
    return open_server(config)
