"""`relay.py HOST SOCKET PORT`: a program that relays TCP connections to a unix socket, and prints its port.

Between a server and its database it is the network. Stopped (SIGSTOP), it is one that passes nothing on, killed, one
that is gone. After SIGUSR1 it holds back what is answered, after SIGUSR2 what is asked, and after SIGHUP nothing more:
what was held back comes then, as TCP has it.
"""

import asyncio
import signal
import sys
from contextlib import suppress


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, flows: asyncio.Event) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            await flows.wait()
            target.write(data)
            await target.drain()
    target.close()


async def main(host: str, path: str, port: str) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    def let_flow() -> None:
        asked.set()
        answered.set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(path)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, far_writer, asked), copy(far_reader, writer, answered))

    let_flow()
    loop = asyncio.get_running_loop()
    for number, react in (
        (signal.SIGUSR1, answered.clear),
        (signal.SIGUSR2, asked.clear),
        (signal.SIGHUP, let_flow),
    ):
        loop.add_signal_handler(number, react)
    async with await asyncio.start_server(relay, host, int(port)) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
