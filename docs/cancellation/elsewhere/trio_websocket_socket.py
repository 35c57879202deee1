"""trio-websocket 0.12.2: a connection that is cancelled in its handshake is not closed; its socket is left to Python.

pip install trio-websocket==0.12.2 trio && python -W always::ResourceWarning trio_websocket_socket.py
"""

import trio
import trio_websocket


async def main() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    with trio.move_on_after(0.5):  # the server says nothing: the handshake is under way
        async with trio_websocket.open_websocket("127.0.0.1", port, "/", use_ssl=False):
            pass
    await listeners[0].aclose()


trio.run(main)
