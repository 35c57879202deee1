"""Receive one item, then all that are waiting: the batching of journal, broadcaster, send queue and look-ups.

An idle server answers at once, and a busy one batches without a timer.
"""

from typing import TypeVar

import trio

T = TypeVar("T")


def receive_all_nowait(channel: trio.MemoryReceiveChannel[T], most: int) -> list[T]:
    """Take the items in the channel, at most `most`, without waiting. Sync."""
    taken: list[T] = []
    try:
        while len(taken) < most:
            taken.append(channel.receive_nowait())
    except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
        pass
    return taken
