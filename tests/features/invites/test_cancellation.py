"""Making invites where each person may have so many, cancelled at many points: there are never more."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Sweeper

from chat.features.invites.mailed import INVITED
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.chat_world import World


async def over_http(run: Run) -> None:
    """Make two invites where one is allowed."""

    async def speak(wire: Wire, world: World) -> None:
        await world.services.settings.change(None, {"open_invites": 1})
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        got: list[Any] = [
            await wire.asks("POST", "/api/v1/invites", {"room": garden}, token) for _ in range(2)
        ]
        assert run.fired or ["code" in each and "url" in each for each in got] == [True, False], got
        assert await world.storage.feature_ports[INVITED].open_count(ada.id) <= 1
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http,
        "limited invites over HTTP",
        flavours=CANCELLING,
        virtual=False,
        limit=20,
        every=60,
        seeds=1,
    )
