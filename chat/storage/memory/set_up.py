"""How the first admin is made, in memory. A method's work is done in one go after its checkpoint."""

import trio

from chat.domain.account_changes import addition
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Taken
from chat.storage.memory.users import MemoryUsers


class MemorySetUp:
    """The port `SetUp`."""

    def __init__(self, users: MemoryUsers) -> None:
        self._users = users
        self._nonce: bytes | None = None
        self._tries_left = 0

    async def is_needed(self) -> bool:
        await trio.lowlevel.checkpoint()
        return not self._users.has_admin()

    async def prepare(self, nonce: bytes, tries: int) -> bytes | None:
        await trio.lowlevel.checkpoint()
        if self._users.has_admin():
            return None
        if self._nonce is None or self._tries_left == 0:
            self._nonce, self._tries_left = nonce, tries
        return self._nonce

    async def take_try(self) -> bytes | None:
        await trio.lowlevel.checkpoint()
        if self._tries_left == 0:
            return None
        self._tries_left -= 1
        return self._nonce

    async def make_admin(self, new: NewPerson) -> Person | Taken | None:
        await trio.lowlevel.checkpoint()
        if self._nonce is None or self._users.has_admin():
            return None
        added = self._users.add_now(new)
        if isinstance(added, Person):
            self._nonce, self._tries_left = None, 0
            self._users.audit.note([addition(added, added.id)])
        return added
