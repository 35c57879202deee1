"""Opens the bus that the setting `bus` names."""

from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from urllib.parse import urlsplit

from chat.bus.bus import Bus
from chat.bus.notify import open_notify_bus
from chat.bus.redis import open_redis_bus
from chat.storage.postgres.database import DatabaseAddress


def open_bus(
    setting: str, address: DatabaseAddress, secret: str, *, previous: str | None = None, timeout: float
) -> AbstractAsyncContextManager[Bus]:
    """Open the bus for as long as the block lasts: `notify` on the database itself, or a URL of Redis.

    The servers of one chat share one `secret`: two chats on one Redis do not mix. While it is changed, servers with the
    `previous` one are heard too. `timeout` is in seconds, for connecting. Raises CannotStart where the client of Redis
    is not installed or the URL is invalid.
    """
    if setting == "notify":
        return open_notify_bus(address, timeout=timeout)
    return open_redis_bus(
        setting, channel=_channel(secret), also=() if previous is None else (_channel(previous),)
    )


def _channel(secret: str) -> str:
    return f"chat:{sha256(secret.encode()).hexdigest()[:16]}"


def kind_of(setting: str) -> str:
    """Return the kind of the bus for other servers: the setting without a password."""
    if setting == "notify":
        return setting
    url = urlsplit(setting)
    return url._replace(netloc=url.netloc.rpartition("@")[2], query="").geturl()
