"""The subscriptions: one contract. Each test runs on memory and on PostgreSQL."""

import pytest

from chat.domain.entities import Person
from chat.domain.ports import NewPerson, NewSession, Refreshing, Storage
from chat.features.push.subscriptions import SUBSCRIPTIONS, PushState, Subscription

ENDPOINT = "https://push.example/a"


async def person(storage: Storage, name: str) -> Person:
    made = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    assert isinstance(made, Person)
    return made


async def log_in(storage: Storage, who: Person, family: bytes = b"family") -> int:
    refreshing = Refreshing(family, b"own" + family, b"next" + family)
    new = NewSession(person_id=who.id, generation=who.token_generation, lasts=3600, refreshing=refreshing)
    session = await storage.sessions.begin(new)
    assert session is not None
    return session.id


def subscription(session_id: int, who: Person, endpoint: str = ENDPOINT) -> Subscription:
    return Subscription(
        session_id=session_id, person_id=who.id, endpoint=endpoint, p256dh=bytes(65), auth=bytes(16)
    )


async def test_the_key_is_made_once(storage: Storage) -> None:
    subscriptions = storage.feature_ports[SUBSCRIPTIONS]
    key = await subscriptions.private_key()
    assert len(key) == 32
    assert await subscriptions.private_key() == key


async def test_a_session_has_the_subscription_that_it_sent_last(storage: Storage) -> None:
    subscriptions, ada = storage.feature_ports[SUBSCRIPTIONS], await person(storage, "ada")
    session = await log_in(storage, ada)
    assert await subscriptions.state(ada.id, session) == PushState(False, True)
    for endpoint in (ENDPOINT, ENDPOINT, "https://push.example/b"):
        assert await subscriptions.subscribe(subscription(session, ada, endpoint))
        assert await subscriptions.of_session(session) == subscription(session, ada, endpoint)
    await subscriptions.forget(session, ENDPOINT)
    assert await subscriptions.state(ada.id, session) == PushState(True, True)
    await subscriptions.forget(session, "https://push.example/b")
    assert await subscriptions.of_session(session) is None


async def test_an_endpoint_is_of_the_session_that_sent_it_last(storage: Storage) -> None:
    subscriptions = storage.feature_ports[SUBSCRIPTIONS]
    ada, ben = await person(storage, "ada"), await person(storage, "ben")
    first, second = await log_in(storage, ada), await log_in(storage, ben, b"other")
    assert await subscriptions.subscribe(subscription(first, ada))
    assert await subscriptions.subscribe(subscription(second, ben))
    assert await subscriptions.of_session(first) is None
    assert await subscriptions.of_session(second) == subscription(second, ben)


@pytest.mark.parametrize("end", ["log-out", "tokens revoked", "account deleted"])
async def test_a_subscription_ends_with_its_session(storage: Storage, end: str) -> None:
    subscriptions, ada = storage.feature_ports[SUBSCRIPTIONS], await person(storage, "ada")
    session = await log_in(storage, ada)
    assert await subscriptions.subscribe(subscription(session, ada))
    if end == "log-out":
        await storage.sessions.end_family(b"family")
    elif end == "tokens revoked":
        await storage.users.set_password(ada.id, b"y")
    else:
        await storage.users.delete(ada.id)
    assert await subscriptions.of_session(session) is None
    assert not await subscriptions.subscribe(subscription(session, ada))


async def test_nobody_subscribes_a_session_of_somebody_else(storage: Storage) -> None:
    subscriptions = storage.feature_ports[SUBSCRIPTIONS]
    ada, ben = await person(storage, "ada"), await person(storage, "ben")
    session = await log_in(storage, ada)
    assert not await subscriptions.subscribe(subscription(session, ben))
    assert not await subscriptions.subscribe(subscription(session + 99, ben))


async def test_a_choice_is_a_persons(storage: Storage) -> None:
    subscriptions, ada = storage.feature_ports[SUBSCRIPTIONS], await person(storage, "ada")
    for choice in (False, False, True):
        await subscriptions.choose_text(ada.id, choice)
        assert await subscriptions.state(ada.id, None) == PushState(False, choice)
    await subscriptions.choose_text(2**52, False)  # somebody who is gone
