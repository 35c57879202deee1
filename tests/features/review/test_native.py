"""Words of review and held messages over HTTP, on the sockets of all protocols, and sending what was allowed."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from chat.application import members
from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LOBBY_ID, Person, Room
from chat.domain.failures import OutcomeUnknown
from chat.domain.messages.review import REVIEW
from chat.due.port import DUE, DueItem
from chat.features.review.following import open_following
from chat.features.review.native import review_event
from chat.features.review.port import DUE_KIND, HELD_MESSAGES
from chat.features.review.sending import send_allowed
from chat.features.scheduled.native import scheduled_event, unscheduled_event
from chat.features.scheduled.port import SCHEDULED, SCHEDULED_MESSAGES
from chat.features.scheduled.sending import send_due
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

TEXT = "held for review: moderators look at it before others see it"
LOBBY = f"/rooms/{LOBBY_ID}/messages"


class Reviewed:
    """A site where `bad` holds a message, with Ada and a moderator."""

    def __init__(self, site: Site, ada: tuple[Person, str], mod: tuple[Person, str]) -> None:
        self.site = site
        self.ada, self.adas = ada
        self.mod, self.mods = mod

    async def call(self, method: str, path: str, token: str = "", **fields: Any) -> Answer:
        return await self.site.call(method, path, fields or None, token=token or self.adas)

    async def say(self, text: str, key: str = "k", token: str = "", **fields: Any) -> Answer:
        return await self.call("POST", LOBBY, token, key=key, text=text, **fields)

    async def texts(self) -> list[str]:
        messages = (await self.call("GET", LOBBY))["messages"]
        return [each["text"] for each in messages if each.get("kind") != "join"]

    async def allow(self, held: int = 1) -> None:
        """Allow a message, and send it as the server's task does."""
        assert (await self.call("PUT", f"/held/{held}", self.mods, allow=True)).body == {"held": held}
        await self.run_due()

    async def run_due(self) -> None:
        due = self.site.storage.feature_ports[DUE]
        for item in await due.claim([DUE_KIND], 9, 60.0):
            after = await send_allowed(self.site.services, review_event, item)
            await (due.done(item) if after is None else due.again(item, after))

    async def own(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.call("GET", "/me/held"))["held"]
        return found


@pytest.fixture
async def reviewed(site: Site) -> AsyncGenerator[Reviewed]:
    ada, mod = await site.join("ada"), await site.join("mod", moderator=True)
    async with open_following(site.services, review_event):
        site.storage.feature_ports[REVIEW].replace(["bad"])
        yield Reviewed(site, ada, mod)


async def test_a_held_message_is_seen_by_its_author_and_moderators_until_one_allows_it(
    reviewed: Reviewed,
) -> None:
    refused = await reviewed.say("how bad")
    assert (refused.status, refused["code"], refused["reason"], refused["error"]) == (
        403,
        "forbidden",
        "held_for_review",
        TEXT,
    )
    (own,) = await reviewed.own()
    at = own["at"]
    assert own == {
        "id": 1,
        "room": LOBBY_ID,
        "name": "lobby",
        "author": {"id": reviewed.ada.id, "name": "ada"},
        "key": "k",
        "text": "how bad",
        "at": at,
    }
    page = (await reviewed.call("GET", "/held", reviewed.mods)).body
    del own["key"]
    assert page == {"held": [{**own, "word": "bad"}], "count": 1}
    assert (await reviewed.call("GET", "/held"))["reason"] == "not_server_moderator"
    assert (await reviewed.call("PUT", "/held/1", allow=True))["reason"] == "not_server_moderator"
    assert await reviewed.texts() == []
    await reviewed.allow()
    assert await reviewed.texts() == ["how bad"]
    (said,) = (await reviewed.call("GET", f"{LOBBY}?limit=1"))["messages"]
    assert (said["sender"]["id"], said["key"]) == (reviewed.ada.id, "k")
    assert await reviewed.own() == []
    assert (await reviewed.say("how bad")).status == 200  # it was sent already


async def test_a_removed_message_is_never_sent(reviewed: Reviewed) -> None:
    await reviewed.say("how bad")
    assert (await reviewed.call("PUT", "/held/1", reviewed.mods, allow=False)).status == 200
    await reviewed.run_due()
    assert await reviewed.texts() == []
    assert [each["removed"] for each in await reviewed.own()] == [True]
    assert (await reviewed.say("how bad"))["reason"] == "removed_in_review"
    (handled,) = (await reviewed.call("GET", "/held?state=handled", reviewed.mods))["held"]
    assert (handled["by"]["name"], handled["removed"], handled["handled"] > 0) == ("mod", True, True)
    assert (await reviewed.call("PUT", "/held/1", reviewed.mods, allow=True))["reason"] == "reviewed"
    assert (await reviewed.call("DELETE", "/me/held/1")).status == 200
    assert await reviewed.own() == []
    assert (await reviewed.call("DELETE", "/me/held/1"))["reason"] == "no_held"


async def test_one_that_was_sent_before_a_kill_is_sent_once(reviewed: Reviewed) -> None:
    await reviewed.say("bad")
    reviewed.site.obstacles.fail("sent", OutcomeUnknown("killed here"))
    with pytest.raises(OutcomeUnknown):
        await reviewed.allow()
    assert await reviewed.texts() == ["bad"]
    await send_allowed(reviewed.site.services, review_event, DueItem(1, DUE_KIND, "1", 2))
    assert await reviewed.texts() == ["bad"]
    assert await reviewed.own() == []


async def test_an_edit_is_held_and_made_unless_the_author_wrote_again(reviewed: Reviewed) -> None:
    seq = (await reviewed.say("good"))["seq"]
    for text in ("a bad one", "another"):
        edited = await reviewed.call("PATCH", f"{LOBBY}/{seq}", text=text)
        if text == "another":
            assert edited.status == 200
            continue
        assert edited["reason"] == "held_for_review"
        assert await reviewed.texts() == ["good"]
    await reviewed.allow()
    assert await reviewed.texts() == ["another"]
    (own,) = await reviewed.own()
    assert (own["seq"], own["refused"]["reason"]) == (seq, "outdated_edit")
    assert (await reviewed.call("PATCH", f"{LOBBY}/{seq}", text="bad again"))["reason"] == "held_for_review"
    await reviewed.allow(2)
    assert await reviewed.texts() == ["bad again"]


@pytest.mark.parametrize("how", ["archived", "disabled", "banned"])
async def test_it_is_not_sent_where_its_author_may_not_speak(reviewed: Reviewed, how: str) -> None:
    site = reviewed.site
    room = await site.storage.rooms.create("garden", reviewed.mod.id, is_private=False)
    assert isinstance(room, Room)
    path = f"/rooms/{room.id}"
    await reviewed.call("PUT", f"{path}/members/{reviewed.ada.id}")
    await reviewed.call("POST", f"{path}/messages", key="k", text="bad")
    match how:
        case "archived":
            await reviewed.call("PATCH", path, reviewed.mods, archived=True)
        case "disabled":
            await site.storage.users.administer(reviewed.ada.id, AccountChange(is_disabled=True), None)
        case "banned":
            await reviewed.call("PUT", f"{path}/members/{reviewed.ada.id}", reviewed.mods, role="banned")
    await reviewed.allow()
    (kept,) = await site.storage.feature_ports[HELD_MESSAGES].own(reviewed.ada.id)
    reasons = {"archived": "room_archived", "disabled": "account_disabled", "banned": "not_member"}
    assert kept.refusal is not None
    assert kept.refusal.reason == reasons[how]


async def test_in_slow_mode_it_waits_for_its_turn(reviewed: Reviewed) -> None:
    assert (await reviewed.say("bad")).status == 403
    slow = await reviewed.call("PUT", f"/rooms/{LOBBY_ID}/slow_mode", reviewed.mods, seconds=30)
    assert slow.status == 200
    assert (await reviewed.say("good", "l")).status == 201
    await reviewed.allow()
    assert await reviewed.texts() == ["good"]
    reviewed.site.pass_time(31)
    await reviewed.run_due()
    assert await reviewed.texts() == ["good", "bad"]


async def test_a_scheduled_message_with_a_word_waits_for_review_in_one_place(reviewed: Reviewed) -> None:
    fields: dict[str, Any] = {"key": "s", "text": "bad", "at": int((time.time() + 3600) * 1000)}
    assert (await reviewed.call("POST", f"/rooms/{LOBBY_ID}/scheduled", **fields)).status == 201
    store = reviewed.site.storage.feature_ports[SCHEDULED_MESSAGES]
    await store.change(reviewed.ada.id, 1, None, 1.0)
    await send_due(
        reviewed.site.services,
        scheduled_event,
        unscheduled_event,
        DueItem(1, SCHEDULED, str(reviewed.ada.id), 1),
    )
    assert await store.all_of(reviewed.ada.id) == []
    assert [each["text"] for each in await reviewed.own()] == ["bad"]
    await reviewed.allow()
    assert await reviewed.texts() == ["bad"]


async def test_admins_keep_the_words(reviewed: Reviewed) -> None:
    _, boss = await reviewed.site.join("boss", admin=True)
    path = "/admin/review-words"
    assert (await reviewed.call("GET", path, reviewed.mods)).status == 403
    assert (await reviewed.call("PATCH", path, boss, add=["evil", " free  money "])).body == {
        "words": ["evil", "free money"]
    }
    refused = await reviewed.call("PATCH", path, boss, add=["!!"])
    assert (refused.refused, refused["reason"]) == ((400, "invalid", "add"), "bad_review_word")
    assert (await reviewed.say("bad", "a")).status == 201
    assert (await reviewed.say("Free Money", "b")).status == 403
    assert (await reviewed.call("PATCH", path, boss, remove=["EVIL", "free money"])).body == {"words": []}
    assert (await reviewed.call("GET", path, boss)).body == {"words": []}
    assert (await reviewed.say("evil", "c")).status == 201


async def test_author_and_moderators_are_notified_at_once(reviewed: Reviewed) -> None:
    people = [Replica(reviewed.site.world, each) for each in (reviewed.ada, reviewed.mod)]
    ben, bens = await reviewed.site.join("ben")
    people.append(Replica(reviewed.site.world, ben))
    for each in people:
        await each.connect()
    await reviewed.say("bad")
    event = {"type": "review"}
    assert [event in await each.receives() for each in people] == [True, True, False]
    await reviewed.call("PUT", "/held/1", reviewed.mods, allow=False)
    assert [event in await each.receives() for each in people] == [True, True, False]
    assert bens != reviewed.adas


async def test_each_protocol_with_rooms_says_that_it_is_held(reviewed: Reviewed) -> None:
    site = reviewed.site
    native = await site.world.connect(NATIVE)
    native.send({"type": "hello", "id": 1, "token": site.world.token(reviewed.ada)})
    await native.receives()
    native.send({"type": "send", "id": 2, "room": LOBBY_ID, "key": "n", "text": "bad"})
    assert [(each["reason"], each["text"]) for each in await native.receives() if each.get("id") == 2] == [
        ("held_for_review", TEXT)
    ]
    for dialect, names in ((TALKER, ("name", "message")), (MESSENGER, ("username", "message"))):
        person, _ = await site.join(dialect.name)
        client = await site.world.connect(dialect, person)
        await client.receives()
        client.send(dict(zip(names, (person.name, "bad"), strict=True)))
        assert TEXT in str(await client.receives())
    person, _ = await site.join("rose")
    await members.join(site.services, person, LOBBY_ID)
    rooms = await site.world.connect(ROOMS, person)
    rooms.send({"Type": "enter", "RoomID": LOBBY_ID})
    rooms.send({"Type": "message", "Text": "bad"})
    assert {"Type": "error", "Error": TEXT} in await rooms.receives()
    assert (await reviewed.call("GET", "/held", reviewed.mods))["count"] == 4
