"""What a storage keeps of ratings; each test runs in memory and on PostgreSQL."""

import pytest
from msgspec import UNSET

from chat.domain.accounts.account_removal import How
from chat.domain.entities import Draft, Message, Peer, Person, Room, SupportOf, Visit
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.ports import NewPerson, Storage
from chat.features.ratings.port import NOT_CLOSED, RATING_FINAL, RATINGS, OwnRating, Rating
from chat.storage.postgres.database import DatabaseAddress
from tests.features.notes.test_storage import erase
from tests.support.databases import fetch


class Rated:
    """A visitor with a conversation, and an operator who closes it."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.ratings = storage.feature_ports[RATINGS]

    async def open(self) -> None:
        olga = await self.storage.users.add(NewPerson(name="olga", password_hash=b"x", is_operator=True))
        mona = await self.storage.users.add(NewPerson(name="mona", password_hash=b"", visit=Visit()))
        assert isinstance(olga, Person)
        assert isinstance(mona, Person)
        room = await self.storage.rooms.support_room(mona.id)
        assert isinstance(room, Room)
        self.olga, self.mona, self.room = olga, mona, room.id

    async def say(self) -> None:
        peer = Peer(self.mona.id, self.mona.name)
        said = await self.storage.messages.save(
            [Draft(self.room, peer.id, peer.name, "words", 1.0, people=SupportOf(peer))]
        )
        assert isinstance(said[0], Message)

    async def close(self) -> None:
        people = SupportOf(Peer(self.mona.id, self.mona.name))
        change = SupportChange(self.room, self.olga.id, 2.0, people, True, UNSET, UNSET)
        (closed,) = await self.storage.messages.save([change])
        assert isinstance(closed, SupportChanged)

    async def rate(self, comment: str = "", *, is_good: bool) -> Rating:
        rated = await self.ratings.rate(self.mona.id, comment, is_good=is_good)
        assert isinstance(rated, tuple)
        assert rated[0] == self.room
        return rated[1]


@pytest.fixture
async def rated(storage: Storage) -> Rated:
    rated = Rated(storage)
    await rated.open()
    return rated


async def test_each_closing_has_one_rating_which_can_be_changed(rated: Rated) -> None:
    async def is_not_asked() -> bool:
        own = await rated.ratings.own(rated.mona.id)
        outcome = await rated.ratings.rate(rated.mona.id, "", is_good=True)
        return own == OwnRating(may_rate=False, rating=None) and outcome is NOT_CLOSED

    assert await is_not_asked(), "there is no message"
    await rated.say()
    assert await is_not_asked(), "it is open"
    await rated.close()
    assert await rated.ratings.own(rated.mona.id) == OwnRating(may_rate=True, rating=None)
    bad = await rated.rate("too slow", is_good=False)
    good = await rated.rate("it came", is_good=True)
    assert (bad.seq, good.seq, good.is_good, good.comment) == (1, 1, True, "it came")
    assert good.rated_at == bad.rated_at
    assert await rated.ratings.own(rated.mona.id) == OwnRating(may_rate=True, rating=good)
    await rated.say()
    assert await is_not_asked(), "a message has opened it again"
    await rated.close()
    again = await rated.rate(is_good=False)
    assert await rated.ratings.of_room(rated.room) == [good, again]
    assert await rated.ratings.of_room(rated.room + 1) == []
    assert await rated.ratings.rate(rated.olga.id, "", is_good=True) is NOT_CLOSED


async def test_a_rating_is_final_after_a_day(rated: Rated, place: DatabaseAddress | None) -> None:
    if place is None:
        pytest.skip("the model has no clock that a test could set")
    await rated.say()
    await rated.close()
    await rated.rate("slow", is_good=False)
    await fetch(place, "UPDATE ratings SET rated_at = rated_at - interval '86401 seconds'")
    own = await rated.ratings.own(rated.mona.id)
    assert not own.may_rate
    assert own.rating is not None
    assert own.rating.comment == "slow"
    assert await rated.ratings.rate(rated.mona.id, "", is_good=True) is RATING_FINAL


async def test_ratings_go_with_the_conversation_of_an_erased_person(
    rated: Rated, place: DatabaseAddress | None
) -> None:
    if place is None:
        pytest.skip("the model keeps what a deleted room had")
    await rated.say()
    await rated.close()
    await rated.rate(is_good=True)
    await rated.storage.users.delete(rated.mona.id, how=How.ERASE)
    await erase(rated.storage)
    while await rated.storage.rooms.remove_deleted(100):
        pass
    assert await fetch(place, "SELECT count(*) FROM ratings") == 0
