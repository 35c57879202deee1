"""The control pipe between a parent and a worker."""

import socket

import trio

from chat.workers.control_pipe import ControlPipe
from chat.workers.messages import TO_WORKER, Leave, Reload, ToWorker


async def test_two_messages_at_once_are_sent_one_after_the_other() -> None:
    """As where a reload and a restart come together."""
    ours, theirs = socket.socketpair()
    sender, receiver = ControlPipe(ours, TO_WORKER), ControlPipe(theirs, TO_WORKER)
    received = list[ToWorker]()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sender.send, Reload({"log_level": "debug"}))
            nursery.start_soon(sender.send, Leave(7.5))
        sender.close()
        async for message in receiver.messages():
            received.append(message)
    receiver.close()
    assert sorted(received, key=repr) == [Leave(7.5), Reload({"log_level": "debug"})]
