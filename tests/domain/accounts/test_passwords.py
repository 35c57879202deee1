"""Passwords are hashed in threads, log-ins first; a cancelled client frees its place."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

import bcrypt
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.accounts.passwords import BUSY, Passwords

ADDRESS = "10.0.0.1"


class Gate:
    """Holds up the first hash that is begun, in its thread, until it is opened."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.opened = threading.Event()


@contextmanager
def _held(monkeypatch: pytest.MonkeyPatch) -> Generator[Gate]:
    gate, hash_password = Gate(), bcrypt.hashpw

    def wait_and_hash(password: bytes, salt: bytes) -> bytes:
        gate.begun.set()
        assert gate.opened.wait(10)
        return hash_password(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", wait_and_hash)
    try:
        yield gate
    finally:
        gate.opened.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Generator[Gate]:
    with _held(monkeypatch) as gate:
        yield gate


async def test_a_password_matches_its_own_hash_and_no_other() -> None:
    passwords = Passwords(4)
    hashed = await passwords.hash(b"world", ADDRESS)
    assert isinstance(hashed, bytes)
    assert await passwords.match(b"world", hashed, ADDRESS) is True
    assert await passwords.match(b"word", hashed, ADDRESS) is False
    assert await passwords.match(b"world", None, ADDRESS) is False


async def test_a_login_waits_for_no_registration_but_the_one_that_is_being_hashed(held: Gate) -> None:
    passwords = Passwords(4, threads=1)
    done: list[str] = []

    async def register() -> None:
        await passwords.hash(b"world", "127.0.0.1")
        done.append("registration")

    async def log_in() -> None:
        await passwords.match(b"world", None, ADDRESS)
        done.append("login")

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            for _ in range(190):
                nursery.start_soon(register)
            await wait_all_tasks_blocked()
            nursery.start_soon(log_in)
            await wait_all_tasks_blocked()
            held.opened.set()
    assert done.index("login") <= 1
    assert len(done) == 191


async def test_too_many_that_wait_are_refused_by_kind_and_by_address(held: Gate) -> None:
    passwords = Passwords(4, threads=1)
    refused: list[tuple[str, str]] = []

    async def register(address: str) -> None:
        if await passwords.hash(b"world", address) is BUSY:
            refused.append(("registration", address))

    async def log_in(address: str) -> None:
        if await passwords.match(b"world", None, address) is BUSY:
            refused.append(("login", address))

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(register, "127.0.0.1")
            await wait_all_tasks_blocked()
            for _ in range(21):
                nursery.start_soon(register, ADDRESS)
                nursery.start_soon(log_in, ADDRESS)
            await wait_all_tasks_blocked()
            assert sorted(refused) == [("login", ADDRESS), ("registration", ADDRESS)]
            refused.clear()
            for _ in range(200 - 20):
                nursery.start_soon(register, "127.0.0.1")
                nursery.start_soon(log_in, "127.0.0.1")
            await wait_all_tasks_blocked()
            assert refused == []
            for address in ("127.0.0.1", "10.0.0.2"):
                await register(address)
                await log_in(address)
            assert sorted(refused) == [
                (kind, address) for kind in ("login", "registration") for address in ("10.0.0.2", "127.0.0.1")
            ]
            held.opened.set()
    assert BUSY.retry_after


async def test_a_cancelled_hash_frees_its_thread_when_it_has_ended(held: Gate) -> None:
    passwords = Passwords(4, threads=1)
    with trio.fail_after(20):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(passwords.hash, b"world", ADDRESS)
                await trio.to_thread.run_sync(held.begun.wait, 10)
                scope.cancel()
        matched: list[object] = []

        async def log_in() -> None:
            matched.append(await passwords.match(b"world", None, ADDRESS))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(log_in)
            await wait_all_tasks_blocked()
            assert passwords._limiter.free == 0, "the thread is still busy: no second one may be begun"
            assert matched == []
            held.opened.set()
        assert matched == [False]
