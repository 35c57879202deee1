"""A TLS connection between two streams of one process."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio
import trustme

from chat.gateway.http1.head import ReplayStream
from chat.gateway.tls_stream import TlsStream


@asynccontextmanager
async def encrypted_pair() -> AsyncGenerator[tuple[ReplayStream, trio.SSLStream[trio.SocketStream]]]:
    """The server's side of a TLS connection, and the client's."""
    authority = trustme.CA()
    ours, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    authority.configure_trust(trusting)
    left, right = trio.socket.socketpair()
    server = TlsStream(trio.SocketStream(left), ours)
    client = trio.SSLStream(
        trio.SocketStream(right), trusting, server_hostname="127.0.0.1", https_compatible=True
    )
    async with server, client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.do_handshake)
            await client.do_handshake()
        yield ReplayStream(server), client
