"""Receives a bus's payloads one by one, however many arrive at a time."""

from chat.bus.bus import Bus


async def settle(*buses: Bus) -> None:
    """Take the None that every bus begins with: from here on all of them listen."""
    for bus in buses:
        assert await bus.receive() is None


async def receive(bus: Bus, count: int) -> list[bytes]:
    """Receive that many payloads, with nothing lost between them."""
    received: list[bytes] = []
    while len(received) < count:
        arrived = await bus.receive()
        assert arrived is not None, "something may have been lost"
        assert arrived, "receive() returned before anything had arrived"
        received += arrived
    return received


async def receive_until(bus: Bus, last: bytes) -> list[bytes]:
    """Receive until `last` comes, whatever is lost."""
    received: list[bytes] = []
    while last not in received:
        received += await bus.receive() or []
    return received
