"""One seed decides everything: the scheduler's order, the clock, chance, and the order in which sets are walked.

Nothing here waits and nothing here is random but by the seed. Threads have no place in such a world, so
passwords are hashed without one.
"""

import gc
import hashlib
import itertools
import os
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any
from unittest.mock import patch

import jwt.api_jwt
import trio
from trio.testing import MockClock

import chat.data_access
import chat.gateway.fair_scheduler
import chat.gateway.listener
import chat.gateway.readiness
from chat.domain.accounts.passwords import Passwords
from chat.engine.receipts import Receipts
from chat.engine.session import Session
from chat.engine.subscriptions import Subscriptions
from tests.simulation.network import FIRST_DESCRIPTOR, Network, Socket

EPOCH = 1_700_000_000.0
"""Unix seconds at which every world begins."""

_STEP = 0.00004
"""Seconds that every step of an HTTP call takes."""

_HASHING = 0.25
"""Seconds that a password takes, as with bcrypt at cost 12."""


class QuickPasswords(Passwords):
    """Passwords with the same waiting, no thread, and a digest that costs nothing."""

    async def hash(self, password: bytes, address: str | None) -> bytes:
        await trio.sleep(_HASHING)
        return hashed(password)

    async def match(self, password: bytes, password_hash: bytes | None, address: str) -> bool:
        await trio.sleep(_HASHING)
        return hashed(password) == password_hash


class WithClock:
    """Stands for the module `trio` in a module that reads another clock than Trio's own."""

    def __init__(self, current_time: Callable[[], float]) -> None:
        self.current_time = current_time

    def __getattr__(self, name: str) -> Any:
        return getattr(trio, name)


class WallClock:
    """Stands for the module `time` in a module that reads another clock than its server's."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def time(self) -> float:
        """Return the Unix seconds that it shows."""
        return EPOCH + self._now()


def hashed(password: bytes) -> bytes:
    """Return what is kept of a password in a simulated world."""
    return hashlib.sha256(password).digest()


class _VirtualDatetime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(time.time(), tz or UTC)


def _until(clock: MockClock, deadline: float) -> float:
    return 0.0 if deadline <= clock._virtual_base else _NEVER


_NEVER = 999_999_999.0
"""Seconds that no world lasts, as in MockClock."""


@contextmanager
def deterministic(seed: int, network: Network, ahead: Callable[[], float]) -> Generator[None]:
    """Let the seed decide for as long as the block lasts; `trio.run` goes inside, with a MockClock.

    The network stands where sockets would be: at `bind`, and at `os.write`, `os.read` and `wait_readable`, which the
    gateway calls with a socket or its descriptor. `ahead` returns how far ahead the wall clock is that is asked, in
    seconds.
    """
    run = trio._core._run
    chance = random.Random(seed)
    serials: dict[int, tuple[int, object]] = {}  # the object too, or its id might be another's later

    def serial(self: object) -> int:
        return serials.setdefault(id(self), (len(serials), self))[0]

    def now() -> float:
        try:
            return EPOCH + trio.current_time() + ahead()
        except RuntimeError:
            return EPOCH

    real_write: Callable[[int, Any], int] = os.write

    def write(descriptor: int, data: bytes) -> int:
        if descriptor >= FIRST_DESCRIPTOR:
            return network.write(descriptor, data)
        return real_write(descriptor, data)

    real_read: Callable[[int, int], bytes] = os.read

    def read(descriptor: int, most: int) -> bytes:
        return (
            network.read(descriptor, most) if descriptor >= FIRST_DESCRIPTOR else real_read(descriptor, most)
        )

    real_wait: Callable[[Any], Awaitable[None]] = trio.lowlevel.wait_readable

    async def wait_readable(socket: Any) -> None:
        await (socket.inward.wait_readable() if isinstance(socket, Socket) else real_wait(socket))

    with ExitStack() as stack:
        for target, name, value in (
            (run, "_ALLOW_DETERMINISTIC_SCHEDULING", True),
            (run, "_r", random.Random(seed + 1)),
            (time, "time", now),
            (jwt.api_jwt, "datetime", _VirtualDatetime),
            (secrets, "token_urlsafe", lambda size=32: f"{chance.getrandbits(size * 6):0{size * 2}x}"[:size]),
            (secrets, "randbelow", chance.randrange),
            (os, "write", write),
            (os, "read", read),
            (trio.lowlevel, "wait_readable", wait_readable),
            # At the rate of 0 it jumps and never runs: the real clock need not be looked at.
            (MockClock, "current_time", lambda clock: clock._virtual_base),
            (MockClock, "deadline_to_sleep_time", _until),
            (chat.data_access, "Passwords", QuickPasswords),
            (chat.gateway.listener, "bind", network.bind),
            (
                chat.gateway.readiness,
                "select",
                None,
            ),  # no system knows these sockets: tasks wait as usual in Trio
            (chat.gateway.fair_scheduler, "perf_counter", itertools.count(0.0, _STEP).__next__),
            # Sets of these are walked by their hashes, which are addresses otherwise.
            (Receipts, "__hash__", serial),
            (Session, "__hash__", serial),
            (Subscriptions, "__hash__", serial),
        ):
            stack.enter_context(patch.object(target, name, value))
        collects = gc.isenabled()
        gc.disable()  # a collection finalizes what it finds, whenever it comes
        try:
            yield
        finally:
            if collects:
                gc.enable()
