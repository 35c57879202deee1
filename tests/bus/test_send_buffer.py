"""Payloads to send are bounded and in order, and draining waits until all are sent."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.bus import send_buffer
from chat.bus.send_buffer import EACH, SendBuffer

MUCH = 10**6
"""More bytes than any of these tests sends."""


def filled(*payloads: bytes) -> SendBuffer:
    buffer = SendBuffer()
    for payload in payloads:
        buffer.put(payload)
    return buffer


def test_all_that_waits_is_taken_at_once_in_order() -> None:
    buffer = filled(b"b", b"a", b"c")
    assert buffer.take(MUCH) == [b"b", b"a", b"c"]
    assert buffer.waiting_bytes == 0
    assert buffer.take(MUCH) == []


def test_a_payload_equal_to_an_earlier_one_is_taken_the_next_time() -> None:
    buffer = filled(b"a", b"b", b"a", b"a", b"c")
    assert [buffer.take(MUCH) for _ in range(3)] == [[b"a", b"b"], [b"a"], [b"a", b"c"]]


def test_no_more_bytes_are_taken_than_asked_for_but_at_least_one_payload() -> None:
    buffer = filled(b"12345", b"678", b"9", b"123456789")
    assert [buffer.take(8) for _ in range(3)] == [[b"12345", b"678"], [b"9"], [b"123456789"]]


def test_the_oldest_are_dropped_where_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_buffer, "MOST_BYTES", 3 * (EACH + 1))
    buffer = filled(b"a", b"b", b"c", b"d")
    assert buffer.take(MUCH) == [b"b", b"c", b"d"]
    for payload in (b"e", b"f", b"g"):
        buffer.put(payload)
    assert buffer.take(MUCH) == [b"e", b"f", b"g"], "what was taken makes room"


def test_empty_payloads_take_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_buffer, "MOST_BYTES", 10 * EACH)
    buffer = filled(*[b""] * 1000)
    assert buffer.waiting_bytes == 10 * EACH


@pytest.mark.parametrize("wakes", ["put", "wake"])
async def test_waiting_ends_with_a_payload_and_with_a_wake(wakes: str) -> None:
    buffer = filled()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(buffer.wait)
            await wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1
            buffer.put(b"a") if wakes == "put" else buffer.wake()


async def test_a_wake_while_a_payload_is_being_sent_ends_the_next_wait() -> None:
    """So a connection that ends while the last payload is sent is not waited on until there is another payload."""
    buffer = filled(b"a")
    assert buffer.take(MUCH) == [b"a"]
    buffer.wake()
    with trio.fail_after(30):
        await buffer.wait()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(buffer.wait)
            await wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1, "one wake ends one wait"
            nursery.cancel_scope.cancel()


async def test_a_wait_that_is_cancelled_uses_up_no_wake() -> None:
    buffer = filled()
    buffer.wake()
    with trio.CancelScope() as scope:
        scope.cancel()
        await buffer.wait()
    with trio.fail_after(30):
        await buffer.wait()


async def test_draining_waits_until_taken_payloads_are_sent() -> None:
    buffer = filled(b"a")
    sent = trio.Event()

    async def send() -> None:
        with buffer.connected():
            buffer.take(MUCH)
            await sent.wait()
            await buffer.wait()

    with trio.fail_after(30):
        async with trio.open_nursery() as sending:
            sending.start_soon(send)
            async with trio.open_nursery() as draining:
                draining.start_soon(buffer.drain)
                await wait_all_tasks_blocked()
                assert len(draining.child_tasks) == 1, "it is not sent yet"
                sent.set()
            sending.cancel_scope.cancel()


async def test_draining_does_not_wait_for_a_connection_that_was_lost() -> None:
    buffer = filled()
    with buffer.connected():
        pass
    buffer.put(b"a")
    with trio.fail_after(30):
        await buffer.drain()


async def test_draining_waits_for_the_first_connection() -> None:
    buffer = filled(b"a")
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(buffer.drain)
            await wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1
            with buffer.connected():
                buffer.take(MUCH)
            # The connection is lost: what was taken is not sent again.
