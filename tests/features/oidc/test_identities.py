"""Identities: one contract, on memory and on PostgreSQL."""

import time

import pytest
import trio

from chat.domain.accounts.account_changes import LAST_ADMIN, AccountChange
from chat.domain.accounts.passwords import Passwords
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, NewSession, ProfileChange, Refreshing, Storage, Taken
from chat.features.addresses.port import ADDRESSES
from chat.features.oidc.port import IDENTITIES, Identity, Logout, ProviderSession
from chat.features.recovery.port import RESETS
from chat.features.second_factor.port import FACTORS

ISSUER = "https://id.example"
ONE, OTHER = Identity(ISSUER, "1"), Identity(ISSUER, "2")
NONE = Passwords(4).unusable_hash()


def new(name: str, **about: object) -> NewPerson:
    return NewPerson(name=name, **{"password_hash": NONE} | about)  # type: ignore[arg-type]


async def added(storage: Storage, identity: Identity, name: str, **about: object) -> Person:
    person = await storage.feature_ports[IDENTITIES].add(identity, new(name, **about))
    assert isinstance(person, Person)
    return person


async def session_of(storage: Storage, person: Person) -> int:
    family = f"{person.id} {time.time_ns()}".encode()
    refreshing = Refreshing(family, family, family, lambda _newest: False)
    begun = await storage.sessions.begin(
        NewSession(person_id=person.id, generation=person.token_generation, lasts=60, refreshing=refreshing)
    )
    assert begun is not None
    return begun.id


def by_provider(identity: Identity, sid: str | None = None, at: float = 0.0) -> ProviderSession:
    return ProviderSession(identity, sid, "the ID token", at or time.time())


async def test_somebody_is_added_with_their_identity_once(storage: Storage) -> None:
    identities = storage.feature_ports[IDENTITIES]
    assert await identities.person_of(ONE) is None
    ada = await added(storage, ONE, "ada")
    assert await identities.person_of(ONE) == ada.id
    assert await identities.add(ONE, new("ben")) == ada.id
    assert await storage.users.by_name("ben") is None
    assert await identities.add(OTHER, new("Ada")) == Taken("name")
    assert await identities.person_of(OTHER) is None


@pytest.mark.parametrize("near", ["1 ", " 1", "01", "1\u200b", "11", "", "％1"])
async def test_an_identity_is_compared_exactly(storage: Storage, near: str) -> None:
    await added(storage, Identity(ISSUER, "1"), "ada")
    identities = storage.feature_ports[IDENTITIES]
    assert await identities.person_of(Identity(ISSUER, near)) is None
    assert await identities.person_of(Identity(ISSUER + "/", "1")) is None
    assert await identities.person_of(Identity(ISSUER.upper(), "1")) is None


async def test_of_several_first_log_ins_at_once_one_adds_somebody(storage: Storage) -> None:
    identities, results = storage.feature_ports[IDENTITIES], []

    async def add(name: str) -> None:
        results.append(await identities.add(ONE, new(name)))

    async with trio.open_nursery() as nursery:
        for name in ("ada", "ben", "cem", "dan"):
            nursery.start_soon(add, name)
    (person,) = [each for each in results if isinstance(each, Person)]
    assert [each for each in results if each is not person] == [person.id] * 3
    assert len(await storage.users.everyone()) == 1


async def test_an_account_has_one_identity_and_an_identity_one_account(storage: Storage) -> None:
    identities = storage.feature_ports[IDENTITIES]
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    ben = await added(storage, OTHER, "ben")
    assert await identities.link(ONE, ada) == ada.id
    assert await identities.link(ONE, ada) == ada.id
    assert await identities.link(OTHER, ada) == ben.id
    assert await identities.link(Identity(ISSUER, "3"), ada) is None
    assert await identities.link(Identity("https://other.example", "3"), ada) == ada.id
    linked = await identities.linked(ada.id, ISSUER)
    assert linked is not None
    acts = [(act.what, act.by and act.by.name) for act in await storage.audit.acts(None, 10)]
    assert acts == [("identity_linked", "ada")] * 2
    assert (linked.identity, linked.has_password) == (ONE, True)
    assert abs(linked.at - time.time()) < 60
    of_ben = await identities.linked(ben.id, ISSUER)
    assert of_ben is not None
    assert not of_ben.has_password
    assert await identities.linked(ben.id + 99, ISSUER) is None


async def test_an_address_is_compared_by_ascii_case_alone(storage: Storage) -> None:
    identities = storage.feature_ports[IDENTITIES]
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", email="ada@strasse.example"))
    assert isinstance(ada, Person)
    assert await identities.with_address("ADA@Strasse.example") == ada.id
    assert await identities.with_address("ada@straße.example") is None


async def test_an_adopted_account_loses_its_password_and_tokens(storage: Storage) -> None:
    identities = storage.feature_ports[IDENTITIES]
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", email="Ada@Example.com"))
    assert isinstance(ada, Person)
    session = await session_of(storage, ada)
    assert await identities.with_address("ada@example.com") == ada.id
    assert await identities.with_address("ada@example.co") is None
    assert await identities.adopt(ONE, ada.id, "ADA@example.com", NONE) == ada.id
    known = await storage.users.by_name("ada")
    assert known is not None
    assert (known.password_hash, known.person.token_generation) == (NONE, ada.token_generation + 1)
    assert await storage.sessions.living([session]) == {}
    assert await identities.adopt(OTHER, ada.id, "ada@example.com", b"y") is None
    again = await storage.users.by_name("ada")
    assert again == known


async def test_an_address_that_was_not_confirmed_keeps_no_other_identity(storage: Storage) -> None:
    identities = storage.feature_ports[IDENTITIES]
    # Eve registers with Ada's address, and links her own identity.
    eve = await storage.users.add(NewPerson(name="eve", password_hash=b"x", email="ada@example.com"))
    assert isinstance(eve, Person)
    assert await identities.link(OTHER, eve) == eve.id
    assert await identities.adopt(ONE, eve.id, "ada@example.com", NONE) == eve.id
    assert await identities.person_of(OTHER) is None
    assert await identities.person_of(ONE) == eve.id
    # Now it is confirmed: nobody else takes it.
    assert await identities.adopt(OTHER, eve.id, "ada@example.com", NONE) is None
    assert await identities.person_of(ONE) == eve.id


async def test_a_mailed_reset_link_ends_identities_of_an_unconfirmed_address(storage: Storage) -> None:
    identities, resets = storage.feature_ports[IDENTITIES], storage.feature_ports[RESETS]
    eve = await storage.users.add(NewPerson(name="eve", password_hash=b"x", email="ada@example.com"))
    assert isinstance(eve, Person)
    assert await identities.link(ONE, eve) == eve.id
    assert await resets.begin("ada@example.com", b"1") is not None
    known = await storage.users.by_name("eve")
    assert known is not None
    assert await resets.use(b"another", known, b"y") is None
    assert await identities.person_of(ONE) == eve.id
    changed = await resets.use(b"1", known, b"y")
    assert changed is not None
    assert await identities.person_of(ONE) is None
    # Of Eve's session, which has ended, a link that was under way comes too late.
    assert await identities.link(ONE, eve) is None
    assert await identities.person_of(ONE) is None
    # The address is confirmed now: what its owner links stays.
    assert await identities.link(OTHER, changed) == eve.id
    assert await resets.begin("ada@example.com", b"2") is not None
    known = await storage.users.by_name("eve")
    assert known is not None
    assert await resets.use(b"2", known, b"z") is not None
    assert await identities.person_of(OTHER) == eve.id


async def test_an_account_that_was_changed_meanwhile_is_not_adopted(storage: Storage) -> None:
    identities = storage.feature_ports[IDENTITIES]
    eve = await storage.users.add(NewPerson(name="eve", password_hash=b"x", email="ada@strasse.example"))
    assert isinstance(eve, Person)
    # The provider has verified the address that the account had; now it has another one, which nobody verified.
    await storage.users.change_profile(eve.id, ProfileChange(email="ada@straße.example"))
    assert await identities.adopt(ONE, eve.id, "ada@strasse.example", NONE) == 0
    assert not await storage.feature_ports[ADDRESSES].is_confirmed(eve.id)
    assert await identities.person_of(ONE) is None
    await storage.feature_ports[FACTORS].begin(eve.id, b"1" * 20)
    await storage.feature_ports[FACTORS].confirm(eve.id, b"1" * 20, 1, [])
    assert await identities.adopt(ONE, eve.id, "ada@straße.example", NONE) == 0
    assert await identities.adopt(ONE, eve.id + 99, "ada@straße.example", NONE) == 0
    known = await storage.users.by_name("eve")
    assert known is not None
    assert known.password_hash == b"x"


async def test_deleting_an_account_forgets_its_identity(storage: Storage) -> None:
    ada = await added(storage, ONE, "ada")
    await storage.users.delete(ada.id)
    identities = storage.feature_ports[IDENTITIES]
    assert await identities.person_of(ONE) is None
    ben = await added(storage, ONE, "ben")
    assert await identities.person_of(ONE) == ben.id != ada.id


async def test_unlinking_ends_the_sessions_that_the_provider_began(storage: Storage) -> None:
    identities, ada = storage.feature_ports[IDENTITIES], await added(storage, ONE, "ada", password_hash=b"x")
    own, theirs = await session_of(storage, ada), await session_of(storage, ada)
    assert await identities.begin(theirs, by_provider(ONE))
    assert await identities.id_token(theirs) == "the ID token"
    assert await identities.id_token(own) is None
    assert await identities.unlink(ada.id, ISSUER, passkeys_log_in=False)
    assert await storage.sessions.living([own, theirs]) == {own: ada.id}
    assert await identities.person_of(ONE) is None


async def test_a_log_in_that_was_under_way_when_it_was_unlinked_begins_no_session(storage: Storage) -> None:
    identities, ada = storage.feature_ports[IDENTITIES], await added(storage, ONE, "ada", password_hash=b"x")
    session = await session_of(storage, ada)
    assert await identities.unlink(ada.id, ISSUER, passkeys_log_in=False)
    assert not await identities.begin(session, by_provider(ONE))
    # Nor does it if somebody else's account is linked with it since.
    await added(storage, ONE, "ben")
    assert not await identities.begin(session, by_provider(ONE))


async def test_a_log_out_ends_what_it_names(storage: Storage) -> None:
    identities = storage.feature_ports[IDENTITIES]
    ada, ben = await added(storage, ONE, "ada"), await added(storage, OTHER, "ben")
    own = await session_of(storage, ada)
    first, second, third = [await session_of(storage, ada) for _ in range(3)]
    of_ben = await session_of(storage, ben)
    for session, identity, sid in (
        (first, ONE, "a"),
        (second, ONE, "b"),
        (third, ONE, None),
        (of_ben, OTHER, "b"),
    ):
        assert await identities.begin(session, by_provider(identity, sid))
    every = [own, first, second, third, of_ben]
    assert await identities.end(Logout("https://other.example", "0", "1", None)) == []
    assert len(await storage.sessions.living(every)) == 5
    assert await identities.end(Logout(ISSUER, "1", None, "a")) == [ada.id]
    assert sorted(await storage.sessions.living(every)) == [own, second, third, of_ben]
    assert await identities.end(Logout(ISSUER, "2", "1", "b")) == [ada.id]
    assert sorted(await storage.sessions.living(every)) == [own, third, of_ben]
    assert await identities.end(Logout(ISSUER, "3", "1", None)) == [ada.id]
    assert sorted(await storage.sessions.living(every)) == [own, of_ben]
    assert await identities.end(Logout(ISSUER, "3", "2", None)) is None
    assert sorted(await storage.sessions.living(every)) == [own, of_ben]


async def test_a_log_in_before_a_log_out_begins_no_session(storage: Storage) -> None:
    identities, ada = storage.feature_ports[IDENTITIES], await added(storage, ONE, "ada")
    before = time.time() - 5
    await identities.end(Logout(ISSUER, "1", "1", None))
    await identities.end(Logout(ISSUER, "2", None, "a"))
    session = await session_of(storage, ada)
    assert not await identities.begin(session, by_provider(ONE, at=before))
    assert not await identities.begin(session, by_provider(ONE, "a", at=before))
    assert await identities.begin(session, by_provider(ONE, "a", at=time.time() + 5))
    assert not await identities.begin(session + 99, by_provider(ONE, at=time.time() + 5))


async def test_the_provider_does_not_take_the_last_admins_role(storage: Storage) -> None:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
    assert isinstance(ada, Person)
    taken = AccountChange(is_admin=False, by_provider=True)
    assert await storage.users.administer(ada.id, taken, None) is LAST_ADMIN
    await storage.users.add(NewPerson(name="ben", password_hash=b"x", is_admin=True))
    changed = await storage.users.administer(ada.id, taken, None)
    assert isinstance(changed, Person)
    assert not changed.is_admin
    assert [act.what for act in await storage.audit.acts(None, 1)] == ["roles_by_provider"]
