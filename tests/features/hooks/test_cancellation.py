"""Hooks, cancelled at many points: what was answered with `ok` is one message, and a removed hook says nothing."""

from typing import Any

import pytest
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.hooks import HOOKS, Hook, HookAccess, HookChange, NewHook, digest_of, new_token
from chat.domain.entities import Draft, Message, Person, Room
from chat.domain.limits.budgets import Budgets
from chat.domain.messages.outcomes import Repeated
from chat.domain.ports import NewPerson
from chat.features.hooks.changes import NO_HOOK, HookPost
from chat.storage.postgres.database import DatabaseAddress
from chat.web_api import plain
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

NOW = 1_700_000_005.0
PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Make a hook, post with it, with an error and again, give it another token, and remove it."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        of_room = f"/api/v1/rooms/{garden}/hooks"
        made: Any = await wire.asks("POST", of_room, {"name": "Alarms"}, token)
        if isinstance(made, dict) and "path" in made:
            path, which = made["path"], f"{of_room}/{made['hook']['id']}"
            answers = [await posts(wire, path, text) for text in ("one", "", "one")]
            assert run.fired or answers == ["ok", "no_text", "ok"]
            await wire.asks("PATCH", which, {"name": "Others"}, token)
            renewed: Any = await wire.asks("POST", f"{which}/token", {}, token)
            if isinstance(renewed, dict) and "path" in renewed:
                assert await posts(wire, path, "old") in ("no_service", None)
            await wire.asks("GET", of_room, None, token)
            await wire.does("DELETE", which, None, token)
            said = await said_in(world, garden)
            assert said in ([], ["one"]) if run.fired else said == ["one"]
            assert said or "ok" not in answers
        eve = await world.storage.users.add(NewPerson(name="eve", password_hash=b"x", is_admin=True))
        await wire.asks("GET", "/api/v1/admin/hooks", None, world.token(eve))  # type: ignore[arg-type]
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def over_budget(run: Run) -> None:
    """Post more than a hook may: the second call is answered after a while."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, new_token()
        new = NewHook(room_id=garden, name="Alarms (hook)", token=digest_of(token), may_mention=False)
        hook = await world.storage.feature_ports[HOOKS].add(new, None)
        assert isinstance(hook, Hook)
        for _ in range(99):
            world.services.budgets.hook(hook.id)
        answers = [await posts(wire, f"/hooks/{token}", text) for text in ("one", "two")]
        assert run.fired or answers == ["ok", "rate_limited"]
        assert await said_in(world, garden) in ([], ["one"])
        await wire.stream.aclose()

    with pytest.MonkeyPatch.context() as shorter:
        shorter.setattr(plain, "HOLD_BACK", 0.02)
        await one_connection(run, speak, config(), budgets=Budgets(messages=1000, clock=lambda: 1000.0))


async def said_in(world: World, room_id: int) -> list[str]:
    timeline = await world.storage.messages.timeline(room_id, 10, PLENTY)
    return [each.text for each in timeline if each.kind == "message"]


async def posts(wire: Wire, path: str, text: str) -> str | None:
    """Post a text, and return the word of the answer; None: none came."""
    body = text.encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nContent-Type: text/plain\r\n"
    begin = len(wire.got)
    await wire.send(head.encode() + b"\r\n" + body)
    words = ("ok", "no_text", "no_service", "service_unavailable", "rate_limited")
    await wire.until(*(b"\r\n\r\n" + word.encode() for word in words))
    got = wire.got[begin:].partition(b"\r\n\r\n")[2].decode()
    return next((word for word in words if got.startswith(word)), None)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Make, change and remove a hook, and save its messages between others'."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            hooks, token = storage.feature_ports[HOOKS], digest_of("a")
            new = NewHook(room_id=room.id, name="Alarms (hook)", token=token, may_mention=True)
            other = Draft(room.id, ada.id, "ada", "other", NOW)

            def post(hook_id: int, text: str) -> HookPost:
                return HookPost(
                    room_id=room.id,
                    actor_id=hook_id,
                    created_at=NOW,
                    token=token,
                    text=text,
                    key="k",
                    is_body=True,
                )

            async def write_and_read() -> None:
                made = await hooks.add(new, ada.id)
                assert isinstance(made, Hook)
                assert await hooks.by_token(token) == HookAccess(made.id, room.id, True)
                saved = await storage.messages.save([post(made.id, "@ada help"), other])
                assert [type(each) for each in saved] == [Message, Message]
                (again,) = await storage.messages.save([post(made.id, "@ada help")])
                assert isinstance(again, Repeated)
                await hooks.note_use(made.id)
                await hooks.note_error(made.id, "no_text")
                await hooks.change(room.id, made.id, HookChange(name="Others (hook)"), ada.id)
                assert await hooks.in_room(room.id, ada.id) == await hooks.page(0, 10)
                await hooks.remove(room.id, made.id, ada.id)
                (refused,) = await storage.messages.save([post(made.id, "after")])
                assert refused is NO_HOOK

            await run.target(write_and_read)
            texts = [each.text for each in await storage.messages.timeline(room.id, 10, PLENTY)]
            assert texts in ([], ["@ada help", "other"])

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "hooks over HTTP"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1)


def test_over_budget(cancel_sweep: Sweeper) -> None:
    name = "a hook over its budget"
    cancel_sweep.scenario(over_budget, name, flavours=CANCELLING, virtual=False, limit=10, every=60, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "hooks in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
