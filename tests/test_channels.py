"""Values that wait in a channel are taken at once, in order, up to a number."""

import math

import trio

from chat.channels import receive_all_nowait


async def test_waiting_values_are_taken_in_order_up_to_a_number() -> None:
    send, receive = trio.open_memory_channel[int](math.inf)
    assert receive_all_nowait(receive, 5) == []
    for number in range(7):
        send.send_nowait(number)
    assert receive_all_nowait(receive, 0) == []
    assert receive_all_nowait(receive, 5) == [0, 1, 2, 3, 4]
    assert receive_all_nowait(receive, 5) == [5, 6]


async def test_a_closed_channel_returns_its_remaining_values() -> None:
    send, receive = trio.open_memory_channel[int](math.inf)
    send.send_nowait(1)
    send.close()
    assert receive_all_nowait(receive, 5) == [1]
    assert receive_all_nowait(receive, 5) == []
    receive.close()
    assert receive_all_nowait(receive, 5) == []
