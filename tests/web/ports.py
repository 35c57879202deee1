"""A port for a server that is stopped and started again."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A port below the range of outgoing connections, so that nobody takes it while a server is down."""
    while True:
        port = random.randrange(20_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
