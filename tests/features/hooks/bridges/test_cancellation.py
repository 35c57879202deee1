"""Bridges, cancelled at many points: what was read and kept is posted once, and no claim stays for ever."""

import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.bridges import BRIDGES, Bridge, Read
from chat.domain.accounts.hooks import HOOKS, Hook, NewHook, digest_of
from chat.domain.accounts.outgoing_hooks import OUTGOING, OutgoingHook
from chat.domain.entities import Draft, Person, Room
from chat.domain.ports import NewPerson
from chat.features.hooks.outgoing import open_outgoing
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.swept_world import swept_world
from tests.features.hooks.bridges.matterbridge import GATEWAY, TOKEN, open_double
from tests.features.hooks.outgoing.test_storage import new
from tests.support.campaign import in_campaign
from tests.support.databases import empty

NOW = 1_700_000_005.0


async def bridging(run: Run) -> None:
    """Send over a bridge and read from it; then another server does, which finds the claim free or waits for it."""
    async with open_double() as double, swept_world(run) as (world, _witness):
        await world.services.settings.change(None, {"outbound_hosts": ("127.0.0.1",)})
        ada = await world.add("ada")
        room, services = (await world.make_room(ada)).id, world.services
        about = NewHook(room_id=room, name="Bridge (hook)", token=digest_of("a"), may_mention=False)
        hook = await services.feature_ports[HOOKS].add(about, ada.id)
        assert isinstance(hook, Hook)
        hooks = services.feature_ports[OUTGOING]

        def posted() -> list[str]:
            return [each.text for each in world.said(room) if each.sender_id == hook.id]

        async def both_ways(text: str) -> None:
            bridge = Bridge(GATEWAY, TOKEN)
            made = await hooks.add(new(ada.id, room, url=double.url, bot_id=hook.id, bridge=bridge), ada.id)
            assert isinstance(made, OutgoingHook)
            kept = Read(made.id, f"kept-{text}-{made.id}", f"kept {text}")
            await services.feature_ports[BRIDGES].keep([kept])
            await double.say(f"ahoy {text}")
            async with open_outgoing(services, 0.001):
                await services.writes.write(Draft(room, ada.id, "ada", text, NOW))
                wanted = {f"kept {text}", f"‹ben› ahoy {text}"}
                while not wanted <= set(posted()):  # noqa: ASYNC110 - only the storage knows
                    await trio.sleep(0.01)
                while text not in str(double.posted):  # noqa: ASYNC110 - only the double knows
                    await trio.sleep(0.01)
            await hooks.remove(made.id, ada.id)

        await run.target(both_ways, "one")
        assert len(posted()) == len(set(posted()))
        for each in await hooks.of(ada.id):
            assert run.fired
            await hooks.remove(each.id, ada.id)
        await both_ways("two")
        assert len(posted()) == len(set(posted()))


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Claim a bridge, and keep, read and forget messages."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            about = NewHook(room_id=room.id, name="B (hook)", token=digest_of("a"), may_mention=False)
            hook = await storage.feature_ports[HOOKS].add(about, ada.id)
            assert isinstance(hook, Hook)
            bridge = new(ada.id, room.id, bot_id=hook.id, bridge=Bridge("g", ""))
            made = await storage.feature_ports[OUTGOING].add(bridge, ada.id)
            assert isinstance(made, OutgoingHook)
            bridges = storage.feature_ports[BRIDGES]

            async def write_and_read() -> None:
                (found,) = await bridges.to_read()
                claim = await bridges.claim(made.id, found.claim, 30.0)
                assert claim is not None
                await bridges.keep([Read(made.id, "a", "one"), Read(made.id, "b", "two")])
                assert [each.text for each in await bridges.kept(made.id, 5)] == ["one", "two"]
                await bridges.posted(["a", "b"])
                await bridges.claim(made.id, claim, 0.0)

            await run.target(write_and_read)
            await bridges.posted(["a", "b"])
            await write_and_read()

    return scenario


def test_bridging(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        bridging, "bridges", flavours=CANCELLING, virtual=False, limit=10, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "bridges in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
