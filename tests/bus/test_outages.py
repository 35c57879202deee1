"""A bus whose medium is lost reconnects for ever, reports possible gaps, and delays nobody."""

from collections.abc import Sized

import pytest
import trio
from structlog.testing import capture_logs

from chat.bus import liveness, send_buffer
from chat.bus.bus import Bus
from chat.bus.remote import RemoteBus
from tests.bus.media import FailingMedium
from tests.bus.receiving import receive, receive_until, settle

PATIENCE = 60.0
"""Seconds for a whole test; far more than any takes, also on a busy machine."""

LOST = "bus lost: changes made by other servers are delayed until it reconnects"
BACK = "bus reconnected"


async def until_none(bus: Bus) -> None:
    """Receive until something may have been lost."""
    while await bus.receive() is not None:
        pass


async def until_logged(logs: Sized, count: int) -> None:
    while len(logs) < count:  # noqa: ASYNC110 - a log tells nobody
        await trio.sleep(0.01)


async def until_received(sender: Bus, bus: Bus, payload: bytes) -> None:
    """Publish until it arrives: the sender's connection may not be there yet, or be lost and not know it."""
    arrived = trio.Event()

    async def publish() -> None:
        while not arrived.is_set():
            sender.publish(payload)
            with trio.move_on_after(0.1):
                await arrived.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(publish)
        await receive_until(bus, payload)
        arrived.set()


async def until_back(bus: Bus) -> None:
    """Receive until something may have been lost, and then what is sent after that."""
    await until_none(bus)
    await until_received(bus, bus, b"after")


async def test_ended_connections_are_made_again_and_the_gap_is_reported(medium: FailingMedium) -> None:
    with trio.fail_after(PATIENCE):
        async with medium.open_bus() as one, medium.open_bus() as other:
            await settle(one, other)
            await until_received(one, other, b"before")
            for _ in range(3):
                await medium.end_connections()
                await until_none(one)
                await until_none(other)
                await until_received(one, other, b"one")
                await until_received(other, one, b"other")


async def test_an_outage_is_logged_once_and_its_end_once(
    medium: FailingMedium, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    failed = RemoteBus.failed

    def count(bus: RemoteBus, what: str, error: str) -> None:
        failed(bus, what, error)
        tries.append(what)

    monkeypatch.setattr(RemoteBus, "failed", count)
    with trio.fail_after(PATIENCE), capture_logs() as logs:
        async with medium.open_bus() as bus:
            await settle(bus)
            await until_received(bus, bus, b"before")
            medium.cut()
            bus.publish(b"meanwhile")
            await until_logged(logs, 1)
            tries.clear()
            await until_logged(tries, 6)  # it tries again, and says nothing
            assert len(logs) == 1
            medium.repair()
            await until_back(bus)
            await until_logged(logs, 2)
    assert [log["event"] for log in logs] == [LOST, BACK]


async def test_payloads_kept_during_an_outage_are_bounded(
    medium: FailingMedium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_buffer, "MOST_BYTES", 50_000)
    with trio.fail_after(PATIENCE), capture_logs() as logs:
        async with medium.open_bus() as bus:
            await settle(bus)
            medium.cut()
            await until_logged(logs, 1)
            for _ in range(20):
                for n in range(100):
                    bus.publish(b"%d %s" % (n, b"x" * 1000))
                assert bus.waiting.waiting_bytes <= 50_000
                await trio.lowlevel.checkpoint()
            medium.repair()
            await until_back(bus)


async def test_a_connection_on_which_nothing_comes_any_more_is_left(
    medium: FailingMedium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "SILENCE", 0.1)
    with trio.fail_after(PATIENCE), capture_logs() as logs:
        async with medium.open_bus() as bus:
            await settle(bus)
            medium.freeze()
            await until_logged(logs, 1)
            medium.thaw()
            await until_back(bus)
    assert logs[0]["event"] == LOST


async def test_an_idle_connection_that_is_well_is_kept(
    medium: FailingMedium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "SILENCE", 0.01)
    asked = 0
    watch = liveness.LivenessCheck.arrived

    def arrived(check: liveness.LivenessCheck, channel: str) -> bool:
        nonlocal asked
        asked += channel == check.mark
        return watch(check, channel)

    monkeypatch.setattr(liveness.LivenessCheck, "arrived", arrived)
    with trio.fail_after(PATIENCE):
        async with medium.open_bus() as bus:
            await settle(bus)
            while asked < 20:  # noqa: ASYNC110 - nobody is told of a mark
                await trio.sleep(0.01)
            bus.publish(b"the first")
            assert await receive(bus, 1) == [b"the first"]


@pytest.mark.parametrize("outage", ["cut", "freeze"])
async def test_leaving_during_an_outage_ends_soon(medium: FailingMedium, outage: str) -> None:
    with trio.fail_after(PATIENCE):
        async with medium.open_bus() as bus:
            await settle(bus)
            getattr(medium, outage)()
            bus.publish(b"nobody hears this")
            left = trio.current_time()
        took = trio.current_time() - left
        medium.thaw() if outage == "freeze" else medium.repair()
    assert took < 5, "it waited for what does not answer"


async def test_a_bus_that_is_opened_during_an_outage_begins_when_that_ends(medium: FailingMedium) -> None:
    with trio.fail_after(PATIENCE), capture_logs() as logs:
        medium.cut()
        async with medium.open_bus() as bus:
            await until_logged(logs, 1)
            medium.repair()
            await settle(bus)
            await until_received(bus, bus, b"hello")


async def test_opening_and_leaving_at_once_ends(medium: FailingMedium) -> None:
    with trio.fail_after(PATIENCE):
        for _ in range(5):
            async with medium.open_bus():
                pass


async def test_cancelling_ends_a_bus_at_once_and_closes_its_connections(medium: FailingMedium) -> None:
    with trio.fail_after(PATIENCE):
        for outage in (lambda: None, medium.freeze):
            with trio.CancelScope() as scope:
                async with medium.open_bus() as bus:
                    await settle(bus)
                    outage()
                    bus.publish(b"nobody hears this")
                    cancelled = trio.current_time()
                    scope.cancel()
            assert trio.current_time() - cancelled < 5, "it waited for what does not answer"
        medium.thaw()
        while await medium.connections():  # noqa: ASYNC110 - they are another process's
            await trio.sleep(0.01)
