"""Receive one item, then all that wait: the one idea behind journal, broadcaster, send queue and look-ups.

An idle server answers at once and a busy one batches by itself, without a timer.
"""

from typing import TypeVar

import trio

T = TypeVar("T")


def receive_all_nowait(channel: trio.MemoryReceiveChannel[T], most: int) -> list[T]:
    """Take what waits in the channel, `most` items at the most, without waiting. Sync."""
    taken: list[T] = []
    try:
        while len(taken) < most:
            taken.append(channel.receive_nowait())
    except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
        pass
    return taken
