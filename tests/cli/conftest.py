"""A server that answers commands on its data directory, without a database or anybody on it."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from chat.inspection.control_path import SOCKET, reachable
from tests.cli.test_tree_text import server, snapshot


@pytest.fixture
def answering(tmp_path: Path) -> Generator[Path]:
    """A data directory on which each question is answered with the same picture, of three clients."""
    got = {**snapshot(3, server(3)), "clock": 1.0, "totals": {}}
    answer = json.dumps({"error": None, "result": got}).encode()

    def serve() -> None:
        while True:
            try:
                asking, _ = listener.accept()
            except OSError:  # it is over
                return
            with asking:
                asking.recv(100)
                asking.sendall(answer)

    with closing(socket.socket(socket.AF_UNIX)) as listener, reachable(tmp_path, SOCKET) as path:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield tmp_path
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
