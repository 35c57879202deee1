"""Keys of messages: valid, unique, and in the order of time up to their last characters."""

import re
import time

import pytest

from chat.client.message_keys import new_key


def test_keys_are_valid_and_unique() -> None:
    keys = [new_key() for _ in range(2000)]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[0-9a-v]{8}[A-Za-z0-9_-]{7}", key) for key in keys)


def test_keys_begin_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    begins = []
    for milliseconds in (1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_032, 1_900_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda at=milliseconds: at * 1_000_000)
        begins.append(new_key()[:8])
    assert begins == sorted(set(begins))
