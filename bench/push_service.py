"""A push service that takes whatever it is sent: `python -m bench.push_service CERT KEY LOG`.

It notes each push in LOG, a line each: when its last byte was there (Unix seconds), and the end of its path. It checks
nothing, so that it takes little of the processor: the tests' own push service checks and decrypts.
"""

import asyncio
import os
import ssl
import sys
import time
from functools import partial

_CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


class _Connection(asyncio.Protocol):
    """One connection of a server that sends pushes."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            place = head.index(b"content-length:") + 15
            length = int(head[place:].split(b"\r\n", 1)[0])
            if len(self._buffer) < end + 4 + length:
                return
            name = head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
            os.write(self._log, f"{time.time():.6f} {name}\n".encode())
            self._buffer = self._buffer[end + 4 + length :]
            assert self._transport is not None
            self._transport.write(_CREATED)


async def _serve(certificate: str, key: str, log: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    lines = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(_Connection, lines), "127.0.0.1", 0, ssl=context)
    print(f"listening on https://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
