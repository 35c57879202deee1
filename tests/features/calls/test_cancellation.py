"""Calls, cancelled at many points: one that was answered is a message."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Sweeper

from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import texts_saved
from tests.support.chat_world import World


async def over_http(run: Run) -> None:
    """Begin a call where there are none, and then where there are, twice with one key."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        path = f"/api/v1/rooms/{garden}/calls"
        await wire.asks("POST", path, {"key": "k"}, token)
        await world.services.settings.change(None, {"call_url": "https://meet.example/{room}"})
        for _ in range(2):
            got: Any = await wire.asks("POST", path, {"key": "k"}, token)
            assert run.fired or got == {"room": garden, "seq": 1}
            if got == {"room": garden, "seq": 1}:
                (text,) = texts_saved(world, garden)
                assert text.startswith("📞 https://meet.example/")
        assert len(texts_saved(world, garden)) <= 1
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "calls over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )
