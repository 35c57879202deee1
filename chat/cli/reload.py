"""SIGHUP in a running server: certificate, key and log level are read again from where they came.

Nothing that goes wrong here ends the server: it goes on with what it has, and logs why.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import structlog
import trio
from msgspec import structs

from chat.cli.service_manager import ServiceManager
from chat.domain.startup import CannotStart
from chat.logs import configure_logging
from chat.settings.config import FIELDS, Config, ConfigError, variable
from chat.signals import Signal

logger = structlog.get_logger(__name__)

_RELOADED = ("tls_cert", "tls_key", "log_level")
"""Fields that need no restart."""

_PATIENCE = 10.0
"""Seconds for the files to be read, each time: a file system may hang."""


class Reloadable(Protocol):
    """A server that is open, or the parent of several."""

    @property
    def renew_certificate(self) -> Callable[[Path, Path], Awaitable[None]]:
        """Reads certificate and key anew. Raises CannotStart where they are of no use."""
        ...

    async def reload(self, config: Config) -> None:
        """Hand on what is in force from now on. Cancelling: some may have it."""
        ...


class Reloads:
    """The configuration that is in force, and how it is read again.

    Args:
        config: what the server was started with.
        read: reads the settings from flags, environment and file again. Runs in a thread; raises ConfigError.
        manager: is told when a reload begins and when it is over.
    """

    def __init__(self, config: Config, read: Callable[[], Config], manager: ServiceManager) -> None:
        self.config = config  # what is in force
        self._read = read
        self._manager = manager
        self._asked = Signal()
        self._is_asked = False

    def ask(self) -> None:
        """Have it all read again, once the server runs. Who asks while one is under way gets another. Sync."""
        self._is_asked = True
        self._asked.notify()

    async def serve(self, server: Reloadable) -> None:
        """Reload whenever it is asked for, until cancelled."""
        while True:
            await self._asked.wait_until(lambda: self._is_asked)
            self._is_asked = False
            await self._manager.tell_reloading()
            await self._reload(server)
            await server.reload(self.config)
            await self._manager.tell_ready()

    async def _reload(self, server: Reloadable) -> None:
        new = await self._read_again()
        self._tell_what_waits_for_a_restart(new)
        configure_logging(new.log_level, self.config.log_format, self.config.log_addresses)
        logger.info("reloaded", log_level=new.log_level)
        self.config = structs.replace(self.config, log_level=new.log_level)
        if self.config.tls_cert and new.tls_cert and new.tls_key:
            try:
                with trio.fail_after(_PATIENCE):
                    await server.renew_certificate(new.tls_cert, new.tls_key)
            except (CannotStart, trio.TooSlowError) as error:
                logger.error(
                    "the certificate stays as it was", reason=str(error) or "its file cannot be read"
                )
            else:
                logger.info("new connections get the certificate as it is now", file=str(new.tls_cert))
                self.config = structs.replace(self.config, tls_cert=new.tls_cert, tls_key=new.tls_key)

    async def _read_again(self) -> Config:
        """The configuration as it is given now; the one in force where it cannot be read."""
        try:
            with trio.fail_after(_PATIENCE):
                return await trio.to_thread.run_sync(self._read, abandon_on_cancel=True)
        except (ConfigError, trio.TooSlowError) as error:
            logger.error("the settings stay as they were", reason=str(error) or "their file cannot be read")
            return self.config

    def _tell_what_waits_for_a_restart(self, new: Config) -> None:
        changed = [name for name in FIELDS if getattr(new, name) != getattr(self.config, name)]
        if (new.tls_cert is None) == (self.config.tls_cert is None):
            changed = [name for name in changed if name not in _RELOADED]
        else:
            changed = [name for name in changed if name != "log_level"]
        if changed:
            logger.warning("only a restart changes this", settings=[variable(name) for name in changed])
