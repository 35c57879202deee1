"""The contract of every bus without faults; test_outages.py has the faults."""

from contextlib import AsyncExitStack

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import assert_checkpoints, assert_no_checkpoints, wait_all_tasks_blocked

from chat.bus import receive_buffer
from tests.bus.conftest import OpenBus
from tests.bus.receiving import receive, receive_until, settle

PATIENCE = 30.0
"""Seconds for a whole test; far more than any takes, also on a busy machine."""


async def test_every_payload_arrives_at_every_server_in_order(open_bus: OpenBus) -> None:
    payloads = [b"%d %s" % (n, b"x" * (n % 500)) for n in range(1000)]
    with trio.fail_after(PATIENCE):
        async with AsyncExitStack() as stack:
            buses = [await stack.enter_async_context(open_bus()) for _ in range(3)]
            await settle(*buses)
            for payload in payloads:
                buses[0].publish(payload)
                if len(payload) == 500:  # a socket between workers keeps some hundreds
                    await wait_all_tasks_blocked()
            for bus in buses:
                assert await receive(bus, len(payloads)) == payloads


async def test_equal_payloads_arrive_as_often_as_they_were_published(open_bus: OpenBus) -> None:
    payloads = [b"same", b"other", b"same", b"same", b"other"]
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus:
            await settle(bus)
            for payload in payloads:
                bus.publish(payload)
            assert await receive(bus, len(payloads)) == payloads


async def test_a_payload_of_the_largest_size_arrives(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus:
            await settle(bus)
            payload = "é".encode() * (bus.largest // 2) + b"x" * (bus.largest % 2)
            bus.publish(payload)
            assert await receive(bus, 1) == [payload]


async def test_an_empty_payload_arrives(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus:
            await settle(bus)
            bus.publish(b"")
            assert await receive(bus, 1) == [b""]


async def test_a_payload_too_large_for_the_bus_is_dropped_and_logged(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus:
            await settle(bus)
            with capture_logs() as logs:
                for payload in (
                    b"x" * (bus.largest + 1),
                    b"a\0b",
                    b"\xff",
                    "\ud800".encode(errors="surrogatepass"),
                ):
                    bus.publish(payload)
                bus.publish(b"good")
                assert await receive(bus, 1) == [b"good"]
    assert [log["event"] for log in logs] == ["payload dropped: no bus can carry it"] * 4


async def test_publishing_never_waits(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus:
            await settle(bus)
            with assert_no_checkpoints():
                for _ in range(10_000):
                    bus.publish(b"x" * bus.largest)
            bus.publish(b"the last")
            assert (await receive_until(bus, b"the last"))[-1] == b"the last"


async def test_receiving_is_a_checkpoint_also_where_something_waits(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus:
            with assert_checkpoints():
                await settle(bus)


async def test_cancelling_a_receive_loses_nothing(open_bus: OpenBus) -> None:
    received: list[bytes] = []
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus, trio.open_nursery() as nursery:
            await settle(bus)

            async def publish() -> None:
                for n in range(200):
                    bus.publish(b"%d" % n)
                    await trio.lowlevel.checkpoint()

            nursery.start_soon(publish)
            while len(received) < 200:
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as receiving:
                        receiving.start_soon(_cancel_soon, scope)
                        arrived = await bus.receive()
                        assert arrived is not None
                        received += arrived
    assert received == [b"%d" % n for n in range(200)]


async def _cancel_soon(scope: trio.CancelScope) -> None:
    for _ in range(3):
        await trio.lowlevel.checkpoint()
    scope.cancel()


async def test_waiting_payloads_are_sent_when_the_bus_is_closed(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as staying:
            await settle(staying)
            for n in range(5):
                async with open_bus() as leaving:
                    await settle(leaving)
                    for last in (b"%d" % n, b"%d bye" % n):
                        leaving.publish(last)
                assert await receive(staying, 2) == [b"%d" % n, b"%d bye" % n]


async def test_a_later_receiver_gets_only_later_payloads(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as early:
            await settle(early)
            early.publish(b"before")
            assert await receive(early, 1) == [b"before"]
            async with open_bus() as late:
                await settle(late)
                early.publish(b"after")
                assert await receive(late, 1) == [b"after"]


async def test_a_receiver_that_left_is_not_missed(open_bus: OpenBus) -> None:
    with trio.fail_after(PATIENCE):
        async with open_bus() as staying:
            async with open_bus() as leaving:
                await settle(staying, leaving)
                leaving.publish(b"hello")
                assert await receive(staying, 1) == [b"hello"]
            leaving.publish(b"too late")
            staying.publish(b"alone")
            assert await receive(staying, 1) == [b"alone"]


async def test_without_a_receiver_memory_is_bounded_and_losses_are_reported(
    open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_buffer, "MOST_BYTES", 100_000)
    with trio.fail_after(PATIENCE):
        async with open_bus() as bus, open_bus() as witness:
            await settle(bus, witness)

            async def say_much() -> None:
                for n in range(100):
                    payload = b"%d %s" % (n, b"x" * 2000)
                    bus.publish(payload)
                    assert await receive(witness, 1) == [payload]

            await say_much()
            while (left := await bus.receive()) is not None:
                assert sum(map(len, left)) <= 100_000
                await say_much()  # the witness has heard it all, and this one not yet
            bus.publish(b"the last")
            left = []
            while b"the last" not in left:
                left = await bus.receive() or []  # what is still on its way here may be too much once more
                assert sum(map(len, left)) <= 100_000
