"""Invites in memory. All of it is sync: part of a write."""

import time
from collections.abc import Callable

from msgspec import structs

from chat.domain.entities import Person, Room
from chat.domain.ports import INVITE_KEPT, Invite, IssuedInvite, NewInvite
from chat.domain.rooms.membership import LEADING, RoomRole


class MemoryInvites:
    """Invites by their digests.

    `room` and `person` return those with an id, if they are there, and `role` what somebody is in a room.
    """

    def __init__(
        self,
        room: Callable[[int], Room | None],
        person: Callable[[int], Person | None],
        role: Callable[[int, int], RoomRole | None],
    ) -> None:
        self._room = room
        self._person = person
        self._role = role
        self._by_digest: dict[bytes, NewInvite] = {}
        self.setting: Callable[[str], object] = lambda _name: None
        """Returns the value of a changed setting."""

    def make(self, new: NewInvite) -> bool:
        """Make an invite, and remove those that expired long ago. None is made for a room that does not exist."""
        kept = time.time() - INVITE_KEPT
        self._by_digest = {key: held for key, held in self._by_digest.items() if held.expires_at >= kept}
        if new.room_id is not None and self._room(new.room_id) is None:
            return False
        if self._has_too_many(new):
            return False
        self._by_digest[new.digest] = new
        return True

    def _has_too_many(self, new: NewInvite) -> bool:
        maker, most = self._maker(new), self.setting("open_invites")
        if maker is None or maker.is_admin or not isinstance(most, int):
            return False
        return 0 < most <= self.open_count(maker.id)

    def open_count(self, maker_id: int) -> int:
        """Return how many valid invites somebody has made."""
        return len(self.list(b"", maker_id, None))

    def find(self, digest: bytes) -> Invite | None:
        """Return an invite, good or over."""
        held = self._by_digest.get(digest)
        if held is None:
            return None
        room = None if held.room_id is None else self._room(held.room_id)
        maker = None if held.maker_id is None else self._person(held.maker_id)
        return Invite(
            uses_left=held.uses,
            expires_at=held.expires_at,
            room_id=held.room_id,
            room_name=room.name if room else None,
            maker_id=held.maker_id,
            registers=held.registers,
            is_over=not (self.is_to_register(digest) or self.is_to_join(digest, held.room_id)),
            maker_name=None if maker is None else maker.name,
        )

    def list(self, after: bytes, maker_id: int | None, room_id: int | None) -> list[IssuedInvite]:
        """Return good invites, those that end first before the others, from behind this one."""
        made = [
            held
            for held in self._by_digest.values()
            if maker_id in (None, held.maker_id) and room_id in (None, held.room_id)
        ]
        ordered = [held.digest for held in sorted(made, key=lambda held: (held.expires_at, held.digest))]
        behind = ordered[ordered.index(after) + 1 :] if after in ordered else [] if after else ordered
        found = ((digest, self.find(digest)) for digest in behind)
        return [IssuedInvite(digest, invite) for digest, invite in found if invite and not invite.is_over]

    def is_to_register(self, digest: bytes) -> bool:
        """Whether somebody can register with it now."""
        held = self._by_digest.get(digest)
        if held is None or not held.registers or not self._is_left(held):
            return False
        maker = self._maker(held)
        return held.maker_id is None or (maker is not None and maker.is_admin)

    def is_to_join(self, digest: bytes, room_id: int | None) -> bool:
        """Whether somebody can join that room with it now."""
        held = self._by_digest.get(digest)
        return held is not None and self._is_left(held) and self.lets_in(digest, room_id)

    def lets_in(self, digest: bytes, room_id: int | None) -> bool:
        """Whether its maker may invite to that room, whether or not it is used up."""
        held = self._by_digest.get(digest)
        room = None if room_id is None else self._room(room_id)
        if held is None or room is None or held.room_id != room.id:
            return False
        if held.maker_id is None:
            return True
        role = self._role(room.id, held.maker_id)
        is_in = role not in (None, RoomRole.BANNED)
        maker = self._maker(held)
        if maker is None or (self.setting("inviting") == "admins" and not maker.is_admin):
            return False
        return role in LEADING if room.is_private else is_in

    def _is_left(self, held: NewInvite) -> bool:
        if held.uses <= 0 or held.expires_at <= time.time():
            return False
        return held.room_id is None or self._room(held.room_id) is not None

    def _maker(self, held: NewInvite) -> Person | None:
        maker = None if held.maker_id is None else self._person(held.maker_id)
        return None if maker is None or maker.is_disabled else maker

    def use(self, digest: bytes) -> NewInvite:
        """Use one up once that is good, and return how it was made."""
        held = self._by_digest[digest]
        self._by_digest[digest] = structs.replace(held, uses=held.uses - 1)
        return held

    def withdraw(self, digest: bytes) -> NewInvite | None:
        """Let nobody use it any more, and return how it was made; None: it is used up, too old, or its room is gone."""
        held = self._by_digest.get(digest)
        if held is None or not self._is_left(held):
            return None
        self._by_digest[digest] = structs.replace(held, uses=0)
        return held
