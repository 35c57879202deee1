"""Tell the service manager how it stands, as systemd's sd_notify(3) does: a datagram to the socket that it names."""

import os
import socket
import time
from collections.abc import MutableMapping

import structlog
import trio

logger = structlog.get_logger(__name__)

_PATIENCE = 1.0
"""Seconds for the service manager to take a datagram; it does at once."""


class ServiceManager:
    """Whoever started the server and wants to know when it is ready; mostly nobody, and then nothing is sent.

    `environ` loses the variable that names the socket: PostgreSQL, our child, must not speak for us.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")

    async def tell_ready(self) -> None:
        """The server serves, or a reload is over."""
        await self._send("READY=1")

    async def tell_reloading(self) -> None:
        """A reload begins; tell_ready() says when it is over."""
        await self._send(
            "RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
        )

    async def tell_stopping(self) -> None:
        """The server stops."""
        await self._send("STOPPING=1")

    async def _send(self, *lines: str) -> None:
        """Send, in a second at most; a server that cannot goes on. Cancelling: it may have been sent."""
        if not self._address:
            return
        # An @ stands for the NUL with which an abstract address begins.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with trio.fail_after(_PATIENCE), trio.socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                await sender.connect(address)
                await sender.send("\n".join(lines).encode())
        except (OSError, trio.TooSlowError) as error:
            logger.warning("the service manager is not told", state=lines[0], reason=str(error))
