"""A change of a person reaches exactly their open sockets, whoever made it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from chat.domain.accounts.account_removal import How
from chat.domain.closing import DELETED, DISABLED, GOING_AWAY, LOGGED_OUT, Closing
from chat.domain.entities import LOBBY_ID, Person
from chat.domain.failures import StorageDown
from chat.domain.refusals import BAD_TOKEN
from chat.engine.dialect import Dialect
from chat.engine.people import PeopleReconciler
from chat.engine.reconciler import watch_changes
from chat.engine.settings_follower import SettingsFollower
from chat.protocols.direct.codec import DIRECT
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.registry import DIALECTS
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.support.account_changes import end_tokens, set_disabled, set_roles
from tests.support.chat_world import Client, World, open_world


class Followed:
    """A chat whose people are followed; `users` is the storage's table, as another process would use it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.users = world.storage.users
        self.gone: list[int | None] = []
        self.outdated: list[int | None] = []
        self.found: list[Person] = []
        self.follower = PeopleReconciler(
            world.accounts,
            world.presence,
            self.gone.append,
            outdated=self.outdated.append,
            found=self.found.append,
            nameless=world.storage.users.nameless,
        )


@asynccontextmanager
async def open_followed() -> AsyncGenerator[Followed]:
    async with open_world() as world, trio.open_nursery() as nursery:
        followed = Followed(world)
        storage: Any = world.storage
        settings = SettingsFollower(world.services.settings)
        nursery.start_soon(watch_changes, storage, followed.follower, world.memberships, settings)
        await wait_all_tasks_blocked()
        yield followed
        nursery.cancel_scope.cancel()


@pytest.fixture
async def followed(autojump_clock: trio.testing.MockClock) -> AsyncGenerator[Followed]:
    async with open_followed() as followed:
        yield followed


async def log_out(followed: Followed, person: Person) -> None:
    await end_tokens(followed.users, person.id)


async def change_password(followed: Followed, person: Person) -> None:
    await followed.users.set_password(person.id, b"other")


async def disable(followed: Followed, person: Person) -> None:
    await set_disabled(followed.users, person.id, disabled=True)


async def delete(followed: Followed, person: Person) -> None:
    await followed.users.delete(person.id)


async def anonymise(followed: Followed, person: Person) -> None:
    await followed.users.delete(person.id, how=How.ANONYMISE)


async def erase(followed: Followed, person: Person) -> None:
    await followed.users.delete(person.id, how=How.ERASE)


ACTS: list[tuple[Callable[[Followed, Person], Any], Closing]] = [
    (log_out, LOGGED_OUT),
    (change_password, LOGGED_OUT),
    (disable, DISABLED),
    (delete, DELETED),
    (anonymise, DELETED),
    (erase, DELETED),
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(("act", "closing"), ACTS, ids=[act.__name__ for act, _ in ACTS])
async def test_an_ended_account_is_closed_in_every_dialect(
    followed: Followed, dialect: Dialect, act: Callable[[Followed, Person], Any], closing: Closing
) -> None:
    ada, ben = await followed.world.add_all("ada", "ben")
    sockets = [await followed.world.connect(dialect, person) for person in (ada, ada, ben)]
    guest = None if dialect.needs_token else await followed.world.connect(dialect)
    await act(followed, ada)
    for client in sockets[:2]:
        await client.ends()
        assert client.closed_with == closing
    await followed.world.rest()
    assert not sockets[2].gone.is_set()
    assert guest is None or not guest.gone.is_set()


async def test_a_logged_out_client_receives_nothing_even_on_a_busy_socket(
    followed: Followed,
) -> None:
    """A write that has begun is finished before its session ends."""
    world = followed.world
    ada, ben, olga = await world.add("ada"), await world.add("ben"), await world.add("olga", operator=True)
    await asked_for_help(followed, ada, "hello?")
    operator = await world.connect(SUPPORT, olga)
    operator.received_now()
    with world.obstacles.held("support_room"):
        operator.send(request("operatorSend", "hi", ben.id))
        await world.rest()
        await end_tokens(followed.users, olga.id)
        await world.rest()
        assert not operator.gone.is_set()
        await asked_for_help(followed, ada, "a secret")
        assert [message.text for message in world.said(2)] == ["hello?", "a secret"]
        assert await operator.receives() == []
    await operator.ends()
    assert operator.closed_with == LOGGED_OUT


async def test_a_socket_that_was_authenticated_by_a_frame_is_closed_too(followed: Followed) -> None:
    ada = await followed.world.add("ada")
    client = await followed.world.connect(TALKER)
    client.send({"name": "ada", "message": f"auth {followed.world.token(ada)}"})
    await client.receives()
    await end_tokens(followed.users, ada.id)
    await client.ends()
    assert client.closed_with == LOGGED_OUT


async def test_a_rename_by_another_process_is_applied_and_closes_no_socket(followed: Followed) -> None:
    ada = await followed.world.add("ada")
    client = await followed.world.connect(TALKER, ada)
    await followed.users.rename(ada.id, "Zoë")
    client.received_now()
    await followed.world.rest()
    client.send({"name": "Zoë", "message": "hi"})
    await followed.world.rest()
    assert [message.sender_name for message in followed.world.said(LOBBY_ID)] == ["Zoë"]


async def test_a_rename_does_not_hide_that_somebody_was_logged_out(followed: Followed) -> None:
    """A renamed session must not get the generation of a new token."""
    ada = await followed.world.add("ada")
    client = await followed.world.connect(TALKER, ada)
    with followed.world.obstacles.held("by_ids", after=True):
        await end_tokens(followed.users, ada.id)
        renamed = await followed.world.accounts.rename(ada, "Zoë")
        assert isinstance(renamed, Person)
        followed.world.presence.renamed(renamed)
        await followed.world.rest()
    await client.ends()
    assert client.closed_with == LOGGED_OUT


async def test_a_log_out_during_the_look_up_refuses_the_client(followed: Followed) -> None:
    ada = await followed.world.add("ada")
    token = followed.world.token(ada)
    answers: list[object] = []

    async def authenticate() -> None:
        answers.append(await followed.world.accounts.authenticate(token))

    async with trio.open_nursery() as nursery:
        with followed.world.obstacles.held("by_ids", after=True):
            nursery.start_soon(authenticate)
            await followed.world.rest()  # the answer, from before, is on its way
            await end_tokens(followed.users, ada.id)
    assert answers == [BAD_TOKEN]


async def test_disabling_during_the_handshake_closes_the_client(followed: Followed) -> None:
    ada = await followed.world.add("ada")
    presence = followed.world.presence
    handshake = presence.handshake()
    handshake.is_of(ada)
    await set_disabled(followed.users, ada.id, disabled=True)
    await followed.world.rest()
    client = Client(followed.world.context, TALKER, (), handshake.person, 1000)
    with trio.fail_after(20), presence.present(client.session, handshake):
        assert not presence._handshakes, "the handshake is over"
        async with trio.open_nursery() as nursery:
            with client.send_queue.written_by(nursery.start_soon):
                await client.session.serve(nursery)
            nursery.cancel_scope.cancel()
    assert client.closed_with == DISABLED


async def test_the_first_reason_to_end_counts(followed: Followed) -> None:
    ada = await followed.world.add("ada")
    client = await followed.world.connect(TALKER, ada)
    client.session.close(GOING_AWAY)
    await followed.users.delete(ada.id)
    await client.ends()
    assert client.closed_with == GOING_AWAY


async def test_a_database_that_does_not_answer_is_asked_again(followed: Followed) -> None:
    ada = await followed.world.add("ada")
    client = await followed.world.connect(TALKER, ada)
    followed.world.obstacles.fail("by_ids", *[StorageDown("away")] * 3)
    with capture_logs() as logs:
        await end_tokens(followed.users, ada.id)
        await client.ends()
    assert client.closed_with == LOGGED_OUT
    assert [log["error"] for log in logs if log["log_level"] == "warning"] == ["away"], "said once"


async def test_after_an_outage_all_connected_people_are_rechecked(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.engine.reconciler._MOST", 2)
    people = await followed.world.add_all("ada", "ben", "cem", "dan", "eve")
    clients = [await followed.world.connect(TALKER, person) for person in people]
    (changed,) = followed.users.watchers._watching
    with monkeypatch.context() as outage:
        outage.setattr(followed.users.watchers, "_watching", [])  # nobody is told
        for person in people[1:]:
            await end_tokens(followed.users, person.id)
        await followed.world.rest()
    assert not any(client.gone.is_set() for client in clients)
    changed(None)
    for client in clients[1:]:
        await client.ends()
    await followed.world.rest()
    assert [client.closed_with for client in clients] == [None] + [LOGGED_OUT] * 4


async def test_constant_changes_of_one_person_do_not_delay_the_recheck(followed: Followed) -> None:
    """A look that is made again for all whenever one of them changes would never be over."""
    ada, ben = await followed.world.add_all("ada", "ben")
    client, other = [await followed.world.connect(TALKER, person) for person in (ada, ben)]
    changed: Any = followed.users.watchers._watching[0]

    async def restless(_ids: object) -> dict[int, Person]:
        followed.world.accounts.changed(ben.id)
        await trio.lowlevel.checkpoint()
        return {}

    users: Any = followed.world.accounts._authentication._users
    users.by_ids = restless
    changed(ada.id)
    changed(ben.id)
    with trio.fail_after(30):
        await client.gone.wait()
    assert not other.gone.is_set()


async def test_a_change_during_the_recheck_reads_the_person_again(followed: Followed) -> None:
    """The database may report a change before its maker here does; it is not reported twice."""
    ada = await followed.world.add("ada")
    client = await followed.world.connect(TALKER, ada)
    with followed.world.obstacles.held("by_ids", after=True):
        await end_tokens(followed.users, ada.id)
        await followed.world.rest()
        followed.world.accounts.changed(ada.id)
    await client.ends()
    assert client.closed_with == LOGGED_OUT


async def test_deleted_people_are_dropped_from_the_cache_and_renamed_ones_stay(followed: Followed) -> None:
    ada, ben = await followed.world.add_all("ada", "ben")
    await followed.world.rest()
    followed.outdated.clear()
    followed.found.clear()
    await followed.users.rename(ada.id, "Zoë")
    await followed.users.delete(ben.id)
    await followed.world.rest()
    assert followed.gone == [None, ben.id]
    assert followed.outdated == [ada.id, ben.id]
    assert [person.name for person in followed.found] == ["Zoë"]


async def test_a_recheck_reads_all_people_again_and_discards_cached_ones(
    followed: Followed,
) -> None:
    ada, ben = await followed.world.add_all("ada", "ben")
    clients = [await followed.world.connect(TALKER, person) for person in (ada, ben)]
    for got in (followed.gone, followed.outdated, followed.found):
        got.clear()
    await followed.follower.recheck_people()
    assert (followed.gone, followed.outdated) == ([None], [None])
    assert {person.id for person in followed.found} == {ada.id, ben.id}
    assert not any(client.gone.is_set() for client in clients)


# --- roles ---


def request(method: str, *params: object) -> dict[str, object]:
    return {"method": f"message.{method}", "params": list(params), "id": 1}


async def asked_for_help(followed: Followed, person: Person, text: str) -> None:
    client = await followed.world.connect(SUPPORT, person)
    client.send(request("send", text))
    await followed.world.rest()


async def test_a_former_operator_stops_receiving_the_desk(followed: Followed) -> None:
    ada, olga = await followed.world.add("ada"), await followed.world.add("olga", operator=True)
    operator = await followed.world.connect(SUPPORT, olga)
    operator.received_now()
    await asked_for_help(followed, ada, "before")
    assert len(await operator.receives()) == 1
    await set_roles(followed.users, olga.id, operator=False, admin=False)
    await followed.world.rest()
    await asked_for_help(followed, ada, "after")
    assert await operator.receives() == []
    assert "Not permitted." in str(await operator.asks(request("conversations")))
    assert not operator.gone.is_set()


async def test_a_new_operator_receives_the_desk_at_once(followed: Followed) -> None:
    ada, olga = await followed.world.add_all("ada", "olga")
    operator = await followed.world.connect(SUPPORT, olga)
    operator.received_now()
    await set_roles(followed.users, olga.id, operator=True, admin=False)
    await followed.world.rest()
    await asked_for_help(followed, ada, "help")
    assert "help" in str(await operator.receives())
    operator.send(request("operatorSend", "here I am"))
    await followed.world.rest()
    client = await followed.world.connect(SUPPORT, ada)
    assert "here I am" in str(client.received_now())


@pytest.mark.parametrize("dialect", [TALKER, MESSENGER, DIRECT, ROOMS], ids=lambda dialect: dialect.name)
async def test_a_role_changes_nothing_elsewhere(followed: Followed, dialect: Dialect) -> None:
    ada = await followed.world.add("ada")
    client = await followed.world.connect(dialect, ada)
    topics = dict(client.session.subscriptions._topics)
    await set_roles(followed.users, ada.id, operator=True, admin=True)
    await followed.world.rest()
    assert client.session.subscriptions._topics == topics
    assert client.session.person is not None
    assert client.session.person.is_operator
