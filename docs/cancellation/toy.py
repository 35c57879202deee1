"""A chat server without a database. A line is written to a file first, and then sent to everybody.

Start it with `python toy.py 9001 log.txt`, and in two more terminals `nc 127.0.0.1 9001`.
"""

import os
import sys
from functools import partial

import trio

Submit = trio.MemorySendChannel[bytes]


class Client:
    """One connection: its stream, the lines that wait for it, and the scope in which it is read."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream, self.reading = stream, trio.CancelScope()
        self._send, self._waiting = trio.open_memory_channel[bytes](100)

    def deliver(self, line: bytes) -> None:  # sync: nobody waits for this client
        try:
            self._send.send_nowait(line)
        except trio.WouldBlock:
            self.reading.cancel()  # it reads too slowly: let it go

    async def write(self) -> None:
        async for line in self._waiting:
            with trio.fail_after(5):
                await self.stream.send_all(line)

    async def read(self, submit: Submit) -> None:
        rest = b""
        async for data in self.stream:
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                await submit.send(line + b"\n")  # waits while the journal is busy: backpressure
            if len(rest) > 1000:
                break


async def serve(clients: set[Client], submit: Submit, stream: trio.SocketStream) -> None:
    client = Client(stream)
    try:
        async with stream, trio.open_nursery() as nursery:  # the client's nursery
            nursery.start_soon(client.write)
            clients.add(client)
            try:
                with client.reading:
                    await client.read(submit)
            finally:
                clients.discard(client)
            nursery.cancel_scope.cancel()
    except* (OSError, trio.BrokenResourceError, trio.TooSlowError):
        pass  # the barrier: one client's broken connection ends no other client


async def commit(clients: set[Client], submitted: trio.MemoryReceiveChannel[bytes], log: int) -> None:
    async for line in submitted:
        await trio.to_thread.run_sync(save, log, line)  # cancelling waits for the thread
        for client in clients:  # no await from here on: what is saved is delivered
            client.deliver(line)


def save(log: int, line: bytes) -> None:
    os.write(log, line)
    os.fsync(log)


async def main(port: int, path: str) -> None:
    submit, submitted = trio.open_memory_channel[bytes](0)
    clients, log = set[Client](), os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(commit, clients, submitted, log)
        await trio.serve_tcp(partial(serve, clients, submit), port, host="127.0.0.1")


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]), sys.argv[2])
