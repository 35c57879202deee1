"""Invites in memory. All of it is sync: part of a write."""

import time
from collections.abc import Callable

from msgspec import structs

from chat.domain.entities import Room
from chat.domain.ports import INVITE_KEPT, Invite, IssuedInvite, NewInvite


class MemoryInvites:
    """Invites by their digests; `room` returns the room with an id, if it is there."""

    def __init__(self, room: Callable[[int], Room | None]) -> None:
        self._room = room
        self._by_digest: dict[bytes, NewInvite] = {}

    def make(self, new: NewInvite) -> None:
        """Make an invite, and forget those that have been over for long. One to a room that is gone is not made."""
        kept = time.time() - INVITE_KEPT
        self._by_digest = {key: held for key, held in self._by_digest.items() if held.expires_at >= kept}
        if new.room_id is None or self._room(new.room_id) is not None:
            self._by_digest[new.digest] = new

    def find(self, digest: bytes) -> Invite | None:
        """Return an invite, good or over."""
        held = self._by_digest.get(digest)
        if held is None:
            return None
        room = None if held.room_id is None else self._room(held.room_id)
        return Invite(
            uses_left=held.uses,
            expires_at=held.expires_at,
            room_id=held.room_id,
            room_name=room.name if room else None,
            maker_id=held.maker_id,
            registers=held.registers,
            is_over=not self.is_good(digest),
        )

    def of(self, maker_id: int, after: bytes) -> list[IssuedInvite]:
        """Return the good invites that somebody made, those that end first before the others, from behind this one."""
        made = [held for held in self._by_digest.values() if held.maker_id == maker_id]
        ordered = [held.digest for held in sorted(made, key=lambda held: (held.expires_at, held.digest))]
        behind = ordered[ordered.index(after) + 1 :] if after in ordered else [] if after else ordered
        found = ((digest, self.find(digest)) for digest in behind)
        return [IssuedInvite(digest, invite) for digest, invite in found if invite and not invite.is_over]

    def is_good(self, digest: bytes, room_id: int | None = None) -> bool:
        """Whether it is good, for that room where one is given."""
        held = self._by_digest.get(digest)
        if held is None or held.uses <= 0 or held.expires_at <= time.time():
            return False
        if room_id not in (None, held.room_id):
            return False
        return held.room_id is None or self._room(held.room_id) is not None

    def is_to_register(self, digest: bytes) -> bool:
        """Whether somebody can register with it now."""
        return self.is_good(digest) and self._by_digest[digest].registers

    def use(self, digest: bytes) -> None:
        """Use one up once that is good."""
        held = self._by_digest[digest]
        self._by_digest[digest] = structs.replace(held, uses=held.uses - 1)

    def withdraw(self, digest: bytes) -> bool:
        """Let nobody use it any more; False: nobody could."""
        if not self.is_good(digest):
            return False
        self._by_digest[digest] = structs.replace(self._by_digest[digest], uses=0)
        return True
