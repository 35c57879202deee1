"""Calls two hooks: one five times a second, as it may, and one on many connections at once.

    python -m bench.hooking.flood PORT TOKEN TOKEN CONNECTIONS

Each of these connections sends its next call when it has the answer to the last one. It is nice, so that it takes from
the server and not from other processes what it costs. It prints a line when all are connected, and at the end of its
input how many of its calls of the second hook were refused in each second, and how many were not.
"""

import json
import os
import resource
import select
import selectors
import socket
import sys
import time

from bench.hooking.calls import call

_PAUSE = 0.2
"""Seconds between two calls of the hook that keeps to its budget."""


class _Flood:
    def __init__(self, port: int, allowed: str, over: str, connections: int) -> None:
        self._address = "127.0.0.1", port
        self._allowed, self._over = allowed, over
        self._nth = 0
        self.taken = self.refused = 0
        self._waiting = selectors.DefaultSelector()
        self._first = self._open()
        self._others = [self._open() for _ in range(connections)]

    def _open(self) -> socket.socket:
        client = socket.create_connection(self._address)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._waiting.register(client, selectors.EVENT_READ, client)
        return client

    def _send(self, client: socket.socket, token: str) -> None:
        self._nth += 1
        client.sendall(call(token, self._nth))

    def run(self) -> None:
        """Call until the input ends."""
        due = time.monotonic()
        for client in self._others:
            self._send(client, self._over)
        while not select.select([0], [], [], 0)[0]:
            now = time.monotonic()
            if now >= due:
                self._send(self._first, self._allowed)
                due = now + _PAUSE
            for key, _ in self._waiting.select(due - now):
                client = key.data
                answer = client.recv(4096)
                if client is self._first:
                    assert b" 200 " in answer[:20], answer
                    continue
                assert b" 200 " in answer[:20] or b" 429 " in answer[:20], answer
                self.taken += b" 200 " in answer[:20]
                self.refused += b" 429 " in answer[:20]
                self._send(client, self._over)


def main() -> None:
    """Run the command."""
    port, allowed, over, connections = sys.argv[1:]
    os.nice(19)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    flood = _Flood(int(port), allowed, over, int(connections))
    print("connected", flush=True)
    began = time.monotonic()
    flood.run()
    took = time.monotonic() - began
    print(json.dumps({"refused": flood.refused / took, "taken": flood.taken / took}))


if __name__ == "__main__":
    main()
