"""Rooms and memberships in memory: the state that the memory tables share. Sync."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
import trio
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Message, Pair, Peer, People, Person, Room, RoomKind, SupportOf
from chat.domain.messages.changes import RoomChanged, RoomDeleted
from chat.domain.ports import KEPT
from chat.domain.rooms.membership import Notify, RoomRole
from chat.domain.rooms.room_rights import Authority, own_role
from chat.domain.text.rules import same_name_key
from tests.reference.storage.users import MemoryUsers
from tests.reference.storage.watchers import Watchers


class KeptDeletion(NamedTuple):
    """That a room was deleted, and until when the log tells it, by the storage's clock."""

    deletion: RoomDeleted
    until: float


class SupportKept(msgspec.Struct, frozen=True):
    """What is kept of a support conversation (`domain/rooms/support_state.py`)."""

    is_closed: bool = False
    assignee_id: int | None = None
    settled_seq: int = 0


class Own(msgspec.Struct, frozen=True):
    """What a person said of a room: how far they have read (None: never said), and when that was; what they want."""

    read: int | None = None
    changed_at: float = 0.0
    notify: Notify = Notify.MENTIONS
    is_hidden: bool = False
    is_starred: bool = False


class RoomTable:
    """Rooms, memberships, roles and conversations, in dictionaries; the lobby is there from the start."""

    def __init__(self, users: MemoryUsers, now: Callable[[], float] = trio.current_time) -> None:
        self._users = users
        self._now = now
        self._by_id = {LOBBY_ID: Room(id=LOBBY_ID, kind=RoomKind.LOBBY, name="lobby")}
        self._newest_id = LOBBY_ID
        self.pictures: dict[int, str] = {}
        """The pictures of rooms, by room; the feature's model writes it."""
        self.people_keys: dict[int, tuple[int, ...] | None] = {}
        """The people of groups, by room; None: one of them has left. The feature's model writes it."""
        self.slow_seconds: dict[int, int] = {}
        """The slow modes of rooms, by room; the feature's model writes it."""
        self.slow_mode_sends: dict[tuple[int, int], float] = {}
        """When people to whom slow mode applies last sent, by (room, person), by the storage's clock."""
        self._delivered: dict[tuple[int, int], int] = {}  # (room, person) of each membership: the seq told
        self.joined: dict[tuple[int, int], int] = {}
        """The room's last seq when each membership began, by (room, person); read-only to others."""
        self._joined_at: dict[tuple[int, int], float] = {}
        self.roles: dict[tuple[int, int], RoomRole] = {}
        """Members that are more than that, and who is banned."""
        self._banned_at: dict[tuple[int, int], float] = {}
        self.floors: dict[int, int] = {}
        """Positions below can't be gone on from, by room."""
        self.first_seqs: dict[int, int] = {}
        """Messages below are removed, by room; none where a room is not in it."""
        self._own: dict[tuple[int, int], Own] = {}
        self._support: dict[int, int] = {}
        self._support_kept: dict[int, SupportKept] = {}
        self._direct: dict[tuple[int, int], int] = {}
        self._deleted: list[int] = []
        self.deletions: list[KeptDeletion] = []
        self.watchers = Watchers()
        self.said: defaultdict[int, list[Message]] = defaultdict(list)
        """The messages of each room; `MemoryMessages` writes them, and a deleted room has them until removed."""

    def _make(
        self,
        kind: RoomKind,
        *,
        name: str | None = None,
        creator_id: int | None = None,
        is_private: bool = False,
        topic: str = "",
    ) -> Room:
        self._newest_id += 1
        room = Room(
            id=self._newest_id,
            kind=kind,
            name=name,
            creator_id=creator_id,
            is_private=is_private,
            topic=topic,
            created_at=round(time.time(), 6),
        )
        self._by_id[room.id] = room
        return room

    def make_group(self, name: str, people: tuple[int, ...]) -> int:
        """Make the room of a group, without members, at once; return its id."""
        room = self._make(RoomKind.ROOM, name=name, is_private=True)
        self.people_keys[room.id] = people
        return room.id

    def add_member(self, room_id: int, person_id: int) -> None:
        """Make the person a member at once."""
        room = self._by_id[room_id]
        self._delivered.setdefault((room_id, person_id), 0)
        self.joined.setdefault((room_id, person_id), room.last_seq)
        self._joined_at.setdefault((room_id, person_id), round(time.time(), 6))
        if room.kind is RoomKind.ROOM and room.creator_id == person_id and not self.owners(room_id):
            self.roles[room_id, person_id] = RoomRole.OWNER

    def rooms_of_member(self, person_id: int) -> list[Room]:
        """Return the rooms that the person was made a member of, at once."""
        return [
            self._by_id[room_id]
            for room_id, member_id in sorted(self._delivered)
            if member_id == person_id and self.is_there(room_id)
        ]

    def has_member(self, room_id: int, person_id: int) -> bool:
        """Whether the person was made a member, at once."""
        return (room_id, person_id) in self._delivered

    def remove_member(self, room_id: int, person_id: int) -> None:
        """End a membership at once; the people of a group may open another one then."""
        del self._delivered[room_id, person_id]
        del self.joined[room_id, person_id]
        del self._joined_at[room_id, person_id]
        self.roles.pop((room_id, person_id), None)
        self._own.pop((room_id, person_id), None)
        if room_id in self.people_keys:
            self.people_keys[room_id] = None
            if room_id in self._by_id:
                self.name_group(room_id)

    def name_group(self, room_id: int) -> None:
        """Name a group by the people who are in it, at once."""
        room = self._by_id[room_id]
        people = sorted(self.people_in(room), key=lambda each: each.id)
        name = ", ".join(each.name for each in people) or "…"
        self._by_id[room_id] = structs.replace(room, name=name[:64])

    def name_groups_of(self, person_id: int) -> None:
        """Take a deleted person out of the names of their groups, at once."""
        for room_id in self.people_keys:
            if room_id in self._by_id and self.has_member(room_id, person_id):
                self.name_group(room_id)

    def since_sent(self, sender: tuple[int, int]) -> float | None:
        """Return the seconds since (room, person) last sent in slow mode, at once; None: they did not."""
        sent_at = self.slow_mode_sends.get(sender)
        return None if sent_at is None else self._now() - sent_at

    def note_sent(self, sender: tuple[int, int]) -> None:
        """Note that (room, person) sends in slow mode, at once."""
        self.slow_mode_sends[sender] = self._now()

    def forget_sends(self, room_id: int) -> None:
        """Forget who sent in a room, at once: it is not in slow mode any more."""
        self.slow_mode_sends = {key: at for key, at in self.slow_mode_sends.items() if key[0] != room_id}

    def role_of(self, room_id: int, person_id: int) -> RoomRole | None:
        """Return what the person is in a room, at once; None: nothing."""
        is_member = (room_id, person_id) in self._delivered
        return self.roles.get((room_id, person_id), RoomRole.MEMBER if is_member else None)

    def owners(self, room_id: int) -> int:
        """Return how many people who were not deleted own a room, at once."""
        return sum(
            each == room_id and role is RoomRole.OWNER and self._users.is_there(person_id)
            for (each, person_id), role in self.roles.items()
        )

    def authority(self, room_id: int, person_id: int, *, any_kind: bool = False) -> Authority | None:
        """Return who is about to change a room, at once; None: there is no such room, or person.

        Without `any_kind` there are only rooms that people made.
        """
        room, person = self._by_id.get(room_id), self._users.look_up(person_id)
        if room is None or person is None or not (any_kind or room.kind is RoomKind.ROOM):
            return None
        role = own_role(self.role_of(room_id, person_id), person_id, room, has_owner=self.owners(room_id) > 0)
        if not self._users.is_there(person_id):
            person = structs.replace(person, is_disabled=True)
        return Authority(room, person, role)

    def set_role(self, room_id: int, person_id: int, role: RoomRole | None) -> None:
        """Give somebody a role, or ban them, at once; None: none but that of a member, if they are one."""
        if role in (None, RoomRole.MEMBER):
            self.roles.pop((room_id, person_id), None)
        else:
            self.roles[room_id, person_id] = role
        if role is RoomRole.BANNED:
            self._banned_at[room_id, person_id] = round(time.time(), 6)

    def change(self, change: RoomChanged) -> None:
        """Let a room be what it was changed to, at once."""
        self._by_id[change.room_id] = structs.replace(
            self._by_id[change.room_id],
            name=change.name,
            topic=change.topic,
            is_private=change.is_private,
            is_archived=change.is_archived,
        )

    def has_other(self, name: str, room_id: int | None = None) -> bool:
        """Whether another room has this name, in any case, at once."""
        key = same_name_key(name)
        return any(
            room.name and room.id not in (room_id, *self.people_keys) and same_name_key(room.name) == key
            for room in self._by_id.values()
        )

    def people_in(self, room: Room) -> list[Person]:
        """Return who is in a room that is there, at once; deleted people are not."""
        there = self._users.there()
        match room.kind:
            case RoomKind.LOBBY:
                return [each for each in there if not each.is_visitor]
            case RoomKind.SUPPORT:
                is_open = not self.support_kept(room.id).is_closed
                return [
                    each for each in there if (is_open and each.is_operator) or each.id == room.creator_id
                ]
            case RoomKind.ROOM | RoomKind.DIRECT:
                return [each for each in there if (room.id, each.id) in self._delivered]

    def own(self, room_id: int, person_id: int) -> Own:
        """Return what a person said of a room, at once."""
        return self._own.get((room_id, person_id), Own())

    def forget_own(self, is_useless: Callable[[int, int], bool]) -> int:
        """Forget what people said of rooms, where that has no use by room and person. Return how many. Sync."""
        gone = [each for each in self._own if is_useless(*each)]
        for each in gone:
            del self._own[each]
        return len(gone)

    def set_own(self, room_id: int, person_id: int, own: Own) -> None:
        """Keep what a person says of a room, at once."""
        self._own[room_id, person_id] = own

    def all(self) -> list[Room]:
        """Return all rooms that are there, at once."""
        return list(self._by_id.values())

    def delete(self, deletion: RoomDeleted) -> None:
        """End a room for everybody at once; the log tells it for a while."""
        room_id = deletion.room_id
        del self._by_id[room_id]
        self.roles = {key: role for key, role in self.roles.items() if key[0] != room_id}
        self._deleted.append(room_id)
        self.deletions.append(KeptDeletion(deletion, self._now() + KEPT))
        for key in [key for key in self._delivered if key[0] == room_id]:
            self.remove_member(*key)
        self.watchers.notify(room_id)

    def is_there(self, room_id: int) -> bool:
        """Whether there is such a room."""
        return room_id in self._by_id

    def memberships(self) -> Iterable[tuple[int, int]]:
        """Return all memberships: (room, person)."""
        return self._delivered

    def direct_of(self, person_id: int) -> dict[int, int]:
        """Return the person's direct rooms, each with the last delivered seq."""
        return {
            room_id: seq
            for (room_id, member_id), seq in self._delivered.items()
            if member_id == person_id and self._by_id[room_id].kind is RoomKind.DIRECT
        }

    def people_of(self, room_id: int) -> People:
        """Return the people that a room is for."""
        for pair, direct_id in self._direct.items():
            if direct_id == room_id:
                return Pair(*pair)
        for person_id, support_id in self._support.items():
            person = self._users.look_up(person_id)
            if support_id == room_id and person is not None:
                return SupportOf(Peer(person.id, person.name))
        return None

    def support_of(self, person_id: int) -> int | None:
        """Return the id of a person's support conversation; None: there is none. Sync."""
        return self._support.get(person_id)

    def support_kept(self, room_id: int) -> SupportKept:
        """Return what is kept of a support conversation, at once."""
        return self._support_kept.get(room_id, SupportKept())

    def keep_support(self, room_id: int, kept: SupportKept) -> None:
        """Keep this of a support conversation, at once."""
        self._support_kept[room_id] = kept

    def support_of_all(self) -> dict[int, int]:
        """Return the support conversations: person to room."""
        return dict(self._support)

    def look_up(self, room_id: int) -> Room | None:
        """Return the room with this id, at once."""
        return self._by_id.get(room_id)

    def advance(self, room_id: int, *, messages: int = 0) -> None:
        """Count one more change of a room that is there, and so many messages."""
        room = self._by_id[room_id]
        last_seq, last_pos = room.last_seq + messages, room.last_pos + 1
        self._by_id[room_id] = structs.replace(room, last_seq=last_seq, last_pos=last_pos)


def public_person(person: Person) -> Person:
    """Return of a person what everybody may know. Sync and pure."""
    return Person(
        id=person.id,
        name=person.name,
        display_name=person.display_name,
        picture=person.picture,
        status_emoji=person.status_emoji,
        status_text=person.status_text,
        status_until=person.status_until,
        is_operator=person.is_operator,
        is_moderator=person.is_moderator,
        is_admin=person.is_admin,
        is_visitor=person.is_visitor,
        created_at=person.created_at,
        changed_at=person.changed_at,
    )
