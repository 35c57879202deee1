"""httpcore 1.0.9: a request that is cancelled right after its TLS handshake keeps its place in the pool for ever.

pip install httpcore[trio]==1.0.9 trio trustme && python httpcore_slot.py
"""

import ssl

import httpcore
import trio
import trustme


async def serve(stream: trio.SSLStream[trio.SocketStream]) -> None:
    async with stream:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def main() -> None:
    authority = trustme.CA()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_ssl_over_tcp_listeners(0, theirs, host="localhost")
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        port = listeners[0].transport_listener.socket.getsockname()[1]

        async with httpcore.AsyncConnectionPool(ssl_context=ours, max_connections=1) as pool:
            with trio.CancelScope() as scope:

                async def cancel_once_encrypted(event: str, _info: object) -> None:
                    if event == "connection.start_tls.complete":
                        scope.cancel()

                await pool.request(
                    "GET", f"https://localhost:{port}", extensions={"trace": cancel_once_encrypted}
                )
            print("after the cancellation:", pool, pool.connections)
            try:
                print(
                    await pool.request(
                        "GET", f"https://localhost:{port}", extensions={"timeout": {"pool": 2}}
                    )
                )
            except httpcore.PoolTimeout:
                print("PoolTimeout: the only place is taken, and nobody has it")
        nursery.cancel_scope.cancel()


trio.run(main)
