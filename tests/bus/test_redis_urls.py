"""A bus on Redis that can't be opened reports the remedy in one line, without the password."""

import importlib
import sys

import pytest

from chat.bus import redis
from chat.bus.redis import open_redis_bus
from chat.domain.startup import CannotStart


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis:///0",
        "http://localhost",
        "localhost:6379",
        "unix://",
        "redis://user:sec/ret@localhost",
        "redis://user:secret@localhost:port",
        "redis://user:secret@localhost:70000",
        "redis://user:secret@localhost:0",
        "redis://[::1",
        "redis://:secret@localhost?decode_responses=true",
        "rediss://:secret@localhost?ssl_ca_certs=/nowhere",
    ],
)
def test_a_url_that_is_not_understood_is_refused_without_naming_it(url: str) -> None:
    with pytest.raises(CannotStart) as refused:
        open_redis_bus(url, channel="chat")
    assert "redis://HOST:PORT" in str(refused.value)
    assert "sec" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:secret@localhost:6380/3",
        "redis://user:sec%2Fret@[::1]:6379",
        "rediss://localhost:6380",
        "unix:///run/redis.sock?db=2",
    ],
)
def test_a_url_that_is_understood_is_taken_and_nothing_is_connected_yet(url: str) -> None:
    open_redis_bus(url, channel="chat")


def test_without_coredis_the_error_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("coredis", "anyio")]:
        monkeypatch.delitem(sys.modules, name)
    for missing in ("coredis", "anyio"):
        monkeypatch.setitem(sys.modules, missing, None)
    importlib.reload(redis)  # it can be imported, then
    with pytest.raises(CannotStart, match=r"pip install 'trio-chat\[redis\]'"):
        open_redis_bus("redis://localhost", channel="chat")
