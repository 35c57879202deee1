"""Accounts on a memory storage, whose expensive calls are counted and can be delayed."""

from typing import Any

import trio

from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.passwords import BUSY, Passwords
from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Person
from chat.domain.limits.registrations import Registrations
from chat.domain.limits.throttle import Throttle
from chat.domain.refusals import Code, Refusal
from tests.reference.storage import MemoryStorage

ADDRESS = "10.0.0.1"
PASSWORD = "secret word"


class CountedPasswords(Passwords):
    """Passwords that count what they hash and check, and may be too busy."""

    def __init__(self) -> None:
        super().__init__(4)
        self.hashed = self.checked = 0
        self.busy = False

    async def hash(self, password: bytes, address: str | None) -> bytes | Refusal:
        if self.busy:
            return BUSY
        self.hashed += 1
        return await super().hash(password, address)

    async def match(self, password: bytes, password_hash: bytes | None, address: str) -> bool | Refusal:
        if self.busy:
            return BUSY
        self.checked += 1
        return await super().match(password, password_hash, address)


class House:
    """Accounts on a memory storage, with ten registrations an hour."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.users: Any = self.storage.users
        self.passwords = CountedPasswords()
        self.throttle = Throttle()
        self.lookups = 0
        self.happened: list[str] = []
        self.held: trio.Event | None = None
        """Look-ups that have their answer wait for this before they give it."""
        self.accounts = Accounts(
            self.users,
            self.passwords,
            Tokens("a secret of the tests that is long enough", 3600),
            self.throttle,
            Registrations(10),
            min_password=5,
            person=self.person,
            happened=self.happened.append,
        )

    async def person(self, person_id: int) -> Person | None:
        self.lookups += 1
        found = await self.storage.users.by_id(person_id)
        if self.held is not None:
            await self.held.wait()
        return found

    async def register(self, name: str, *, email: str | None = None, address: str = ADDRESS) -> object:
        return await self.accounts.register(name, PASSWORD, address, email)

    async def log_in(self, name: str, *, password: str = PASSWORD, address: str = ADDRESS) -> object:
        return await self.accounts.log_in(name, password, address)

    async def registrations_left(self, address: str = ADDRESS) -> int:
        """How many more may register from the address; they do."""
        for left in range(100):
            match await self.register(f"somebody {left} {self.passwords.hashed}", address=address):
                case Refusal(Code.TOO_MANY):
                    return left
        raise AssertionError("there is no limit")


async def registered(house: House, name: str, address: str = ADDRESS) -> tuple[Person, str]:
    """Somebody new, and their token."""
    granted = await house.register(name, address=address)
    assert isinstance(granted, Granted)
    return granted.person, granted.token
