"""What a storage keeps of bridges; each test runs in memory and on PostgreSQL."""

from chat.domain.accounts.bridges import BRIDGES, Bridge, Kept, Read
from chat.domain.accounts.hooks import HOOKS, Hook, NewHook, digest_of
from chat.domain.accounts.outgoing_hooks import OUTGOING, OutgoingChange, OutgoingHook
from chat.domain.ports import Storage
from chat.features.hooks.outgoing.rules import NO_BRIDGE
from tests.features.hooks.outgoing.test_storage import hook_of, say, waiting
from tests.features.hooks.test_storage import people, room_of

BRIDGE = Bridge("garden", "secret")


async def bridge(storage: Storage) -> tuple[OutgoingHook, Hook, int]:
    ada, *_ = await people(storage)
    room = await room_of(storage, ada)
    new = NewHook(room_id=room, name="Bridge (hook)", token=digest_of("a"), may_mention=False)
    hook = await storage.feature_ports[HOOKS].add(new, ada)
    assert isinstance(hook, Hook)
    return await hook_of(storage, ada, room, bot_id=hook.id, bridge=BRIDGE), hook, ada


async def test_a_bridge_is_read_while_it_is_on_and_sent_with_its_token(storage: Storage) -> None:
    made, hook, ada = await bridge(storage)
    bridges, hooks = storage.feature_ports[BRIDGES], storage.feature_ports[OUTGOING]
    assert made.gateway == "garden"
    (found,) = await bridges.to_read()
    assert (found.id, found.url, found.hook_id, found.wait) == (made.id, made.url, hook.id, 0.0)
    assert (found.gateway, found.token) == ("garden", "secret")
    await say(storage, hook.room_id, ada)
    due = await waiting(storage)
    assert due.is_bridge
    claimed = await hooks.claim(due, 30.0)
    assert claimed is not None
    assert claimed.bridge == BRIDGE
    await hooks.change(made.id, OutgoingChange(is_on=False), ada)
    assert await bridges.to_read() == []
    await hooks.change(made.id, OutgoingChange(is_on=True), ada)
    await hooks.remove(made.id, ada)
    assert await bridges.to_read() == []


async def test_a_bridge_gets_another_gateway_token_and_url(storage: Storage) -> None:
    made, hook, ada = await bridge(storage)
    bridges, hooks = storage.feature_ports[BRIDGES], storage.feature_ports[OUTGOING]
    change = OutgoingChange(url="http://bridge.example/", gateway="shed")
    changed = await hooks.change(made.id, change, ada)
    assert isinstance(changed, OutgoingHook)
    assert (changed.url, changed.gateway) == ("http://bridge.example", "shed")
    await hooks.change(made.id, OutgoingChange(token="new"), ada)
    (found,) = await bridges.to_read()
    assert (found.url, found.gateway, found.token) == ("http://bridge.example", "shed", "new")
    plain = await hook_of(storage, ada, hook.room_id)
    for wrong in (OutgoingChange(gateway="shed"), OutgoingChange(token="")):
        assert await hooks.change(plain.id, wrong, ada) is NO_BRIDGE


async def test_one_reads_until_its_claim_ends(storage: Storage) -> None:
    made, _, _ = await bridge(storage)
    bridges = storage.feature_ports[BRIDGES]
    mine = await bridges.claim(made.id, None, 30.0)
    assert mine is not None
    assert await bridges.claim(made.id, None, 30.0) is None
    assert await bridges.claim(made.id, mine - 1, 30.0) is None
    assert await bridges.claim(made.id, mine, 30.0) == mine
    (found,) = await bridges.to_read()
    assert found.claim == mine
    assert 25 < found.wait <= 30
    assert await bridges.claim(made.id, mine, 0.0) == mine
    theirs = await bridges.claim(made.id, None, 30.0)
    assert theirs == mine + 1
    assert await bridges.claim(made.id, mine, 0.0) is None
    assert await bridges.claim(2**50, None, 30.0) is None


async def test_messages_are_kept_in_order_until_they_are_posted(storage: Storage) -> None:
    made, hook, ada = await bridge(storage)
    bridges = storage.feature_ports[BRIDGES]
    read = [Read(made.id, f"key-{n}", str(n)) for n in (3, 1, 2)]
    await bridges.keep(read[:2])
    await bridges.keep([*read, Read(2**50, "key-9", "for a bridge that was removed")])
    kept = [Kept(each.key, each.text, hook.id, digest_of("a"), hook.room_id) for each in read]
    assert await bridges.kept(made.id, 10) == kept
    assert await bridges.kept(made.id, 1) == kept[:1]
    await bridges.posted(["key-1", "key-9"])
    assert await bridges.kept(made.id, 10) == [kept[0], kept[2]]
    await storage.feature_ports[HOOKS].remove(hook.room_id, hook.id, ada)
    assert await bridges.kept(made.id, 10) == []
    assert await bridges.to_read() == []
