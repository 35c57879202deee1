"""Notify the service manager, as systemd's sd_notify(3): send datagrams to the socket that it names."""

import os
import socket
import time
from collections.abc import MutableMapping

import structlog
import trio

logger = structlog.get_logger(__name__)

EXTEND_EVERY = 10.0
"""Seconds between two messages that a start goes on."""

_EXTENSION = 30
"""Seconds by which each extends the time for the start, beyond TimeoutStartSec."""

_TIMEOUT = 1.0
"""Seconds for the service manager to take a datagram."""


class ServiceManager:
    """The service manager that started the server; without one, nothing is sent.

    Removes the variable with the socket from `environ`: the child process PostgreSQL must not notify it.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")

    async def notify_ready(self) -> None:
        """The server serves, or a reload has ended."""
        await self._send("READY=1")

    async def extend_start(self, ready: trio.Event) -> None:
        """Extend the time for the start until `ready`: migrating a large database may take longer than it waits.

        Everything else in a start has a deadline of its own. Cancelling is safe.
        """
        while self._address and not ready.is_set():
            await self._send(f"EXTEND_TIMEOUT_USEC={_EXTENSION * 1_000_000}")
            with trio.move_on_after(EXTEND_EVERY):
                await ready.wait()

    async def notify_reloading(self) -> None:
        """A reload begins; notify_ready() reports its end."""
        await self._send(
            "RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
        )

    async def notify_stopping(self) -> None:
        """The server stops."""
        await self._send("STOPPING=1")

    async def _send(self, *lines: str) -> None:
        """Send for one second at most; an error is only logged. Cancelling: it may have been sent."""
        if not self._address:
            return
        # In the variable, @ stands for the NUL at the beginning of an abstract address.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with trio.fail_after(_TIMEOUT), trio.socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                await sender.connect(address)
                await sender.send("\n".join(lines).encode())
        except (OSError, trio.TooSlowError) as error:
            logger.warning(
                "cannot notify the service manager; the server continues", state=lines[0], reason=str(error)
            )
