"""The lobby: names and rights of senders, and the bounds of history queries."""

from collections.abc import AsyncGenerator

import pytest
import trio.testing

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.failures import StorageDown
from chat.engine.dialect import Dialect
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world

TOO_MANY = "too many history queries at once, wait for the answers"


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


def line(text: str, name: str = "ada") -> dict[str, str]:
    return {"name": name, "message": text}


NOT_AUTHORISED = line("not authorised: send auth <token> first", "server")
OTHER_NAME = line("that is not your name", "server")


async def talker(world: World, person: Person) -> Client:
    client = await world.connect(TALKER, person)
    client.received_now()
    return client


def refusals(frames: list[dict[str, str]]) -> list[str]:
    return [frame["message"] for frame in frames if frame["name"] == "server"]


@pytest.mark.parametrize("ending", ["answered", "refused"])
async def test_sixteen_history_queries_may_be_under_way_and_no_more(world: World, ending: str) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client, other = await talker(world, ada), await talker(world, ben)
    client.send(line("hello"))
    await world.rest()
    other.received_now()
    for _ in range(3):  # each of them counts no longer than it lasts
        if ending == "refused":
            world.obstacles.fail("timeline", *[StorageDown("down")] * 16)
        with world.obstacles.held("timeline"):
            for _ in range(16):
                client.send(line("history 5"))
            assert await client.receives() == []
            for _ in range(2):
                assert refusals([await client.asks(line("history 5"))]) == [TOO_MANY]
            other.send(line("history 5", "ben"))  # another's are none of theirs
            assert await other.receives() == []
        received = await client.receives()
        assert len(received) == 16
        assert (ending == "answered") == (received == [line("hello")] * 16)
        await other.receives()
        assert client.session.client.recalls == 0
        world.obstacles._before["before"].clear()
    assert await client.asks(line("history 5")) == line("hello")


async def test_the_histories_that_a_client_asks_for_are_read_one_after_the_other(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    client.send(line("hello"))
    await world.rest()
    with world.obstacles.held("timeline"):
        world.obstacles.calls.clear()
        for _ in range(3):
            client.send(line("history 300"))
        assert await client.receives() == []
        assert world.obstacles.calls == ["by_id", "timeline"]
    assert await client.receives() == [line("hello")] * 3
    assert client.session.client.last_recall is None


async def test_queries_of_a_client_that_leaves_leave_no_state(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    with world.obstacles.held("timeline"):
        for _ in range(16):
            client.send(line("history 5"))
        await world.rest()
        client.leave()
        await client.ends()
    assert client.session.client.recalls == 0
    world.assert_nothing_is_left()


async def test_nobody_speaks_or_asks_before_they_authenticated_nor_under_another_name(world: World) -> None:
    ada, _ben = await world.add_all("ada", "ben")
    client = await world.connect(TALKER)
    client.received_now()
    for text in ("hello", "history 5"):
        assert await client.asks(line(text)) == NOT_AUTHORISED
    assert await client.asks(line(f"auth {world.token(ada)}", "ben")) == OTHER_NAME
    assert await client.asks(line("hello")) == NOT_AUTHORISED
    assert await client.asks(line(f"auth {world.token(ada)}", "ADA")) == line("authorised as ada", "server")
    for text in ("hello", "history 5"):
        assert await client.asks(line(text, "ben")) == OTHER_NAME
    assert (await client.asks(line("a\0b")))["name"] == "server"
    client.send(line("hello", "Ada"))
    assert await client.receives() == []
    assert [message.text for message in world.said(LOBBY_ID)] == ["hello"]
    assert await client.asks(line("history 5", "")) == line("hello")


@pytest.mark.parametrize(
    ("text", "claimed", "why"),
    [
        ("auth nonsense", "", "the token is not valid"),
        ("auth", "ada", "the token is not valid"),
        ("auth {token}", "ben", "that is not your name"),
    ],
)
async def test_a_failed_auth_keeps_the_current_person_and_is_refused(
    world: World, text: str, claimed: str, why: str
) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    answer = line(f"{why}; you are still authorised as ada", "server")
    assert await client.asks(line(text.format(token=world.token(ada)), claimed)) == answer
    client.send(line("hello"))
    assert await client.asks(line("history 5", "")) == line("hello")


async def test_an_auth_during_an_outage_keeps_the_current_person(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    world.obstacles.fail("by_ids", StorageDown("down"))
    assert await client.asks(line(f"auth {world.token(ada)}")) == line(
        "the database does not answer, try again; you are still authorised as ada", "server"
    )
    client.send(line("hello"))
    assert await client.asks(line("history 5", "")) == line("hello")


async def test_an_authentication_is_recorded_with_the_name(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(TALKER)
    client.send(line(f"auth {world.token(ada)}", ""))
    await world.rest()
    assert [event.what for event in client.session.record.events or ()] == ["authenticated as ada"]


# --- a lobby for those who have logged in ---


@pytest.fixture
async def members_world(autojump_clock: trio.testing.MockClock) -> AsyncGenerator[World]:
    async with open_world(lobby="members") as world:
        yield world


@pytest.mark.parametrize(("dialect", "key"), [(TALKER, "name"), (MESSENGER, "username")])
async def test_a_closed_lobby_is_silent_until_log_in(
    members_world: World, dialect: Dialect, key: str
) -> None:
    world = members_world
    ada, ben = await world.add_all("ada", "ben")
    speaker, stranger = await talker(world, ada), await world.connect(dialect)
    stranger.received_now()
    speaker.send(line("for members"))
    assert await stranger.receives() == []
    stranger.send({key: "ben", "message": f"auth {world.token(ben)}"})
    await stranger.receives()
    speaker.send(line("for ben too"))
    assert [frame["message"] for frame in await stranger.receives()] == ["for ben too"]


async def test_a_closed_lobby_is_silent_after_a_first_frame_too(members_world: World) -> None:
    world = members_world
    speaker = await talker(world, await world.add("ada"))
    stranger = await world.connect(TALKER, choices=(TALKER, MESSENGER))
    stranger.send({"username": "nobody", "message": "hello?"})
    await stranger.receives()
    speaker.send(line("for members"))
    assert await stranger.receives() == []


async def test_a_client_with_a_token_receives_the_closed_lobby(members_world: World) -> None:
    world = members_world
    ada, ben = await world.add_all("ada", "ben")
    speaker, listener = await talker(world, ada), await talker(world, ben)
    speaker.send(line("hello"))
    assert await listener.receives() == [line("hello")]


@pytest.mark.parametrize(("dialect", "key"), [(TALKER, "name"), (MESSENGER, "username")])
async def test_connected_strangers_lose_the_lobby_when_an_admin_closes_it(
    world: World, dialect: Dialect, key: str
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    speaker, member, stranger = (
        await talker(world, ada),
        await talker(world, ben),
        await world.connect(dialect),
    )
    stranger.received_now()

    async def reaches(text: str) -> tuple[bool, bool]:
        speaker.send(line(text))
        return await member.receives() != [], await stranger.receives() != []

    assert await reaches("open") == (True, True)
    await world.services.settings.change(None, {"registration": "invite"})
    assert await reaches("for members, as registration takes an invite") == (True, False)
    await world.services.settings.change(None, {"lobby": "open"})
    assert await reaches("open all the same") == (True, True)
    await world.services.settings.change(None, {"lobby": "members", "registration": None})
    assert await reaches("for members") == (True, False)
    stranger.send({key: "ben", "message": f"auth {world.token(ben)}"})
    await stranger.receives()
    assert await reaches("for ben twice") == (True, True)


async def test_a_lobby_is_for_members_from_the_start_where_nobody_may_just_register(world: World) -> None:
    ada, _ = await world.add_all("ada", "ben")
    await world.services.settings.change(None, {"registration": "closed"})
    speaker, stranger = await talker(world, ada), await world.connect(TALKER)
    stranger.received_now()
    speaker.send(line("for members"))
    assert await stranger.receives() == []
