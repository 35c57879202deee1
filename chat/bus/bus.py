"""The port of all buses: small payloads to every server that listens, fast and without any promise.

A bus may lose, double, delay and reorder. What must not be missed is in the log, whose ids tell what is missing.
"""

from typing import Protocol

import structlog

logger = structlog.get_logger(__name__)


class Bus(Protocol):
    """One server's end of the medium. One task receives; anybody publishes."""

    @property
    def largest(self) -> int:
        """Bytes of the largest payload that it carries."""

    def publish(self, payload: bytes) -> None:
        """Send to every server that listens, this one too. Sync: never waits and never raises.

        The payload is UTF-8 without NUL and has at most `largest` bytes; any other is dropped, which is logged. Dropped
        are the oldest, too, where too much waits to be sent. Leaving the bus sends what waits, or gives up after half a
        second.
        """

    async def receive(self) -> list[bytes] | None:
        """Return what has arrived, at least one payload, or None where some may have been lost.

        That is so once this server listens, each time that it listens again, and where more arrived than was taken.
        Cancelling: nothing is taken.
        """


def can_carry(payload: bytes, largest: int) -> bool:
    """Whether every bus with that `largest` carries the payload; logs why not. Sync."""
    try:
        if len(payload) > largest:
            raise ValueError(f"{len(payload)} bytes, at most {largest}")
        if "\0" in payload.decode():
            raise ValueError("a NUL in it")
    except ValueError as error:  # a UnicodeDecodeError too
        logger.error("a payload that no bus carries is dropped", error=str(error))
        return False
    return True
