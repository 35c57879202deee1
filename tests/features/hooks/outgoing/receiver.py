"""A receiver of outgoing hooks on loopback, which checks signatures as Standard Webhooks says."""

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from tests.support.http_answers import answer_requests

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Call:
    """A call that was received."""

    def __init__(self, head: str, body: bytes) -> None:
        self.head = head
        self.body = body
        self.headers = dict(re.findall(r"^([\w-]+): (.*?)\r?$", head.lower(), re.MULTILINE))
        self.signature = re.findall(r"^webhook-signature: (.*?)\r?$", head, re.MULTILINE | re.IGNORECASE)[0]
        self.data: Any = json.loads(body)["data"]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def texts(self) -> list[str]:
        return [each["event"]["text"] for each in self.data["events"] if "text" in each["event"]]

    def is_signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is of this secret."""
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        made = hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
        return f"v1,{b64encode(made).decode()}" in self.signature.split(" ")


class Receiver:
    """What was received. `answer` returns the bytes of the answer, or None: there is none."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/in?key=secret"
        self.calls: list[Call] = []
        self.answer: Callable[[Call], bytes | None] = lambda _call: TAKEN
        self._send, self._receive = trio.open_memory_channel[Call](1000)

    async def next(self) -> Call:
        """Return the next call."""
        return await self._receive.receive()

    async def until(self, text: str) -> list[Call]:
        """Return the calls up to the one with a text."""
        calls = [await self.next()]
        while text not in calls[-1].texts:
            calls.append(await self.next())
        return calls

    def received(self, call: Call) -> bytes | None:
        self.calls.append(call)
        self._send.send_nowait(call)
        return self.answer(call)


@asynccontextmanager
async def open_receiver() -> AsyncGenerator[Receiver]:
    """Receive on a free port of loopback."""

    async def serve(stream: trio.abc.Stream) -> None:
        await answer_requests(stream, lambda head, body: receiver.received(Call(head, body)))

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        receiver = Receiver(listeners[0].socket.getsockname()[1])
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        yield receiver
        nursery.cancel_scope.cancel()
