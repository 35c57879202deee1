"""A TCP relay in front of a server that can cut, swallow or change what passes."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Relay:
    """Relays every connection to the server at `url`. `change` is applied to what clients send."""

    def __init__(
        self, url: str, change: Callable[[bytes, str], bytes] = lambda data, host: data, port: int = 0
    ) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._change = change
        self._listening = socket.create_server(("127.0.0.1", port))
        self.host = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.port = int(self._listening.getsockname()[1])
        self.url = f"http://{self.host}"
        self._is_cut = False
        self._pairs: list[_Pair] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def count(self) -> int:
        """How many connections it has relayed."""
        return len(self._pairs)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listening.accept()[0]
                if self._is_cut:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(self._target)
                except ConnectionRefusedError:  # nobody is there at the moment
                    client.close()
                    continue
                self._pairs.append(_Pair(client, server, lambda data: self._change(data, self.host)))

    @contextmanager
    def cut(self) -> Generator[None]:
        """Every connection ends, and new ones end at once."""
        self._is_cut = True
        for pair in self._pairs:
            pair.end()
        try:
            yield
        finally:
            self._is_cut = False

    def swallow(self, *, requests: bool = False, answers: bool = False) -> None:
        """What clients send, or servers, comes no further on the WebSockets that are open now."""
        for pair in self._pairs:
            if pair.is_socket:
                pair.swallow(requests=requests, answers=answers)

    def end(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        for pair in self._pairs:
            pair.end()
            pair.close()


class _Pair:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(
        self, client: socket.socket, server: socket.socket, change: Callable[[bytes], bytes]
    ) -> None:
        self.is_socket = False
        self._ends = (client, server)
        self._swallowed: dict[socket.socket, bool] = {client: False, server: False}
        self._threads = [
            threading.Thread(target=self._copy, args=(client, server, change), daemon=True),
            threading.Thread(target=self._copy, args=(server, client, lambda data: data), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _copy(self, source: socket.socket, target: socket.socket, change: Callable[[bytes], bytes]) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.is_socket = self.is_socket or b"\r\nUpgrade: websocket\r\n" in data
                if not self._swallowed[source]:
                    target.sendall(change(data))
        self.end()

    def swallow(self, *, requests: bool, answers: bool) -> None:
        client, server = self._ends
        self._swallowed = {client: requests, server: answers}

    def end(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()


@contextmanager
def relay_to(
    url: str, change: Callable[[bytes, str], bytes] = lambda data, host: data, port: int = 0
) -> Generator[Relay]:
    """Relay for as long as the block lasts, on a port of ours or a free one."""
    relay = Relay(url, change, port)
    try:
        yield relay
    finally:
        relay.end()


def without_port(data: bytes, host: str) -> bytes:
    """Leave the port out of `Host`, as some reverse proxies do."""
    return data.replace(b"Host: " + host.encode(), b"Host: 127.0.0.1")
