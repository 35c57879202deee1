"""A chat server on Python's `websockets`, with its `broadcast()`. It saves nothing.

Paths are as in hub.js: /rooms/N echoes, /direct/N is addressed by `to`, under any other everyone else hears it.
A message is passed on as it came. Compression is off, as it is for every server here.
"""

import asyncio
import json
import os
import ssl
from collections import defaultdict

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

MEMBERS: defaultdict[str, set[ServerConnection]] = defaultdict(set)


async def chat(socket: ServerConnection) -> None:
    assert socket.request is not None
    path = socket.request.path
    members = MEMBERS[path]
    members.add(socket)
    try:
        async for message in socket:
            if path.startswith("/direct/"):
                broadcast(MEMBERS[f"/direct/{json.loads(message)['to']}"], message)
            elif path.startswith("/talker"):
                broadcast((member for member in members if member is not socket), message)
            else:
                broadcast(members, message)
    except ConnectionClosed:
        pass
    finally:
        members.discard(socket)


async def main() -> None:
    tls = None
    if "TLS_CERT" in os.environ:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    async with serve(chat, "127.0.0.1", 0, compression=None, backlog=4096, ssl=tls) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"listening on http://127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
