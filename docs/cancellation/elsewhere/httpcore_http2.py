"""httpcore 1.0.9: a request that is cancelled while HTTP/2 begins spoils the connection for those after it.

pip install httpcore[trio,http2]==1.0.9 trio && python httpcore_http2.py
"""

import h2.config
import h2.connection
import h2.events
import httpcore
import trio


async def serve(stream: trio.SocketStream) -> None:
    """Answer each request with 200."""
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    await stream.send_all(state.data_to_send())
    async for data in stream:
        for event in state.receive_data(data):
            if isinstance(event, h2.events.StreamEnded):
                state.send_headers(event.stream_id, [(":status", "200")], end_stream=True)
        await stream.send_all(state.data_to_send())


async def main() -> None:
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, serve, 0)
        url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        async with httpcore.AsyncConnectionPool(http1=False, http2=True) as pool:
            with trio.CancelScope() as scope:

                async def cancel_once_begun(event: str, _info: object) -> None:
                    if event == "http2.send_connection_init.complete":
                        scope.cancel()

                await pool.request("GET", url, extensions={"trace": cancel_once_begun})
            print("cancelled:", scope.cancelled_caught, pool.connections)
            for _ in range(2):
                try:
                    print(await pool.request("GET", url), pool.connections)
                except ValueError as error:
                    print("ValueError:", error, pool.connections)
        nursery.cancel_scope.cancel()


trio.run(main)
