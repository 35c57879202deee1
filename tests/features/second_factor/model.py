"""Second factors in the reference model's memory. Each method works in one go after its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import trio

from chat.domain.administration.audit import Act, What
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.second_factor.passkeys.port import PASSKEYS
from chat.features.second_factor.port import FACTORS, Secret
from tests.features.second_factor.passkeys_model import PasskeysModel

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Kept(msgspec.Struct):
    secret: bytes
    last_step: int = 0
    is_confirmed: bool = False


class SecondFactorModel:
    """The port `SecondFactors`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._audit = storage.users, storage.audit
        self._secrets: dict[int, _Kept] = {}
        self._codes: dict[int, set[bytes]] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self._passkeys = PasskeysModel(storage, self)
        self.ports: Mapping[Port[Any], Any] = {FACTORS: self, PASSKEYS: self._passkeys}

    async def begin(self, person_id: int, secret: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        if not self._users.is_there(person_id) or self._confirmed(person_id) is not None:
            return False
        self._secrets[person_id] = _Kept(secret)
        return True

    async def secret(self, person_id: int) -> Secret | None:
        await trio.lowlevel.checkpoint()
        kept = self._kept(person_id)
        return None if kept is None else Secret(kept.secret, kept.is_confirmed)

    async def confirm(self, person_id: int, secret: bytes, step: int, digests: Sequence[bytes]) -> bool:
        await trio.lowlevel.checkpoint()
        kept = self._kept(person_id)
        if kept is None or kept.is_confirmed or kept.secret != secret:
            return False
        kept.is_confirmed, kept.last_step = True, step
        self._codes[person_id] = set(digests)
        self._users.has_second_factor(person_id, True)
        self._audit.note([Act(by_id=person_id, what=What.SECOND_FACTOR_SET_UP, person_id=person_id)])
        return True

    async def use_step(self, person_id: int, secret: bytes, step: int) -> bool:
        await trio.lowlevel.checkpoint()
        kept = self._confirmed(person_id)
        if kept is None or kept.secret != secret or kept.last_step >= step:
            return False
        kept.last_step = step
        return True

    async def use_recovery_code(self, person_id: int, digest: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        left = self._codes.get(person_id, set())
        is_there = digest in left
        left.discard(digest)
        return is_there

    async def count_recovery_codes(self, person_id: int) -> int:
        await trio.lowlevel.checkpoint()
        return len(self._codes.get(person_id, ()))

    async def replace_recovery_codes(self, person_id: int, digests: Sequence[bytes]) -> bool:
        await trio.lowlevel.checkpoint()
        if not self.is_on(person_id):
            return False
        self._codes[person_id] = set(digests)
        return True

    async def remove_app(self, person_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        if self._confirmed(person_id) is None:
            return False
        del self._secrets[person_id]
        self.update(person_id)
        act = Act(by_id=person_id, what=What.SECOND_FACTOR_REMOVED, person_id=person_id)
        self._audit.note([act])
        return True

    def is_on(self, person_id: int) -> bool:
        """Whether somebody has an app or a passkey. Sync."""
        return self._confirmed(person_id) is not None or self._passkeys.has_one(person_id)

    def begin_codes(self, person_id: int, digests: Sequence[bytes]) -> None:
        """Somebody has their first second factor. Sync."""
        self._codes[person_id] = set(digests)
        self._users.has_second_factor(person_id, True)

    def update(self, person_id: int) -> None:
        """Forget the recovery codes of somebody who has no second factor any more. Sync."""
        if not self.is_on(person_id):
            self._codes.pop(person_id, None)
            self._users.has_second_factor(person_id, False)

    async def remove(self, person_id: int, by_id: int | None) -> bool:
        await trio.lowlevel.checkpoint()
        if not self.is_on(person_id):
            return False
        self._secrets.pop(person_id, None)
        self._passkeys.forget(person_id)
        self.update(person_id)
        self._audit.note([Act(by_id=by_id, what=What.SECOND_FACTOR_REMOVED, person_id=person_id)])
        return True

    def _kept(self, person_id: int) -> _Kept | None:
        return self._secrets.get(person_id) if self._users.is_there(person_id) else None

    def _confirmed(self, person_id: int) -> _Kept | None:
        kept = self._kept(person_id)
        return kept if kept is not None and kept.is_confirmed else None
