"""On SIGHUP a running server reads certificate, key and log level again.

No error here ends the server: it keeps its present settings, and logs the reason.
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
"""Settings that need no restart."""

_TIMEOUT = 10.0
"""Seconds to read the files: a file system may hang."""


class Reloadable(Protocol):
    """A running server, or the parent of several workers."""

    @property
    def renew_certificate(self) -> Callable[[Path, Path], Awaitable[None]]:
        """Reads certificate and key again. Raises CannotStart if they are invalid."""
        ...

    async def reload(self, config: Config) -> None:
        """Apply the new settings. Cancelling: some workers may have them."""
        ...


class Reloads:
    """Keeps the configuration in force, and reloads it.

    Args:
        config: the configuration at the start.
        read: reads the settings from flags, environment and file again. Runs in a thread; raises ConfigError.
        manager: is notified when a reload begins and when it ends.
    """

    def __init__(self, config: Config, read: Callable[[], Config], manager: ServiceManager) -> None:
        self.config = config  # in force
        self._read = read
        self._manager = manager
        self._requested = Signal()
        self._is_requested = False

    def request(self) -> None:
        """Request a reload, also before the server runs. A request during a reload causes another one. Sync."""
        self._is_requested = True
        self._requested.notify()

    async def serve(self, server: Reloadable) -> None:
        """Reload on each request, until cancelled."""
        while True:
            await self._requested.wait_until(lambda: self._is_requested)
            self._is_requested = False
            await self._manager.notify_reloading()
            await self._reload(server)
            await server.reload(self.config)
            await self._manager.notify_ready()

    async def _reload(self, server: Reloadable) -> None:
        new = await self._read_again()
        self._warn_of_restart_settings(new)
        configure_logging(new.log_level, self.config.log_format, self.config.log_addresses)
        logger.info("reloaded", log_level=new.log_level)
        self.config = structs.replace(self.config, log_level=new.log_level)
        if self.config.tls_cert and new.tls_cert and new.tls_key:
            try:
                with trio.fail_after(_TIMEOUT):
                    await server.renew_certificate(new.tls_cert, new.tls_key)
            except (CannotStart, trio.TooSlowError) as error:
                logger.error(
                    "certificate not reloaded; the server keeps the present one",
                    reason=str(error) or "its file cannot be read",
                )
            else:
                logger.info("certificate reloaded; new connections get it", file=str(new.tls_cert))
                self.config = structs.replace(self.config, tls_cert=new.tls_cert, tls_key=new.tls_key)

    async def _read_again(self) -> Config:
        """Read the configuration again; return the one in force if it cannot be read."""
        try:
            with trio.fail_after(_TIMEOUT):
                return await trio.to_thread.run_sync(self._read, abandon_on_cancel=True)
        except (ConfigError, trio.TooSlowError) as error:
            logger.error(
                "settings not reloaded; the server keeps the present ones",
                reason=str(error) or "their file cannot be read",
            )
            return self.config

    def _warn_of_restart_settings(self, new: Config) -> None:
        changed = [name for name in FIELDS if getattr(new, name) != getattr(self.config, name)]
        if (new.tls_cert is None) == (self.config.tls_cert is None):
            changed = [name for name in changed if name not in _RELOADED]
        else:
            changed = [name for name in changed if name != "log_level"]
        if changed:
            logger.warning("changed settings need a restart", settings=[variable(name) for name in changed])
