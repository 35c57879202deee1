"""A session that is ended takes its sockets with it, in every protocol and on every server, and no others."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.accounts.sessions import Device, Opened
from chat.domain.closing import LOGGED_OUT, SESSION_ENDED
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.refusals import BAD_TOKEN
from chat.engine.dialect import Dialect
from chat.engine.people import PeopleReconciler
from chat.engine.reconciler import watch_changes
from chat.engine.settings_follower import SettingsFollower
from chat.protocols.registry import DIALECTS
from chat.protocols.talker.codec import TALKER
from tests.reference.storage import MemoryStorage
from tests.support.account_changes import end_tokens, set_roles
from tests.support.chat_world import World, open_world

HERE = Device("203.0.113.7")


@asynccontextmanager
async def followed(storage: MemoryStorage | None = None) -> AsyncGenerator[World]:
    """A chat whose people are followed."""
    async with open_world(storage) as world, trio.open_nursery() as nursery:
        watched: Any = world.storage
        follower = PeopleReconciler(world.accounts, world.presence)
        settings = SettingsFollower(world.services.settings)
        nursery.start_soon(watch_changes, watched, follower, world.memberships, settings)
        await wait_all_tasks_blocked()
        yield world
        nursery.cancel_scope.cancel()


async def open_session(world: World, person: Person) -> Opened:
    opened = await world.services.sessions.open(person, HERE)
    assert isinstance(opened, Opened)
    return opened


async def came_in_by(world: World, opened: Opened) -> Person:
    person = await world.accounts.authenticate(opened.access)
    assert isinstance(person, Person)
    assert person.session_id == opened.session.id
    return person


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
async def test_its_sockets_are_closed_in_every_protocol_and_no_others(
    autojump_clock: object, dialect: Dialect
) -> None:
    async with followed() as world:
        ada = await world.add("ada")
        one, two = await open_session(world, ada), await open_session(world, ada)
        ended = [await world.connect(dialect, await came_in_by(world, one)) for _ in range(2)]
        others = [await world.connect(dialect, await came_in_by(world, two))]
        others.append(await world.connect(dialect, ada))
        await world.services.sessions.end(ada, one.session.id)
        assert await world.accounts.authenticate(one.access) is BAD_TOKEN
        for client in ended:
            await client.ends()
            assert client.closed_with == SESSION_ENDED
        await world.rest()
        assert [client.gone.is_set() for client in others] == [False, False]
        assert SESSION_ENDED.code == 4403


async def test_one_that_was_authenticated_by_a_frame_is_closed_too(autojump_clock: object) -> None:
    async with followed() as world:
        ada = await world.add("ada")
        opened = await open_session(world, ada)
        client = await world.connect(TALKER)
        client.send({"name": "ada", "message": f"auth {opened.access}"})
        await world.rest()
        await world.storage.users.rename(ada.id, "adele")  # it is looked up, and stays of its session
        await world.rest()
        await world.services.sessions.end_by(opened.refresh)
        await client.ends()
        assert client.closed_with == SESSION_ENDED


async def test_a_session_that_ends_on_one_server_closes_sockets_on_the_other(autojump_clock: object) -> None:
    storage = MemoryStorage()
    async with followed(storage) as one, followed(storage) as other:
        ada = await one.add("ada")
        opened = await open_session(one, ada)
        there = await other.connect(TALKER, await came_in_by(other, opened))
        await one.services.sessions.end(ada, opened.session.id)
        await there.ends()
        assert there.closed_with == SESSION_ENDED
        assert await other.accounts.authenticate(opened.access) is BAD_TOKEN


async def test_a_raised_generation_means_that_all_logins_ended(autojump_clock: object) -> None:
    async with followed() as world:
        ada = await world.add("ada")
        client = await world.connect(TALKER, await came_in_by(world, await open_session(world, ada)))
        await end_tokens(world.storage.users, ada.id)
        await client.ends()
        assert client.closed_with == LOGGED_OUT


async def test_ended_sessions_are_read_once_for_all_clients(autojump_clock: object) -> None:
    async with followed() as world:
        ada, ben = await world.add_all("ada", "ben")
        await world.connect(TALKER, ada)
        await set_roles(world.storage.users, ada.id, operator=True, admin=False)
        await world.rest()
        assert "living" not in world.obstacles.calls
        for _ in range(5):
            opened = await open_session(world, ben)
            person = await came_in_by(world, opened)
            await world.connect(TALKER, person)
        world.obstacles.calls.clear()
        await set_roles(world.storage.users, ben.id, operator=True, admin=False)
        await world.rest()
        assert world.obstacles.calls.count("living") == 1
        assert world.obstacles.calls.count("by_ids") == 1


async def test_a_session_that_ends_while_a_token_of_it_is_looked_at_lets_nobody_in(
    autojump_clock: object,
) -> None:
    async with followed() as world:
        ada = await world.add("ada")
        opened, answers = await open_session(world, ada), []

        async def authenticate() -> None:
            answers.append(await world.accounts.authenticate(opened.access))

        async with trio.open_nursery() as nursery:
            with world.obstacles.held("living", after=True):
                nursery.start_soon(authenticate)
                await world.rest()
                await world.storage.sessions.end(ada.id, opened.session.id)
        assert answers == [BAD_TOKEN]


async def test_a_database_that_does_not_answer_is_asked_again(autojump_clock: object) -> None:
    async with followed() as world:
        ada = await world.add("ada")
        opened = await open_session(world, ada)
        client = await world.connect(TALKER, await came_in_by(world, opened))
        world.obstacles.fail("living", StorageDown("away"), StorageDown("away"))
        await world.services.sessions.end(ada, opened.session.id)
        await client.ends()
        assert client.closed_with == SESSION_ENDED
