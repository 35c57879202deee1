"""A desk with operators and visitors, for tests of teams on any storage."""

from msgspec import UNSET, UnsetType

from chat.domain.entities import Draft, Message, Peer, Person, Room, SupportOf, Visit
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.ports import NewPerson, Storage
from chat.features.teams.port import TEAMS, Team


class Desk:
    """Operators olga, otto and oleg, and visitors with conversations."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.teams = storage.feature_ports[TEAMS]

    async def open(self) -> None:
        """Add the operators."""
        self.olga, self.otto, self.oleg = [
            await self._add(NewPerson(name=name, password_hash=b"x", is_operator=True))
            for name in ("olga", "otto", "oleg")
        ]

    async def team(self, name: str, *members: Person, in_turn: bool = False, default: bool = False) -> Team:
        """Add a team."""
        ids = tuple(each.id for each in members)
        team = Team(id=0, name=name, in_turn=in_turn, is_default=default, members=ids)
        saved = await self.teams.save(team, name.lower())
        assert isinstance(saved, Team)
        return saved

    async def visitor(self, name: str) -> tuple[Peer, int]:
        """Add a visitor with a conversation in which nothing was said."""
        person = await self._add(NewPerson(name=name, password_hash=b"", visit=Visit()))
        room = await self.storage.rooms.support_room(person.id)
        assert isinstance(room, Room)
        return Peer(person.id, person.name), room.id

    async def says(self, sender: Peer, room: int, of: Peer | None = None) -> None:
        """Send a message into the conversation of `of`."""
        saved = await self.storage.messages.save([said(sender, room, of)])
        assert isinstance(saved[0], Message)

    async def change(
        self, room: int, of: Peer, *, closed: bool | UnsetType = UNSET, to: Person | UnsetType | None = UNSET
    ) -> None:
        """Close a conversation, or give it to somebody."""
        assignee = Peer(to.id, to.name) if isinstance(to, Person) else to
        change = SupportChange(room, self.olga.id, 2.0, SupportOf(of), closed, assignee)
        (changed,) = await self.storage.messages.save([change])
        assert isinstance(changed, SupportChanged)

    async def _add(self, new: NewPerson) -> Person:
        person = await self.storage.users.add(new)
        assert isinstance(person, Person)
        return person


def said(sender: Peer, room: int, of: Peer | None = None) -> Draft:
    """Return a message into the conversation of `of`, or of its sender."""
    return Draft(room, sender.id, sender.name, "words", 1.0, people=SupportOf(of or sender))
