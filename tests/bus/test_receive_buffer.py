"""Waiting payloads are bounded in bytes, small ones too, and a loss is reported once."""

import pytest
import trio
import trio.testing

from chat.bus import receive_buffer
from chat.bus.receive_buffer import EACH, ReceiveBuffer


async def filled(*payloads: bytes) -> ReceiveBuffer:
    buffer = ReceiveBuffer()
    for payload in payloads:
        buffer.put(payload)
    return buffer


async def test_losses_before_a_take_are_one_none() -> None:
    buffer = await filled(b"a")
    buffer.mark_lossy()
    buffer.mark_lossy()
    assert await buffer.take() is None
    assert await buffer.take() == [b"a"]


async def test_empty_payloads_take_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_buffer, "MOST_BYTES", 10 * EACH)
    buffer = await filled(*[b""] * 10)
    assert await buffer.take() == [b""] * 10
    buffer = await filled(*[b""] * 11)
    assert buffer.waiting_bytes == 0
    buffer.put(b"later")
    assert await buffer.take() is None
    assert await buffer.take() == [b"later"], "what came before is dropped"


async def test_room_is_given_back_by_taking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_buffer, "MOST_BYTES", 10 * EACH)
    buffer = await filled()
    for _ in range(5):
        for _ in range(10):
            buffer.put(b"")
        assert await buffer.take() == [b""] * 10


@pytest.mark.parametrize("happens", ["put", "lose"])
async def test_a_waiting_receiver_is_woken(happens: str) -> None:
    buffer = await filled()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(buffer.take)
            await trio.testing.wait_all_tasks_blocked()
            if happens == "put":
                buffer.put(b"a")
            else:
                buffer.mark_lossy()
