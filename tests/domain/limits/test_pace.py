"""How fast a connection is read."""

import trio

from chat.domain.limits.pace import Pace


async def test_a_burst_at_once_and_then_as_many_as_the_rate_allows(autojump_clock: object) -> None:
    pace = Pace(50, 200)
    assert all(pace.count() == 0 for _ in range(200))
    began = trio.current_time()
    for _ in range(100):
        await trio.sleep(pace.count())
    assert abs(trio.current_time() - began - 2) < 1e-6


async def test_many_at_once_count_as_many(autojump_clock: object) -> None:
    pace = Pace(50, 200)
    assert pace.count(200) == 0
    assert abs(pace.count(25) - 0.5) < 1e-6


async def test_after_silence_exactly_the_burst_is_available(autojump_clock: object) -> None:
    pace = Pace(50, 200)
    pace.count(200)
    await trio.sleep(1000)
    assert pace.count(200) == 0
    assert pace.count() > 0


async def test_without_a_rate_nothing_waits(autojump_clock: object) -> None:
    pace = Pace()
    assert all(pace.count(1000) == 0 for _ in range(1000))
