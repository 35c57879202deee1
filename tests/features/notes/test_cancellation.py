"""Private notes, cancelled at many points: what was answered about writing one is so."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Draft, Peer, Person, Room, SupportOf, Visit
from chat.domain.ports import NewPerson, Storage
from chat.features.notes.port import NOTES, Note
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

EVER = 2**63 - 1


async def over_http(run: Run) -> None:
    """Write notes, list them, and remove one; refusals too."""

    async def speak(wire: Wire, world: World) -> None:
        olga, room = await a_conversation(world.storage)
        token, notes = world.token(olga), world.storage.feature_ports[NOTES]
        path = f"/api/v1/support/{room}/notes"
        for text in ("one", " "):
            got: Any = await wire.asks("POST", path, {"text": text}, token)
            if isinstance(got, dict) and "seq" in got:
                assert got["id"] in {each.id for each in await notes.page(room, EVER, 9)}
        assert run.fired or await notes.page(room, EVER, 9)
        await wire.asks("GET", path, None, token)
        for note in [*await notes.page(room, EVER, 9), None]:
            number = note.id if note else 99
            await wire.send(
                f"DELETE {path}/{number} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            await wire.until(b"HTTP/1.1 204", b"HTTP/1.1 404", b"HTTP/1.1 5")
        await wire.asks("POST", f"/api/v1/support/{room + 1}/notes", {"text": "x"}, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def a_conversation(storage: Storage) -> tuple[Person, int]:
    """An operator, and a visitor's conversation with a message."""
    olga = await storage.users.add(NewPerson(name="olga", password_hash=b"x", is_operator=True))
    mona = await storage.users.add(NewPerson(name="mona", password_hash=b"", visit=Visit()))
    assert isinstance(olga, Person)
    assert isinstance(mona, Person)
    room = await storage.rooms.support_room(mona.id)
    assert isinstance(room, Room)
    whose = Peer(mona.id, mona.name)
    await storage.messages.save([Draft(room.id, mona.id, "mona", "help", 1.0, people=SupportOf(whose))])
    return olga, room.id


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Add, list and remove: a note is there whole, or not at all."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            olga, room = await a_conversation(storage)
            notes = storage.feature_ports[NOTES]

            async def write_and_read() -> None:
                for text in ("one", "two"):
                    added = await notes.add(room, olga.id, text)
                    assert isinstance(added, Note)
                    assert await notes.author(room, added.id) == olga.id
                await notes.remove(added.id)
                await notes.page(room, EVER, 9)

            await run.target(write_and_read)
            assert [each.text for each in await notes.page(room, EVER, 9)][-1:] in ([], ["one"])

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "notes over HTTP", flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "notes in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
