"""What a storage keeps of outgoing hooks; each test runs in memory and on PostgreSQL."""

from msgspec import structs

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.accounts.outgoing_hooks import (
    OUTGOING,
    Claimed,
    Failed,
    NewOutgoingHook,
    OutgoingChange,
    OutgoingHook,
    OutgoingHooks,
    Waiting,
)
from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.log_events import LOG
from chat.domain.messages.changes import Removal, RoleChange
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_ROOM, NOT_ADMIN, NOT_MEMBER, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_LEADING
from chat.features.hooks.outgoing.rules import MOST_OUTGOING, NO_OUTGOING, NOT_IN_LOG, TOO_MANY_OUTGOING
from tests.features.hooks.test_storage import NOW, people, room_of

URL = "https://tools.example/in"


def new(owner_id: int, room_id: int | None, **about: object) -> NewOutgoingHook:
    made = NewOutgoingHook(owner_id=owner_id, room_id=room_id, kinds=(), url=URL, secret="whsec_YQ==")
    return structs.replace(made, **about)


async def hook_of(storage: Storage, owner_id: int, room_id: int | None, **about: object) -> OutgoingHook:
    made = await hooks_of(storage).add(new(owner_id, room_id, **about), owner_id)
    assert isinstance(made, OutgoingHook)
    return made


def hooks_of(storage: Storage) -> OutgoingHooks:
    return storage.feature_ports[OUTGOING]


async def say(storage: Storage, room_id: int, person_id: int, text: str = "x") -> None:
    await storage.messages.save([Draft(room_id, person_id, "x", text, NOW)])


async def waiting(storage: Storage) -> Waiting:
    (found,) = await hooks_of(storage).waiting()
    return found


async def claimed(storage: Storage, lease: float = 30.0) -> tuple[Waiting, Claimed]:
    found = await waiting(storage)
    claim = await hooks_of(storage).claim(found, lease)
    assert claim is not None
    return found, claim


async def test_who_may_make_an_outgoing_hook(storage: Storage) -> None:
    ada, ben, cem, olga = await people(storage)
    public = await room_of(storage, ada, ben)
    private = await room_of(storage, ada, ben, is_private=True)
    hooks = hooks_of(storage)
    for person, room, refusal in (
        (ben, public, NOT_LEADING),
        (cem, public, NOT_MEMBER),
        (olga, public, NOT_MEMBER),  # an admin who is not in the room reads nothing of it
        (olga, private, NO_ROOM),
        (cem, private, NO_ROOM),
        (ada, LOBBY_ID, NOT_ADMIN),
        (ada, None, NOT_ADMIN),
        (ada, 2**40, NO_ROOM),
    ):
        assert await hooks.add(new(person, room), person) == refusal
    for person, room in ((ada, public), (ada, private), (olga, LOBBY_ID), (olga, None)):
        made = await hooks.add(new(person, room), person)
        assert isinstance(made, OutgoingHook)
        assert (made.owner.id, made.room_id, made.off, made.behind) == (person, room, None, 0)
    assert [each.room_id for each in await hooks.of(ada)] == [public, private]
    assert len(await hooks.page(0, 10)) == 4
    assert await hooks.page(made.id, 10) == []


async def test_an_owner_has_a_number_of_hooks_and_changes_only_their_own(storage: Storage) -> None:
    ada, ben, _, olga = await people(storage)
    room, hooks = await room_of(storage, ada, ben), hooks_of(storage)
    made = [await hook_of(storage, ada, room) for _ in range(MOST_OUTGOING)]
    assert await hooks.add(new(ada, room), ada) == TOO_MANY_OUTGOING
    first = made[0].id
    for by in (ben, olga):
        assert await hooks.change(first, OutgoingChange(is_on=False), by) == NO_OUTGOING
    assert await hooks.remove(first, ben) == NO_OUTGOING
    assert await hooks.remove(first, olga) is None  # an admin
    assert await hooks.remove(made[1].id, ada) is None
    assert await hooks.remove(made[1].id, ada) == NO_OUTGOING
    assert await hooks.add(new(ada, room, position=10_000), ada) == NOT_IN_LOG
    changed = await hooks.change(made[2].id, OutgoingChange(kinds=("message",), url=URL + "2"), ada)
    assert isinstance(changed, OutgoingHook)
    assert (changed.kinds, changed.url, changed.position) == (("message",), URL + "2", made[2].position)
    acts = [(each.what, each.detail) for each in await storage.audit.acts(None, 4)]
    assert acts[0] == ("outgoing_hook_changed", "https://tools.example")
    assert [what for what, _ in acts[1:3]] == ["outgoing_hook_removed"] * 2


async def test_who_leads_a_room_sees_the_hooks_of_all_its_owners(storage: Storage) -> None:
    ada, ben, cem, olga = await people(storage)
    room = await room_of(storage, ada, ben, olga)
    hooks = hooks_of(storage)
    own = await hook_of(storage, ada, room)
    others = await hook_of(storage, olga, room)
    await hook_of(storage, ada, await room_of(storage, ada, is_private=True))
    for by in (ada, olga):
        found = await hooks.in_room(room, by)
        assert not isinstance(found, Refusal)
        assert [each.id for each in found] == [own.id, others.id]
    assert await hooks.in_room(room, ben) == NOT_LEADING
    assert await hooks.in_room(room, cem) == NOT_MEMBER
    assert await hooks.in_room(2**40, ada) == NO_ROOM


async def test_a_replay_since_a_time_begins_after_the_last_message_before_it(storage: Storage) -> None:
    ada, *_ = await people(storage)
    room, hooks = await room_of(storage, ada), hooks_of(storage)
    made = await hook_of(storage, ada, room)
    for nth in range(3):
        await storage.messages.save([Draft(room, ada, "x", "x", NOW + nth)])
    first, second, third = [
        each.id for each in await storage.feature_ports[LOG].read_log(made.position, 9, 1000)
    ]
    for since, position in ((NOW + 2, second), (NOW + 1.5, second), (NOW + 1, first), (NOW + 9, third)):
        changed = await hooks.change(made.id, OutgoingChange(since=since), ada)
        assert isinstance(changed, OutgoingHook)
        assert changed.position == position
    changed = await hooks.change(made.id, OutgoingChange(position=first, since=NOW + 2), ada)
    assert isinstance(changed, OutgoingHook)
    assert changed.position == first


async def test_a_hook_waits_while_the_log_goes_on_and_one_server_claims_it(storage: Storage) -> None:
    ada, *_ = await people(storage)
    room, hooks = await room_of(storage, ada), hooks_of(storage)
    made = await hook_of(storage, ada, room, kinds=("message",))
    assert await hooks.waiting() == []
    await say(storage, room, ada)
    (change,) = await storage.feature_ports[LOG].read_log(made.position, 9, 1000)
    found, claim = await claimed(storage)
    assert (found.id, found.position, found.kinds, found.wait) == (made.id, made.position, ("message",), 0.0)
    assert (claim.url, claim.secrets, claim.batch_end) == (URL, ("whsec_YQ==",), None)
    assert await hooks.claim(found, 30.0) is None  # another server saw it too
    held = await waiting(storage)
    assert 0 < held.wait <= 30
    assert await hooks.claim(held, 30.0) is None
    assert not await hooks.advance(made.id, claim.claim - 1, change.id, 0.0, is_sent=True)
    assert await hooks.advance(made.id, claim.claim, change.id, 0.0, is_sent=True)
    assert await hooks.waiting() == []
    (kept,) = await hooks.of(ada)
    assert (kept.position, kept.behind) == (change.id, 0)
    assert kept.sent_at is not None


async def test_a_claim_that_lapsed_is_another_servers(storage: Storage) -> None:
    ada, *_ = await people(storage)
    room, hooks = await room_of(storage, ada), hooks_of(storage)
    made = await hook_of(storage, ada, room)
    await say(storage, room, ada)
    _, dead = await claimed(storage, lease=0.0)
    _, alive = await claimed(storage)
    assert not await hooks.advance(made.id, dead.claim, made.position + 1, 0.0, is_sent=True)
    assert not await hooks.fail(made.id, dead.claim, Failed(1, "no", 0.0))
    assert await hooks.advance(made.id, alive.claim, made.position + 1, 30.0, is_sent=True)
    await say(storage, room, ada)
    assert (await waiting(storage)).wait > 0  # the claim goes on


async def test_what_failed_is_due_later_with_the_same_end(storage: Storage) -> None:
    ada, *_ = await people(storage)
    room, hooks = await room_of(storage, ada), hooks_of(storage)
    made = await hook_of(storage, ada, room)
    await say(storage, room, ada)
    end = made.position + 1
    _, claim = await claimed(storage)
    assert await hooks.fail(made.id, claim.claim, Failed(end, "answered 500", 0.0))
    _, again = await claimed(storage)
    assert (again.batch_end, again.tries) == (end, 1)
    assert await hooks.fail(made.id, again.claim, Failed(end, "answered 501", 100.0))
    assert 90 < (await waiting(storage)).wait <= 100
    (kept,) = await hooks.of(ada)
    assert kept.due_at is not None
    assert (kept.tries, kept.error, kept.off, kept.position) == (2, "answered 501", None, made.position)
    assert (
        await hooks.change(made.id, OutgoingChange(position=0), ada) != NO_OUTGOING
    )  # due at once, from there
    found, third = await claimed(storage)
    assert (found.position, third.batch_end, third.tries, third.replays) == (0, None, 0, 1)
    assert await hooks.fail(made.id, third.claim, Failed(end, "answered 410", 0.0, "gone"))
    assert await hooks.waiting() == []
    (kept,) = await hooks.of(ada)
    assert (kept.off, kept.due_at) == ("gone", None)
    await hooks.change(made.id, OutgoingChange(is_on=True), ada)
    assert (await waiting(storage)).position == 0
    await hooks.change(made.id, OutgoingChange(is_on=False), ada)
    assert (await hooks.of(ada))[0].off == "owner"


async def test_a_change_by_the_owner_voids_what_is_under_way(storage: Storage) -> None:
    ada, *_ = await people(storage)
    room, hooks = await room_of(storage, ada), hooks_of(storage)
    made = await hook_of(storage, ada, room)
    await say(storage, room, ada)
    _, claim = await claimed(storage)
    await hooks.change(made.id, OutgoingChange(secret="whsec_Yg=="), ada)
    assert not await hooks.advance(made.id, claim.claim, made.position + 1, 0.0, is_sent=True)
    _, later = await claimed(storage)
    assert later.secrets == ("whsec_Yg==", "whsec_YQ==")


async def test_which_rooms_an_owner_may_send_now(storage: Storage) -> None:
    ada, ben, _, olga = await people(storage)
    room = await room_of(storage, ada, ben, olga)
    other = await room_of(storage, ada, ben, is_private=True)
    hooks = hooks_of(storage)
    await hook_of(storage, ada, room)
    await hook_of(storage, olga, None)
    await say(storage, room, ada)
    of_room, of_all = await hooks.waiting()
    assert await hooks.rooms_to_send(of_room, {room}) == {room}
    assert await hooks.rooms_to_send(of_all, {room, other, LOBBY_ID}) == {room, LOBBY_ID}
    assert await hooks.rooms_to_send(of_all, {other}) == frozenset()
    await storage.messages.save([Removal(room, olga, ada, NOW)])
    assert await hooks.rooms_to_send(of_all, {room}) == frozenset()
    await storage.messages.save([RoleChange(room, ben, RoomRole.OWNER, ada, NOW)])
    await storage.messages.save([RoleChange(room, ada, RoomRole.MEMBER, ben, NOW)])
    assert await hooks.rooms_to_send(of_room, {room}) is None
    cat = await storage.users.add(NewPerson(name="cat", password_hash=b"x", is_admin=True))
    assert isinstance(cat, Person)
    await storage.users.administer(olga, AccountChange(is_disabled=True), None)
    assert await hooks.rooms_to_send(of_all, {LOBBY_ID}) is None
