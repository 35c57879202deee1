"""The bus on Redis or Valkey, for many servers: PUBLISH and SUBSCRIBE, with coredis, which is an extra.

coredis reconnects by itself, for ever and silently, and its buffers have no bounds. So each connection is a client of
its own that never reconnects, every wait has a deadline, and received payloads are taken from it at once.
"""

import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import trio

from chat.bus.liveness import ANSWER, LivenessCheck
from chat.bus.remote import PAUSE, RemoteBus, run_bus
from chat.domain.startup import CannotStart

if TYPE_CHECKING:
    import coredis
    from coredis.connection import BaseConnection
    from coredis.patterns.pubsub import PubSub

LARGEST = 65_536
"""Bytes of a payload. Larger ones would be no faster: at this size bytes cost more than calls."""
_STEP = 512 * 1024
"""Bytes sent in one message."""
_BETWEEN = b"\0"
"""Separates the payloads of one message: no payload has it, and messages cost more than payloads."""
_OPTIONS = {"db", "ssl_ca_certs", "ssl_certfile", "ssl_check_hostname", "ssl_cert_reqs", "ssl_keyfile"}


_NOT_UNDERSTOOD = (
    "the bus's URL is not understood: expected redis://HOST:PORT, rediss://HOST:PORT for TLS, or unix:///PATH"
)


def open_redis_bus(
    url: str, *, channel: str, also: Sequence[str] = ()
) -> AbstractAsyncContextManager[RemoteBus]:
    """Open the bus at `url` for as long as the block lasts; it connects in the background, again and again.

    Buses with different `channel`s on one Redis do not mix; what is published on the channels in `also` is received
    too. Raises CannotStart where coredis is not installed or the URL is invalid. Cancelling drops waiting payloads.
    """
    medium = _Medium(url, channel, also)
    return run_bus(RemoteBus("redis", LARGEST), medium.listen, medium.send)


class _Medium:
    """The two tasks of a bus on Redis."""

    def __init__(self, url: str, channel: str, also: Sequence[str]) -> None:
        try:
            import anyio
            import coredis.exceptions
            import coredis.retry
        except ImportError as error:
            raise CannotStart("a bus on Redis needs coredis: pip install 'trio-chat[redis]'") from error
        self._channel = channel
        self._also = also
        self._new_client = partial(
            coredis.Redis.from_url,
            url,
            decode_components=True,
            connect_timeout=ANSWER,
            pool_timeout=ANSWER,
            client_name="chat",
            verify_version=False,
            retry_policy=coredis.retry.NoRetryPolicy(),
        )
        _check(url)
        if url.startswith("rediss:") and "ssl_" not in url:
            self._new_client.keywords["ssl_context"] = ssl.create_default_context()
        try:
            self._new_client()
        except (ValueError, OSError):  # of a file with certificates too; the error may quote the password
            raise CannotStart(_NOT_UNDERSTOOD) from None
        # Raised when the server is gone, silent, or not Redis.
        self._failures = (
            coredis.exceptions.RedisError,
            OSError,
            trio.TooSlowError,
            anyio.ClosedResourceError,
            anyio.BrokenResourceError,
            anyio.EndOfStream,
        )

    async def send(self, bus: RemoteBus) -> None:
        """Send waiting payloads, all in one message; payloads that a lost connection takes along are not sent again."""
        while True:
            try:
                async with self._client() as client, client.connection_pool.acquire() as connection:
                    bus.works("sending")
                    with bus.waiting.connected():
                        while True:
                            if payloads := bus.waiting.take(_STEP):
                                await _publish(connection, self._channel, _BETWEEN.join(payloads))
                            await bus.waiting.wait()
            except* self._failures as errors:
                bus.failed("sending", _said(errors))
            await trio.sleep(PAUSE)

    async def listen(self, bus: RemoteBus) -> None:
        """Receive payloads, on one connection after another."""
        while True:
            check = LivenessCheck(self._channel)
            try:
                async with (
                    self._client() as client,
                    client.pubsub(
                        channels=[self._channel, *self._also, check.mark],
                        ignore_subscribe_messages=True,
                        retry_policy=None,
                        subscription_timeout=ANSWER,
                    ) as subscription,
                    trio.open_nursery() as nursery,
                ):
                    bus.arrived.mark_lossy()  # payloads from before did not arrive here
                    bus.works("listening")
                    nursery.start_soon(_take_in, subscription, check, bus)
                    await check.watch(partial(_mark, subscription))
            except* self._failures as errors:
                bus.failed("listening", _said(errors))
            await trio.sleep(PAUSE)

    @asynccontextmanager
    async def _client(self) -> "AsyncGenerator[coredis.Redis[bytes]]":
        """Open a new client, if the server can be reached: otherwise coredis leaves streams unclosed."""
        client = self._new_client()
        location = client.connection_pool.location
        with trio.fail_after(ANSWER):
            if location is None or not await location.check():
                raise ConnectionError(f"{location} can't be reached")
        async with client:
            yield client


async def _mark(subscription: "PubSub[bytes]", channel: str) -> None:
    await _publish(subscription.connection, channel, b"")


async def _publish(connection: "BaseConnection", channel: str, data: bytes) -> None:
    """Publish on this connection: a client would silently replace a lost one."""
    with trio.fail_after(ANSWER):
        await connection.create_request(b"PUBLISH", channel, data)


async def _take_in(subscription: "PubSub[bytes]", check: LivenessCheck, bus: RemoteBus) -> None:
    """Take payloads as they arrive: our buffer is bounded, and that of coredis is not."""
    while True:
        match await subscription.get_message():
            case {"channel": bytes() as name, "data": bytes() as data} if check.arrived(name.decode()):
                for payload in data.split(_BETWEEN):
                    bus.arrived.put(payload)


def _check(url: str) -> None:
    """Raise CannotStart if a URL is invalid."""
    try:
        parts = urlsplit(url)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        is_known = parts.scheme in ("redis", "rediss", "unix") and parts.port != 0
    except ValueError:
        place = None
    if not (place and is_known and parse_qs(parts.query).keys() <= _OPTIONS):
        raise CannotStart(_NOT_UNDERSTOOD)


def _said(errors: BaseExceptionGroup[BaseException]) -> str:
    """Return the text of the first error."""
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first) or type(first).__name__
