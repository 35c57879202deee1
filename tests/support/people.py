"""People who chat with the real process through public client libraries: `httpx` and `websockets`."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from ssl import SSLContext, TLSVersion
from types import TracebackType
from typing import Any, NamedTuple

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

PATIENCE = 20.0
"""Seconds for an answer to come; far more than it takes, also on a busy machine."""

PASSWORD = "world of tea"


class Line(NamedTuple):
    """A person's message."""

    name: str
    text: str


def request(
    method: str, url: str, body: object = None, *, verify: SSLContext | bool = False, **settings: Any
) -> httpx.Response:
    """Send a request; `body` goes as JSON, bytes as they are."""
    raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | settings.pop("headers", {})
    with httpx.Client(trust_env=False, timeout=PATIENCE, verify=verify) as client:
        return client.request(method, url, content=raw, headers=headers, **settings)


def post(url: str, body: object, **settings: Any) -> httpx.Response:
    return request("POST", url, body, **settings)


def register(url: str, name: str, password: str = PASSWORD, **settings: Any) -> str:
    """Register with the server at `url` and return the token."""
    answer = post(f"{url}/api/reg", {"username": name, "password": password}, **settings)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


class Person:
    """One open socket. `key` is what its dialect calls the speaker: `name` or `username`."""

    def __init__(self, socket: ClientConnection, key: str, name: str) -> None:
        self.socket = socket
        self.key = key
        self.name = name

    def send(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        self.socket.send(frame)

    def say(self, text: str, name: str | None = None) -> None:
        self.send(json.dumps({self.key: self.name if name is None else name, "message": text}))

    def hear(self, patience: float = PATIENCE) -> Line:
        """The next line, which must be a text frame with the dialect's two keys and no others."""
        frame = self.socket.recv(patience)
        assert isinstance(frame, str)
        line = json.loads(frame)
        assert line.keys() == {self.key, "message"}
        return Line(line[self.key], line["message"])

    def hear_all(self, count: int) -> list[Line]:
        return [self.hear() for _ in range(count)]

    def hear_until(self, true: Callable[[Line], bool]) -> list[Line]:
        """Lines up to the first of which it is true, that one too."""
        received = [self.hear()]
        while not true(received[-1]):
            received.append(self.hear())
        return received

    def hear_to_the_end(self) -> list[Line]:
        """All that still comes until the server closes, which must be soon."""
        received = []
        try:
            while True:
                received.append(self.hear())
        except ConnectionClosed:
            return received

    def is_told(self) -> str:
        """The server's answer, which must come next."""
        name, text = self.hear()
        assert name == "server", (name, text)
        return text

    def log_in(self, token: str) -> None:
        self.say(f"auth {token}")
        got = self.hear_until(lambda line: line.name == "server")[-1]  # others may be talking
        assert got.text == f"authorised as {self.name}"

    @property
    def closed_with(self) -> int:
        """The code of the server's close frame, once it has closed; 1006 where TCP just ended."""
        assert self.socket.close_code is not None, "it is still open"
        return self.socket.close_code


@contextmanager
def client(
    url: str, path: str = "/talker", key: str = "name", name: str = "", **settings: Any
) -> Generator[Person]:
    """A person connected to the server at `url` (as `http://…`), not yet authorised. Frames are read at once."""
    options = {"compression": None, "proxy": None, "ping_interval": None, "max_queue": None}
    if "ssl" in settings:
        # The library reads in one thread and writes in another, which OpenSSL does not allow for one connection. Where
        # the server says something behind the handshake, as in TLS 1.3, both happen at once: a request may be lost.
        settings["ssl"].maximum_version = TLSVersion.TLSv1_2
    socket_url = url.replace("http", "ws", 1) + path
    with connect(socket_url, open_timeout=PATIENCE, close_timeout=5, **(options | settings)) as socket:
        yield Person(socket, key, name)


@contextmanager
def member(url: str, name: str, token: str | None = None, **settings: Any) -> Generator[Person]:
    """A person who is authorised; registered first, unless a token is given."""
    if token is None:
        verify = settings.get("ssl", False)
        token = register(url, name, verify=verify)
    with client(url, name=name, **settings) as person:
        person.log_in(token)
        yield person


class Burst:
    """People who send concurrently during the block, without waiting for answers.

    After a disconnect they reconnect, if `comes_back`. Each line is the sender's name and a number, from `start` on.
    """

    def __init__(
        self, url: str, tokens: Mapping[str, str], *, start: int = 0, comes_back: bool = False
    ) -> None:
        self.said = dict.fromkeys(tokens, start - 1)
        """The last number that each has sent, or is just sending."""
        self._url = url
        self._comes_back = comes_back
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._take_part, args=person) for person in tokens.items()]

    def _take_part(self, name: str, token: str) -> None:
        while True:
            try:
                with client(self._url, name=name) as person:
                    person.say(f"auth {token}")
                    got = person.hear_until(lambda line: line.name == "server")[-1]
                    if got.text == f"authorised as {name}":
                        self._talk(person)
            except (WebSocketException, OSError):  # cut, or not let in
                pass
            if not self._comes_back or self._over.wait(0.05):
                return

    def _talk(self, person: Person) -> None:
        for number in itertools.count(self.said[person.name] + 1):
            self.said[person.name] = number
            person.say(f"{person.name} {number}")
            # Fast, but not so fast that what is waiting fills the memory.
            if number % 10 == 9 and self._over.wait(0.005):
                return

    def __enter__(self) -> "Burst":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        join_all(self._threads, PATIENCE)


def join_all(speakers: Sequence[threading.Thread], patience: float) -> None:
    """Wait for the end of all these threads, for no more than `patience` seconds together."""
    deadline = time.monotonic() + patience
    for thread in speakers:
        thread.join(max(0.0, deadline - time.monotonic()))
        assert not thread.is_alive(), "a speaker is stuck"


def hear_first(*people: Person) -> Line:
    """Return the next frame that any of them receives."""
    deadline = time.monotonic() + PATIENCE
    for person in itertools.cycle(people):
        try:
            return person.hear(0.001)
        except TimeoutError:
            assert time.monotonic() < deadline, "nobody hears anything"
    raise AssertionError("there is nobody")


def eventually(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until it is true, by polling: it happens in another process, which has most of the time to itself."""
    deadline = time.monotonic() + patience
    while True:
        asked = time.monotonic()
        if true():
            return
        assert asked < deadline, f"not within {patience} s: {what}"
        time.sleep(max(0.01, min(4 * (time.monotonic() - asked), 0.2)))
