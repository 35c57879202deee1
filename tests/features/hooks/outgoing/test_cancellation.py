"""Outgoing hooks, cancelled at many points: each change reaches the receiver in order, and no claim stays for ever."""

from functools import partial
from typing import Any

import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.bots import BOTS, BotAccount
from chat.domain.accounts.hooks import HOOKS, Hook, NewHook, digest_of
from chat.domain.accounts.outgoing_hooks import (
    OUTGOING,
    Bridge,
    Failed,
    NewOutgoingHook,
    OutgoingChange,
    OutgoingHook,
    new_secret,
)
from chat.domain.accounts.sessions import Device
from chat.domain.entities import Draft, Person, Room
from chat.domain.ports import NewPerson
from chat.domain.refusals import Refusal
from chat.features.bots.use_cases import add_to_room
from chat.features.hooks.outgoing import native, open_outgoing
from chat.operations.operation import Caller
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.swept_world import swept_world
from tests.features.hooks.outgoing.receiver import TAKEN, Receiver, open_receiver
from tests.support.campaign import in_campaign
from tests.support.databases import empty

NOW = 1_700_000_005.0
FAILED = b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"


async def sending(run: Run) -> None:
    """Make a hook, send with it, fail, send again, and remove it; then another one sends all from the beginning."""
    async with open_receiver() as receiver, swept_world(run) as (world, _witness):
        await world.services.settings.change(None, {"outbound_hosts": ("127.0.0.1",)})
        ada = await world.add("ada")
        room = (await world.make_room(ada)).id
        caller, services = Caller(ada, Device("127.0.0.1")), world.services

        async def say(text: str) -> None:
            draft = Draft(room, ada.id, "ada", text, NOW)
            await services.writes.write(draft)

        async def all_of_it(receiver: Receiver, first: str, last: str) -> None:
            asked = native.CreateSentHook(url=receiver.url, room=room, position=0)
            made: Any = await native.new_outgoing_hook(services, caller, asked)
            assert not isinstance(made, Refusal)
            which, own = native.WhichSentHook(hook=made.hook.id), len(receiver.calls)
            receiver.answer = lambda _call: TAKEN if len(receiver.calls) > own + 1 else FAILED
            async with open_outgoing(services, 0.01):
                await say(first)
                while len(receiver.calls) == own:
                    await receiver.next()
                # At once, and not when the next try is due.
                change = native.ChangeSentHook(hook=made.hook.id, on=True)
                await native.change_outgoing_hook(services, caller, change)
                await receiver.until(first)
                await say(last)
                if last not in receiver.calls[-1].texts:
                    await receiver.until(last)
                await native.outgoing_hooks(services, caller, None)
                await native.room_outgoing_hooks(services, caller, native.HooksSentFrom(room=room))
                await native.all_outgoing_hooks(services, caller, native.WhichSentHooks())
                await native.renew_outgoing_hook(services, caller, which)
            await native.remove_outgoing_hook(services, caller, which)

        await run.target(all_of_it, receiver, "one", "two")
        for each in await services.feature_ports[OUTGOING].of(ada.id):
            assert run.fired
            await services.feature_ports[OUTGOING].remove(each.id, ada.id)
        async with open_receiver() as other:
            await all_of_it(other, "three", "four")
            texts = [text for call in other.calls[1:] for text in call.texts]
            assert [each for each in texts if each in ("three", "four")] == ["three", "four"]
            assert await services.feature_ports[OUTGOING].of(ada.id) == []


async def answering(run: Run, *, is_account: bool = False) -> None:
    """Call a bot, whose answer is one message or none; then it is called again, and answers."""
    async with open_receiver() as receiver, swept_world(run) as (world, _witness):
        await world.services.settings.change(None, {"outbound_hosts": ("127.0.0.1",)})
        ada = await world.add("ada")
        room, services = (await world.make_room(ada)).id, world.services
        if is_account:
            bot = await services.feature_ports[BOTS].add(ada.id, "Echo (hook)", ["speak"])
            assert isinstance(bot, BotAccount)
            await add_to_room(services, ada, room, bot.id)
            called: dict[str, Any] = {"bot": bot.id}
        else:
            new = NewHook(room_id=room, name="Echo (hook)", token=digest_of("a"), may_mention=False)
            hook = await services.feature_ports[HOOKS].add(new, ada.id)
            assert isinstance(hook, Hook)
            called = {"bot": hook.id, "room": room}
        receiver.answer = lambda _call: b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"

        def answers() -> int:
            return sum(each.text == "yes" for each in world.said(room))

        async def call(text: str) -> None:
            asked = native.CreateSentHook(url=receiver.url, **called)
            made = await native.new_outgoing_hook(services, Caller(ada, Device("127.0.0.1")), asked)
            assert not isinstance(made, Refusal)
            known = answers()
            async with open_outgoing(services, 0.01):
                await services.writes.write(Draft(room, ada.id, "ada", f"@echo {text}", NOW))
                while answers() == known:  # noqa: ASYNC110 - only the storage knows
                    await trio.sleep(0.01)
            assert answers() == known + 1

        await run.target(call, "one")
        assert answers() <= 1
        for each in await services.feature_ports[OUTGOING].of(ada.id):
            await services.feature_ports[OUTGOING].remove(each.id, ada.id)
        await call("two")


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Make, claim, move, fail, change and remove a hook."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            await storage.messages.save([Draft(room.id, ada.id, "ada", "one", NOW)])
            hooks = storage.feature_ports[OUTGOING]

            async def write_and_read() -> None:
                for room_id in (room.id, None):
                    new = NewOutgoingHook(
                        owner_id=ada.id,
                        room_id=room_id,
                        kinds=(),
                        url="https://x.example/",
                        secret=new_secret(),
                        position=0,
                    )
                    made = await hooks.add(new, ada.id)
                    assert isinstance(made, OutgoingHook)
                    (waiting,) = await hooks.waiting()
                    claimed = await hooks.claim(waiting, 30.0)
                    assert claimed is not None
                    assert await hooks.rooms_to_send(waiting, {room.id}) == {room.id}
                    assert await hooks.rooms_to_send(waiting, {room.id + 1}) == (None if room_id else set())
                    assert await hooks.advance(made.id, claimed.claim, 1, 30.0, is_sent=True)
                    assert await hooks.fail(made.id, claimed.claim, Failed(2, "no", 0.0))
                    await hooks.change(made.id, OutgoingChange(position=0), ada.id)
                    assert await hooks.of(ada.id) == await hooks.page(0, 10)
                    await hooks.remove(made.id, ada.id)

            await run.target(write_and_read)
            for left in await hooks.of(ada.id):
                await hooks.remove(left.id, None)
            await write_and_read()

    return scenario


def bots_in_postgres(address: DatabaseAddress) -> Scenario:
    """Make a bridge, and a bot that is an account; change them, read where they are, and remove them as an admin."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada, ben = [
                await storage.users.add(NewPerson(name=name, password_hash=b"x", is_admin=True))
                for name in ("ada", "ben")
            ]
            assert isinstance(ada, Person)
            assert isinstance(ben, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            await storage.messages.save([Draft(room.id, ada.id, "ada", "one", NOW)])
            new = NewHook(room_id=room.id, name="Echo (hook)", token=digest_of("a"), may_mention=False)
            hook = await storage.feature_ports[HOOKS].add(new, ada.id)
            assert isinstance(hook, Hook)
            bot = await storage.feature_ports[BOTS].add(ada.id, "Echo (bot)", ["speak"])
            assert isinstance(bot, BotAccount)
            hooks = storage.feature_ports[OUTGOING]

            async def call(bot_id: int, room_id: int | None, bridge: Bridge | None) -> None:
                wanted = NewOutgoingHook(
                    owner_id=ada.id,
                    room_id=room_id,
                    kinds=(),
                    url="https://x.example/",
                    secret=new_secret(),
                    bot_id=bot_id,
                    bridge=bridge,
                )
                made = await hooks.add(wanted, ada.id)
                assert isinstance(made, OutgoingHook)
                gateway = None if bridge is None else "other"
                changed = await hooks.change(made.id, OutgoingChange(since=NOW, gateway=gateway), ada.id)
                assert isinstance(changed, OutgoingHook)
                (waiting,) = [each for each in await hooks.waiting() if each.id == made.id]
                rooms = await hooks.rooms_to_send(waiting, {room.id})
                assert rooms == (set() if room_id is None else {room.id})
                listed = await hooks.in_room(room.id, ada.id)
                assert not isinstance(listed, Refusal)
                assert (made.id in {each.id for each in listed}) == (room_id is not None)
                assert await hooks.remove(made.id, ben.id) is None

            async def call_each() -> None:
                await call(hook.id, room.id, Bridge("garden", "token"))
                await call(bot.id, None, None)

            await run.target(call_each)
            for left in await hooks.of(ada.id):
                assert run.fired
                await hooks.remove(left.id, None)
            await call_each()

    return scenario


def test_sending(cancel_sweep: Sweeper) -> None:
    name = "outgoing hooks"
    cancel_sweep.scenario(sending, name, flavours=CANCELLING, virtual=False, limit=10, every=60, seeds=1)


def test_answering(cancel_sweep: Sweeper) -> None:
    name = "bots"
    cancel_sweep.scenario(answering, name, flavours=CANCELLING, virtual=False, limit=10, every=60, seeds=1)


def test_answering_as_an_account(cancel_sweep: Sweeper) -> None:
    name = "bots that are accounts"
    scenario = partial(answering, is_account=True)
    cancel_sweep.scenario(scenario, name, flavours=CANCELLING, virtual=False, limit=8, every=60, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "outgoing hooks in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)


@in_campaign
def test_bots_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "outgoing hooks of bots in PostgreSQL"
    cancel_sweep.scenario(bots_in_postgres(one_database), name, virtual=False, limit=20, every=50, seeds=1)
