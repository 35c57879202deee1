"""A worker of test_balance.py: `balanced_worker.py NUMBER SIZE SLOTS LISTENING`, the real gateway on inherited sockets.

Says "ready" and serves until it is killed.
"""

import socket
import sys

import trio

from chat.gateway.balance import ConnectionCounts, WorkerSlot
from chat.gateway.binding import Bound
from chat.gateway.listener import open_gateway
from tests.support.gateway import echo, make_app, make_config


async def main(number: int, size: int, counts: int, listening: int) -> None:
    slot = WorkerSlot(ConnectionCounts(size, counts), number)
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(socket.socket(fileno=listening)))
    config = make_config()
    bound = Bound(config.listen[0], listener.socket.getsockname()[1], (listener,))
    async with open_gateway(config, make_app(), echo, on_stop=lambda: None, bounds=[bound], slot=slot):
        print("ready", flush=True)
        await trio.sleep_forever()


trio.run(main, *map(int, sys.argv[1:]))
