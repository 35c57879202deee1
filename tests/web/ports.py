"""A port for a server that is stopped and started again."""

import os
import random
import socket
from contextlib import suppress

_MOST_WORKERS = 16


def free_port() -> int:
    """A port below the range of outgoing connections, so that nobody takes it while a server is down.

    Workers that run tests at the same time take different ones.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _MOST_WORKERS
    while True:
        port = random.randrange(20_000 + worker, 30_000, _MOST_WORKERS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
