"""Canned answers, cancelled at many points: what was answered is kept, and a shortcut is there once."""

from typing import Any

from msgspec import structs
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from chat.features.canned_answers.port import CANNED_ANSWERS, CannedAnswer
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

ANSWERS = "/api/v1/support/answers"


async def over_http(run: Run) -> None:
    """Add answers, list, change and remove them."""

    async def speak(wire: Wire, world: World) -> None:
        olga = await world.storage.users.add(
            NewPerson(name="olga", password_hash=b"x", is_operator=True, is_admin=True)
        )
        assert isinstance(olga, Person)
        token, answers = world.token(olga), world.storage.feature_ports[CANNED_ANSWERS]
        made = []
        for is_shared in (True, False):
            about = {"shortcut": "hi", "text": "Hi!", "shared": is_shared}
            got: Any = await wire.asks("POST", ANSWERS, about, token)
            if isinstance(got, dict) and "id" in got:
                made.append(got["id"])
        assert run.fired or len(made) == 2
        assert {*made} <= {each.id for each in await answers.page(olga.id, 0, 9)}
        await wire.asks("GET", ANSWERS, None, token)
        for each in made:
            got = await wire.asks("PATCH", f"{ANSWERS}/{each}", {"text": "Hello!"}, token)
            kept = await answers.find(each)
            assert kept is not None
            assert kept.text == "Hello!" or not (isinstance(got, dict) and "text" in got)
            await wire.send(
                f"DELETE {ANSWERS}/{each} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            await wire.until(b"HTTP/1.1 204", b"HTTP/1.1 5")
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Add answers of a person and shared ones, change and remove them: no shortcut is there twice."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            answers = storage.feature_ports[CANNED_ANSWERS]
            olga = await storage.users.add(NewPerson(name="olga", password_hash=b"x", is_operator=True))
            assert isinstance(olga, Person)

            async def write_and_read() -> None:
                for owner_id in (olga.id, None):
                    added = await answers.add(owner_id, "hi", "Hi!")
                    assert isinstance(added, CannedAnswer)
                    await answers.add(owner_id, "bye", "Bye!")
                    await answers.change(structs.replace(added, text="Hello!"))
                    assert await answers.find(added.id) is not None
                    await answers.remove(added.id)
                await answers.page(olga.id, 0, 9)

            await run.target(write_and_read)
            kept = [(each.owner_id, each.shortcut) for each in await answers.page(olga.id, 0, 9)]
            assert len({*kept}) == len(kept)

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "canned answers over HTTP"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "canned answers in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
