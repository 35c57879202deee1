"""The rights to see a room."""

import pytest

from chat.domain.entities import Person, Room, RoomKind
from chat.domain.rooms.membership import RoomRole, may_see

ADA, BEN, OLGA = (
    Person(id=1, name="Ada"),
    Person(id=2, name="Ben"),
    Person(id=3, name="Olga", is_operator=True),
)


@pytest.mark.parametrize("role", [None, *RoomRole])
def test_the_lobby_is_for_everybody_whatever_they_are(role: RoomRole | None) -> None:
    assert may_see(Room(id=1, kind=RoomKind.LOBBY), ADA, role)


@pytest.mark.parametrize("kind", [RoomKind.ROOM, RoomKind.DIRECT])
@pytest.mark.parametrize("person", [ADA, OLGA])
def test_a_room_is_for_its_members_and_not_for_banned_people(kind: RoomKind, person: Person) -> None:
    room = Room(id=2, kind=kind, creator_id=person.id, last_seq=1)
    seen = [role for role in (None, *RoomRole) if may_see(room, person, role)]
    assert seen == [RoomRole.MEMBER, RoomRole.MODERATOR, RoomRole.OWNER]


def test_operators_see_a_conversation_after_its_first_message() -> None:
    silent, begun = (Room(id=3, kind=RoomKind.SUPPORT, creator_id=ADA.id, last_seq=seq) for seq in (0, 1))
    assert [may_see(silent, person, None) for person in (ADA, BEN, OLGA)] == [True, False, False]
    assert [may_see(begun, person, None) for person in (ADA, BEN, OLGA)] == [True, False, True]
