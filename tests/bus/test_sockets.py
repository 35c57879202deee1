"""The bus between workers: an empty slot or a slow reader delays nobody; and when this bus is used."""

from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.settings.config import Config
from chat.workers.parent import _open_bus_pairs
from tests.bus.media import worker_buses
from tests.bus.receiving import receive, receive_until, settle

PATIENCE = 30.0


async def test_payloads_to_an_empty_slot_do_not_reach_its_next_worker() -> None:
    with trio.fail_after(PATIENCE), worker_buses(2) as open_bus:
        async with open_bus() as early:
            await settle(early)
            for _ in range(10_000):  # far more than its socket takes
                early.publish(b"x" * 100)
            async with open_bus() as late:
                await settle(late)
                early.publish(b"heard")
                assert await receive(late, 1) == [b"heard"]


async def test_a_slow_worker_misses_overflowing_payloads_and_receives_later_ones() -> None:
    with trio.fail_after(PATIENCE), worker_buses(2) as open_bus:
        async with open_bus() as speaker, open_bus() as listener:
            await settle(speaker, listener)
            for n in range(10_000):
                speaker.publish(b"%d %s" % (n, b"x" * 500))
            await wait_all_tasks_blocked()
            speaker.publish(b"the last")
            received = await receive_until(listener, b"the last")
    numbers = [int(payload.split()[0]) for payload in received[:-1]]
    assert 0 < len(numbers) < 10_000
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("settings", "has_own"),
    [({}, True), ({"bus": "notify"}, False), ({"database_url": "postgresql://chat@db/chat"}, False)],
)
def test_workers_have_a_bus_of_their_own_only_where_no_other_server_can_be(
    settings: dict[str, str], has_own: bool, tmp_path: Path
) -> None:
    config = Config(data=tmp_path, workers=2, **settings)  # type: ignore[arg-type]
    with _open_bus_pairs(config, 3) as ends:
        assert len(ends) == (3 if has_own else 0)
