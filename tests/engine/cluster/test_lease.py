"""A lease by itself: how long it opens the fence, and what its renewals return."""

from collections.abc import Callable

import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.nodes import FENCE
from chat.engine.cluster.lease import Lease
from chat.engine.fence import Fence
from tests.reference.storage.nodes import MemoryNodes


def lease_of(
    fence: Fence,
    end: int = 0,
    position: int = 0,
    reaches: Callable[[int], object] = lambda end: None,
    rewind_to: Callable[[int], object] = lambda end: None,
) -> Lease:
    """A lease in a database whose log ends at `end`, of a server that has published up to `position`."""
    return Lease(
        MemoryNodes(lambda: end),
        fence,
        address="here",
        version="0",
        bus="local",
        secret_digest="",
        position=lambda: position,
        clients=lambda: 0,
        reaches=reaches,
        rewind_to=rewind_to,
    )


async def test_a_registered_server_may_publish_until_its_lease_lapses(
    autojump_clock: object,
) -> None:
    fence = Fence()
    lease = lease_of(fence)
    await lease.begin()
    await trio.sleep(FENCE - 0.1)
    assert fence.is_open
    await trio.sleep(0.2)
    assert not fence.is_open


async def test_a_log_that_ends_before_the_published_id_is_reported_as_rewound(
    autojump_clock: object,
) -> None:
    received: list[tuple[str, int]] = []

    async def nothing() -> None:
        await trio.lowlevel.checkpoint()

    for position in (2, 3, 4):
        lease = lease_of(
            Fence(),
            3,
            position,
            lambda end: received.append(("reaches", end)),
            lambda end: received.append(("rewind_to", end)),
        )
        await lease.begin()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lease.keep, nothing, lambda: None, lambda got: got)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
    assert received == [("reaches", 3), ("reaches", 3), ("rewind_to", 3), ("reaches", 3)]
