"""How the first admin is made, in memory. A method's work is done in one go after its checkpoint."""

import trio

from chat.domain.accounts.account_changes import addition
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Taken
from tests.reference.storage.users import MemoryUsers


class MemorySetUp:
    """The port `SetUp`."""

    def __init__(self, users: MemoryUsers) -> None:
        self._users = users
        self._nonce: bytes | None = None
        self._tries_left = 0
        self._admins_before = 0  # how often somebody had become an admin when it was prepared

    async def is_needed(self) -> bool:
        await trio.lowlevel.checkpoint()
        return not self._users.has_admin()

    async def prepare(self, nonce: bytes, tries: int) -> bytes | None:
        await trio.lowlevel.checkpoint()
        if self._users.has_admin():
            return None
        if self._tries() == 0:
            self._nonce, self._tries_left = nonce, tries
            self._admins_before = self._users.admins_made
        return self._nonce

    async def take_try(self) -> bytes | None:
        await trio.lowlevel.checkpoint()
        if self._tries() == 0:
            return None
        self._tries_left -= 1
        return self._nonce

    def _tries(self) -> int:
        """Return how many are left: none any more once somebody became an admin, however that was."""
        return self._tries_left if self._users.admins_made == self._admins_before else 0

    async def make_admin(self, new: NewPerson) -> Person | Taken | None:
        await trio.lowlevel.checkpoint()
        if self._nonce is None or self._users.admins_made != self._admins_before:
            return None
        added = self._users.add_now(new)
        if isinstance(added, Person):
            self._users.audit.note([addition(added, added.id)])
        return added
