"""Teams in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.entities import Peer
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.features.teams.port import (
    MOST,
    NO_TEAM,
    TEAM_TAKEN,
    TEAMS,
    TOO_MANY_TEAMS,
    Team,
    Unassigned,
    Waiting,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class TeamsModel:
    """The port `Teams`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms, self._settings = storage.users, storage.rooms, storage.settings
        self._now = storage.now
        self._numbers, self._turns = count(1), count(1)
        self._teams: dict[int, Team] = {}
        self._keys: dict[int, str] = {}
        self._of_rooms: dict[int, int] = {}
        self._given: dict[tuple[int, int], int] = {}  # by team and person, when it was their turn
        self._absent: dict[int, tuple[int, float]] = {}  # by room, who is, and since when
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {TEAMS: self}

    async def all(self) -> list[Team]:
        await trio.lowlevel.checkpoint()
        return [self._with_operators(each) for each in self._teams.values()]

    async def save(self, team: Team, key: str) -> Team | Refusal:
        await trio.lowlevel.checkpoint()
        if any(each == key and team_id != team.id for team_id, each in self._keys.items()):
            return TEAM_TAKEN
        if not team.id and len(self._teams) >= MOST:
            return TOO_MANY_TEAMS
        if team.id and team.id not in self._teams:
            return NO_TEAM
        if team.is_default:
            self._teams = {
                team_id: structs.replace(each, is_default=False) for team_id, each in self._teams.items()
            }
        members = tuple(sorted({each for each in team.members if self._users.is_there(each)}))
        saved = structs.replace(team, id=team.id or next(self._numbers), members=members)
        self._teams[saved.id], self._keys[saved.id] = saved, key
        self._settings.watchers.notify(None)
        return self._with_operators(saved)

    async def remove(self, team_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        if self._teams.pop(team_id, None) is None:
            return False
        del self._keys[team_id]
        self._of_rooms = {room: team for room, team in self._of_rooms.items() if team != team_id}
        self._settings.watchers.notify(None)
        return True

    async def rooms(self, besides_id: int) -> dict[int, int]:
        await trio.lowlevel.checkpoint()
        there = {room for person, room in self._rooms.support_of_all().items() if person != besides_id}
        return {room: team for room, team in self._of_rooms.items() if room in there}

    async def give(self, room_id: int, team_id: int | None) -> int | Refusal | None:
        await trio.lowlevel.checkpoint()
        if team_id is not None and team_id not in self._teams:
            return NO_TEAM
        before = self._of_rooms.pop(room_id, None)
        if team_id is not None:
            self._of_rooms[room_id] = team_id
        return before

    async def choose(self, person_id: int, key: str) -> int | Refusal | None:
        await trio.lowlevel.checkpoint()
        room_id = self._rooms.support_of(person_id)
        team_id = next((team_id for team_id, each in self._keys.items() if each == key), None)
        if room_id is None or team_id is None:
            return NO_TEAM
        if self._rooms.said[room_id] and not self._rooms.support_kept(room_id).is_closed:
            return None
        self._of_rooms[room_id] = team_id
        return room_id

    async def unassigned(self) -> list[Unassigned]:
        await trio.lowlevel.checkpoint()
        return [
            Unassigned(room_id, person, team.id)
            for room_id, person, team in self._open()
            if team.in_turn and self._rooms.support_kept(room_id).assignee_id is None
        ]

    async def waiting(self) -> list[Waiting]:
        await trio.lowlevel.checkpoint()
        found = []
        for room_id, person, _ in self._open():
            kept = self._rooms.support_kept(room_id)
            last = self._rooms.said[room_id][-1]
            assignee = self._users.look_up(kept.assignee_id or 0)
            if assignee is not None and last.sender_id == person.id and last.seq > kept.settled_seq:
                peer = Peer(assignee.id, assignee.name)
                found.append(Waiting(room_id, person, peer, self._is_operator(assignee.id)))
        return found

    async def next_in_turn(self, team_id: int, online: Sequence[int]) -> Peer | None:
        await trio.lowlevel.checkpoint()
        team = self._teams.get(team_id)
        members = [] if team is None else [*self._with_operators(team).members]
        waiting = sorted({*members} & {*online}, key=lambda each: (self._given.get((team_id, each), 0), each))
        if not waiting:
            return None
        self._given[team_id, waiting[0]] = next(self._turns)
        chosen = self._users.look_up(waiting[0])
        assert chosen is not None
        return Peer(chosen.id, chosen.name)

    async def absent(self, room_id: int, person_id: int) -> float:
        await trio.lowlevel.checkpoint()
        who, since = self._absent.get(room_id, (person_id, self._now()))
        since = since if who == person_id else self._now()
        self._absent[room_id] = person_id, since
        return self._now() - since

    async def present(self, room_ids: Sequence[int]) -> None:
        await trio.lowlevel.checkpoint()
        self._absent = {room: each for room, each in self._absent.items() if room in room_ids}

    def _open(self) -> Iterable[tuple[int, Peer, Team]]:
        default = next((each for each in self._teams.values() if each.is_default), None)
        for person_id, room_id in self._rooms.support_of_all().items():
            person = self._users.look_up(person_id)
            team_id = self._of_rooms.get(room_id)
            team = default if team_id is None else self._teams[team_id]
            is_open = self._rooms.said[room_id] and not self._rooms.support_kept(room_id).is_closed
            if person is not None and self._users.is_there(person_id) and team is not None and is_open:
                yield room_id, Peer(person.id, person.name), team

    def _is_operator(self, person_id: int) -> bool:
        person = self._users.look_up(person_id)
        is_there = person is not None and self._users.is_there(person_id)
        return is_there and person is not None and person.is_operator and not person.is_disabled

    def _with_operators(self, team: Team) -> Team:
        return structs.replace(team, members=tuple(filter(self._is_operator, team.members)))
