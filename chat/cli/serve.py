"""`chat serve`: start a server from its settings, and stop it cleanly on a signal."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import click
import structlog
import trio

from chat.backup.nightly import check_recipients, open_nightly_backups
from chat.cli.command_failed import CommandFailed
from chat.cli.controlling_terminal import ControllingTerminal
from chat.cli.expected_errors import expected_errors
from chat.cli.flags import config_flags
from chat.cli.gc_tuning import tune_gc
from chat.cli.import_without_gc import import_without_gc
from chat.cli.reload import Reloads
from chat.cli.service_manager import ServiceManager
from chat.cli.standard_streams import echo_if_possible
from chat.gateway.descriptors import raise_descriptor_limit
from chat.logs import configure_logging
from chat.settings.config import FIELDS, Config
from chat.settings.sources import read_config

if TYPE_CHECKING:  # importing these takes a second
    from chat.server import Server
    from chat.workers.parent import Workers

logger = structlog.get_logger(__name__)

_REPLACE_WORKERS = [getattr(signal, name) for name in ("SIGUSR2",) if hasattr(signal, name)]

SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
]


@click.command()
@config_flags(*FIELDS)
def serve(**flags: object) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    The server prints "listening on URL" for each listener when it is ready; it logs to stderr.

    \b
    SIGTERM, Ctrl-C  stop: tell every client, then exit; a second signal cuts this short
    SIGHUP           read certificate, key and log level again, for new connections
    SIGUSR2          with several workers: replace them one by one, as for an update

    If the terminal closes in which the server was started, it stops as with SIGTERM.

    A setting is a flag, an environment variable (in brackets, before the default) or a key of the TOML file. The key is
    the variable's name in lower case, without CHAT_. Flags win over the environment, the environment over the file.
    """
    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging(config.log_level, config.log_format, config.log_addresses)
        raise_descriptor_limit()
        if not trio.run(serve_until_signalled, config, lambda: read_config(flags, os.environ)):
            raise CommandFailed("a second signal cut the stop short")


async def serve_until_signalled(config: Config, read: Callable[[], Config]) -> bool:
    """Serve until SIGTERM, SIGINT or the end of the terminal; return whether the stop was complete.

    A second SIGTERM or SIGINT cuts the stop short. A signal during the start undoes the start: a complete stop.

    Args:
        config: the settings at the start.
        read: reads the settings again, on SIGHUP.

    Cancelling: as a second signal.
    """
    serving = trio.CancelScope()
    ready, stopping = trio.Event(), trio.Event()
    terminal, manager = ControllingTerminal(), ServiceManager()
    reloads = Reloads(config, read, manager)

    replace_workers: Callable[[], None] = _ignore

    async def handle_signals(signals: AsyncIterator[int]) -> None:
        async for number in signals:
            name = signal.Signals(number).name
            if name == "SIGUSR2":
                replace_workers()
                continue
            if name == "SIGHUP" and not terminal.has_closed():
                logger.info("reloading settings", signal=name)
                reloads.request()
                continue
            if name == "SIGHUP":
                terminal.detach_streams()
            logger.info("stopping", signal=name)
            if ready.is_set() and not stopping.is_set():
                stopping.set()
            elif name != "SIGHUP" or not ready.is_set():
                # A second SIGHUP does not count: the system and the shell both send one when a terminal closes.
                serving.cancel(reason="told to stop")

    with trio.open_signal_receiver(*SIGNALS, *(_REPLACE_WORKERS if config.workers > 1 else ())) as signals:
        async with trio.open_nursery() as watch:
            watch.start_soon(handle_signals, signals)
            watch.start_soon(manager.extend_start, ready)
            with serving:
                check_recipients(config)
                async with _open(config) as server, open_nightly_backups(config, config.data.absolute()):
                    tune_gc()
                    for address in server.addresses:
                        echo_if_possible(f"listening on {address}")
                    replace_workers = server.restart
                    ready.set()
                    await manager.notify_ready()
                    async with trio.open_nursery() as reloading:
                        reloading.start_soon(reloads.serve, server)
                        await stopping.wait()
                        reloading.cancel_scope.cancel(reason="told to stop")
                    await manager.notify_stopping()
            watch.cancel_scope.cancel(reason="the server has stopped")
    return not (stopping.is_set() and serving.cancelled_caught)


def _ignore() -> None:
    """Ignore SIGUSR2 during the start: there are no workers yet."""


def _open(config: Config) -> "AbstractAsyncContextManager[Server] | AbstractAsyncContextManager[Workers]":
    # Late: the import takes a second. --help need not wait for it, and a signal may arrive in it.
    if config.workers > 1:
        with import_without_gc():
            from chat.backup.beside_server import open_backups
            from chat.workers.parent import open_workers
        return open_workers(config, open_backups)
    with import_without_gc():
        from chat.server import open_server
    return open_server(config)
