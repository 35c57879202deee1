"""httpcore 1.0.9: a TLS handshake that is cancelled leaves its socket open, until the garbage collector comes.

pip install httpcore[trio]==1.0.9 trio && python httpcore_socket.py
"""

import gc

import httpcore
import trio


async def main() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    gc.disable()  # as late as it may come
    async with httpcore.AsyncConnectionPool() as pool:
        with trio.move_on_after(0.5):  # the server says nothing: the handshake is under way
            await pool.request("GET", f"https://127.0.0.1:{port}")
        print("in the pool:", pool.connections)
    server_side = await listeners[0].accept()
    for what in ("the pool is closed", "after garbage collection"):
        with trio.move_on_after(1) as waiting:
            while await server_side.receive_some():
                pass
        print(f"{what}: the client's socket is {'open' if waiting.cancelled_caught else 'closed'}")
        gc.collect()


trio.run(main)
