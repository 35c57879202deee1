"""Bans of networks, cancelled at many points: a ban is kept and in the audit, or neither."""

import time
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.limits.address_bans import ADDRESS_BANS, AddressBan
from chat.domain.ports import NewPerson
from chat.features.address_bans.following import apply, open_following
from chat.features.registry import FEATURES
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """Ban a network, list the bans, and lift it, while a server follows them."""

    async def speak(wire: Wire, world: World) -> None:
        admin = await world.storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
        token = world.token(admin)  # type: ignore[arg-type]
        async with open_following(world.services):
            await world.services.settings.refresh()
            got: Any = await wire.asks("POST", "/api/v1/admin/bans", {"network": "203.0.113.0/24"}, token)
            if isinstance(got, dict) and got.get("bans"):
                await apply(world.services)
                assert world.services.budgets.bans.refusal("203.0.113.5")
                ban = got["bans"][0]["id"]
                left = await wire.asks("DELETE", f"/api/v1/admin/bans/{ban}", None, token)
                assert run.fired or left["bans"] == []
            await wire.asks("GET", "/api/v1/admin/bans", None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Ban a network and lift the ban: the audit has what happened."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            table = storage.feature_ports[ADDRESS_BANS]

            async def write() -> None:
                for network in ("203.0.113.0/24", "2001:db8::/32"):
                    made = await table.add(AddressBan(id=0, network=network, until=time.time() + 60), None)
                    assert isinstance(made, AddressBan)
                await table.lift(made.id, None)

            await run.target(write)
            acts = [act.what for act in await storage.audit.acts(None, 9)]
            left = acts.count("address_banned") - acts.count("address_unbanned")
            assert len(await table.list()) == left

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "bans over HTTP", flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "bans in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
