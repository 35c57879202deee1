"""The port of all buses: small payloads to every server that listens, fast and without guarantees.

A bus may lose, double, delay and reorder payloads. Changes are in the log, whose ids reveal gaps.
"""

from typing import Protocol

import structlog

logger = structlog.get_logger(__name__)


class Bus(Protocol):
    """One server's end of the bus. One task receives; any task publishes."""

    @property
    def largest(self) -> int:
        """Bytes of the largest payload."""

    def publish(self, payload: bytes) -> None:
        """Send to every server that listens, this one too. Sync: never waits and never raises.

        The payload is UTF-8 without NUL, of at most `largest` bytes; any other is dropped and logged. When too much
        waits to be sent, the oldest payloads are dropped. Leaving the bus sends the waiting payloads, or gives up after
        half a second.
        """

    async def receive(self) -> list[bytes] | None:
        """Wait for payloads, and return one or more; or return None: some may have been lost.

        None comes when this server begins to listen, when it listens again, and when too much has arrived. Cancelling:
        nothing is taken.
        """


def can_carry(payload: bytes, largest: int) -> bool:
    """Whether a bus with this `largest` carries the payload; logs why not. Sync."""
    try:
        if len(payload) > largest:
            raise ValueError(f"{len(payload)} bytes, at most {largest}")
        if "\0" in payload.decode():
            raise ValueError("a NUL in it")
    except ValueError as error:  # a UnicodeDecodeError too
        logger.error("payload dropped: no bus can carry it", error=str(error))
        return False
    return True
