"""Verified visitors, cancelled at many points: an identity is one person, and a secret that was shown is there."""

import time
from typing import Any

import jwt
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.ports import NewPerson
from chat.features.verified_visitors.port import VERIFIED_VISITORS
from chat.features.verified_visitors.tokens import Identity
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

SECRET = "/api/v1/admin/visitor-secret"


async def over_http(run: Run) -> None:
    """Make a secret, come as two visitors and again, and remove the secret."""

    async def speak(wire: Wire, world: World) -> None:
        admin = await world.storage.users.add(NewPerson(name="eve", password_hash=b"x", is_admin=True))
        token = world.token(admin)  # type: ignore[arg-type]
        await world.services.settings.change(None, {"widget_origins": ("https://shop.example",)})
        made: Any = await wire.asks("POST", SECRET, {}, token)
        table = world.storage.feature_ports[VERIFIED_VISITORS]
        if isinstance(made, dict) and "secret" in made:
            assert [each.secret for each in await table.secrets()] == [made["secret"]]
            claims = {"id": "42", "name": "Ada", "exp": time.time() + 200}
            signed = jwt.encode(claims, made["secret"], "HS256")
            people = set()
            for _ in range(2):
                got: Any = await wire.asks("POST", "/api/v1/auth/visitor", {"token": signed})
                if isinstance(got, dict) and "me" in got:
                    people.add(got["me"]["id"])
            assert len(people) <= 1
        await wire.asks("GET", SECRET, None, token)
        await wire.does("DELETE", SECRET, None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Replace a secret, come with a new identity and a known one, and remove the secrets."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            table = storage.feature_ports[VERIFIED_VISITORS]
            ada = Identity("42", "Ada", None)

            async def write_and_read() -> None:
                await table.replace_secret("one", 60, None)
                await table.replace_secret("two", 60, None)
                first = await table.identify(ada, None, "visitor-1", None)
                assert await table.identify(ada, None, "visitor-2", first) == first
                assert await table.identify(Identity("43", "Eve", None), None, "visitor-5", first) != first
                await table.secrets()
                await table.remove_secrets(None)

            await run.target(write_and_read)
            before = await table.identify(ada, None, "visitor-3", None)
            assert await table.identify(ada, None, "visitor-4", None) == before

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "verified visitors over HTTP"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "verified visitors in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
