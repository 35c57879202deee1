"""What a storage keeps of verified visitors; each test runs in memory and on PostgreSQL."""

from msgspec import structs

from chat.domain.entities import Person, Visit
from chat.domain.messages.sync_types import RoomsAt
from chat.domain.ports import NewPerson, Storage
from chat.features.verified_visitors.port import VERIFIED_VISITORS
from chat.features.verified_visitors.tokens import Identity

ADA = Identity("42", "Ada", "ada@example.com")


async def visit_of(storage: Storage, person_id: int) -> Visit | None:
    room = await storage.rooms.support_room(person_id)
    assert room is not None
    ((seen,),) = await storage.timelines.snapshots([RoomsAt(person_id, 0, (room.id,))])
    assert seen.peer is not None
    return seen.visit


async def anonymous(storage: Storage, name: str) -> int:
    visit = Visit(email="typed@example.com", page="https://shop.example/cart")
    person = await storage.users.add(
        NewPerson(name=name, display_name="Boss", password_hash=b"", visit=visit)
    )
    assert isinstance(person, Person)
    return person.id


async def test_an_identity_is_one_person_on_each_device(storage: Storage) -> None:
    table = storage.feature_ports[VERIFIED_VISITORS]
    first = await table.identify(ADA, "https://shop.example/", "visitor-1", None)
    assert first is not None
    renamed = Identity("42", "Ada L.", None)
    assert await table.identify(renamed, None, "visitor-2", None) == first
    person = await storage.users.by_id(first)
    assert person is not None
    assert (person.name, person.display_name, person.is_visitor) == ("visitor-1", "Ada L.", True)
    assert await visit_of(storage, first) == Visit(page="https://shop.example/", is_verified=True)
    assert await table.identify(structs.replace(ADA, site_id="43"), None, "visitor-1", None) is None, "taken"
    other = await table.identify(structs.replace(ADA, site_id="43"), None, "visitor-3", None)
    assert other not in (None, first)


async def test_a_new_identity_takes_the_conversation_that_the_visitor_has_begun(storage: Storage) -> None:
    table = storage.feature_ports[VERIFIED_VISITORS]
    mona, nina = await anonymous(storage, "visitor-1"), await anonymous(storage, "visitor-2")
    before = await visit_of(storage, mona)
    assert before == Visit(email="typed@example.com", page="https://shop.example/cart")
    assert await table.identify(ADA, None, "visitor-3", mona) == mona
    assert await visit_of(storage, mona) == Visit(email=ADA.email, page=before.page, is_verified=True)
    # Neither does a known identity take another one, nor a verified visitor another identity.
    assert await table.identify(ADA, None, "visitor-3", nina) == mona
    assert (await visit_of(storage, nina) or Visit(is_verified=True)).is_verified is False
    bens = await table.identify(Identity("43", "Ben", None), None, "visitor-3", mona)
    assert bens not in (None, mona, nina)
    # An account is no visitor.
    account = await storage.users.add(NewPerson(name="eve", password_hash=b"x"))
    assert isinstance(account, Person)
    cems = await table.identify(Identity("44", "Cem", None), None, "visitor-4", account.id)
    assert cems not in (None, account.id)


async def test_the_identity_of_a_removed_visitor_is_free(storage: Storage) -> None:
    table = storage.feature_ports[VERIFIED_VISITORS]
    first = await table.identify(ADA, None, "visitor-1", None)
    assert first is not None
    assert await storage.users.delete(first)
    assert await table.identify(ADA, None, "visitor-2", None) not in (None, first)


async def test_a_replaced_secret_is_valid_for_a_while(storage: Storage) -> None:
    table = storage.feature_ports[VERIFIED_VISITORS]
    await table.remove_secrets(None)
    assert await table.secrets() == []
    for secret in ("one", "two", "three"):
        await table.replace_secret(secret, 3600, None)
    newest, older = await table.secrets()
    assert (newest.secret, newest.ends_at, older.secret) == ("three", None, "two")
    assert older.ends_at is not None
    assert 3590 < older.ends_at - newest.made_at < 3610
    await table.replace_secret("four", 0, None)
    assert [each.secret for each in await table.secrets()] == ["four"]
    await table.remove_secrets(None)
    assert await table.secrets() == []
    acts = [act.what for act in await storage.audit.acts(None, 10)]
    assert acts == ["visitor_secret_removed", *["visitor_secret_made"] * 4]
