"""Scheduled messages over HTTP and on the socket, and their sending: once, in order, by the rights of that time."""

import time
from typing import Any

import pytest
from trio.testing import MockClock

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LOBBY_ID
from chat.domain.failures import OutcomeUnknown
from chat.domain.refusals import Code, Refusal
from chat.due.port import DUE, DueItem
from chat.features.scheduled.native import scheduled_event, unscheduled_event
from chat.features.scheduled.port import SCHEDULED, SCHEDULED_MESSAGES
from chat.features.scheduled.sending import send_due
from tests.engine.cluster.test_servers import Servers, servers
from tests.features.saved.test_native import ONE, Garden, garden, heard
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer

__all__ = ["garden", "servers"]  # fixtures


def soon(seconds: float = 3600) -> int:
    """A time in the future, in Unix milliseconds."""
    return int((time.time() + seconds) * 1000)


async def schedule(garden: Garden, key: str, text: str = "tea?", **fields: Any) -> Answer:
    """Schedule a message of Ben's in an hour."""
    fields = {"key": key, "text": text, "at": soon(), **fields}
    return await garden.call("POST", f"/rooms/{garden.room}/scheduled", **fields)


async def run_due(garden: Garden, *ids: int) -> None:
    """Let the time of these messages come, in this order, and do what is due, as the server's task does."""
    store = garden.site.storage.feature_ports[SCHEDULED_MESSAGES]
    for n, each in enumerate(ids):
        await store.change(garden.ben.id, each, None, float(n))
    due = garden.site.storage.feature_ports[DUE]
    for item in await due.claim([SCHEDULED], 9, 60.0):
        await send_due(garden.site.services, scheduled_event, unscheduled_event, item)
        await due.done(item)


async def listed(garden: Garden) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await garden.call("GET", "/me/scheduled"))["scheduled"]
    return found


async def texts(garden: Garden) -> list[str]:
    messages = (await garden.call("GET", f"/rooms/{garden.room}/messages", garden.adas))["messages"]
    return [each["text"] for each in messages if each.get("kind") != "join"]


async def test_one_schedules_changes_and_deletes_messages(garden: Garden) -> None:
    at = soon()
    made = await schedule(garden, "k", " tea? ", at=at, reply=ONE)
    message = {"id": 1, "room": garden.room, "key": "k", "text": "tea?", "reply": ONE, "at": at}
    assert (made.status, made.body) == (201, {"message": message})
    assert (await schedule(garden, "k", "tea?", at=at, reply=ONE))["message"] == message  # a repeated request
    assert (await schedule(garden, "k", "coffee?"))["reason"] == "key_used"
    changed = await garden.call("PATCH", "/me/scheduled/1", text="coffee?")
    assert changed["message"] == {**message, "text": "coffee?"}
    moved = await garden.call("PATCH", "/me/scheduled/1", at=at + 5000)
    assert await listed(garden) == [moved["message"]]
    assert (await garden.call("GET", "/me/scheduled", garden.adas))["scheduled"] == []
    assert (await garden.call("PATCH", "/me/scheduled/1", garden.adas, text="mine"))[
        "reason"
    ] == "no_scheduled"
    for _ in range(2):
        assert (await garden.call("DELETE", "/me/scheduled/1")).body == {"scheduled": 1}
    assert await listed(garden) == []
    assert await texts(garden) == ["one", "two"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"at": 0}, "time_past"),
        ({"at": 253_402_300_799_000}, "time_far"),
        ({"text": "  "}, "empty_text"),
    ],
)
async def test_what_is_not_scheduled(garden: Garden, fields: dict[str, Any], reason: str) -> None:
    refused = await schedule(garden, "k", **fields)
    assert (refused.status, refused["reason"]) == (400, reason)
    assert (await schedule(garden, "l")).status == 201
    if "text" not in fields:
        assert (await garden.call("PATCH", "/me/scheduled/1", **fields))["reason"] == reason


async def test_they_are_sent_once_in_their_order_and_as_their_person(garden: Garden) -> None:
    for key in ("a", "b"):
        await schedule(garden, key, key)
    await run_due(garden)
    assert await texts(garden) == ["one", "two"]  # the time has not come
    await run_due(garden, 2, 1)
    assert await texts(garden) == ["one", "two", "b", "a"]
    assert await listed(garden) == []
    (last,) = (await garden.call("GET", f"/rooms/{garden.room}/messages?limit=1"))["messages"]
    assert (last["sender"]["id"], last["key"]) == (garden.ben.id, "a")
    assert (await schedule(garden, "c", "c")).status == 201
    assert (await garden.call("POST", "/me/scheduled/3/send")).status == 200
    await run_due(garden)
    assert (await texts(garden))[-1] == "c"
    assert (await garden.call("POST", "/me/scheduled/3/send"))["reason"] == "no_scheduled"


async def test_one_that_was_sent_before_a_kill_is_sent_once(garden: Garden) -> None:
    await schedule(garden, "a", "a")
    garden.site.obstacles.fail("sent", OutcomeUnknown("killed here"))
    with pytest.raises(OutcomeUnknown):
        await run_due(garden, 1)
    assert (await garden.call("PATCH", "/me/scheduled/1", text="b"))["reason"] == "being_sent"
    assert (await garden.call("DELETE", "/me/scheduled/1"))["reason"] == "being_sent"
    item = DueItem(1, SCHEDULED, str(garden.ben.id), 2)
    await send_due(garden.site.services, scheduled_event, unscheduled_event, item)
    assert await texts(garden) == ["one", "two", "a"]
    assert await listed(garden) == []


async def test_who_was_removed_sends_nothing_and_sees_why(garden: Garden) -> None:
    await schedule(garden, "a", "a")
    path = f"/rooms/{garden.room}/members/{garden.ben.id}"
    assert (await garden.call("DELETE", path, garden.adas)).status == 204
    assert (await schedule(garden, "b")).status == 404
    await run_due(garden, 1)
    (kept,) = await listed(garden)
    assert (kept["text"], kept["refused"]["reason"]) == ("a", "no_room")
    await run_due(garden)
    assert await texts(garden) == ["one", "two"]
    assert (await garden.call("PUT", path, garden.adas, role="member")).status == 200
    assert (await garden.call("POST", "/me/scheduled/1/send")).status == 200
    await run_due(garden)
    assert await texts(garden) == ["one", "two", "a"]


@pytest.mark.parametrize("how", ["archived", "disabled", "deleted"])
async def test_nothing_is_sent_where_one_may_not_speak(garden: Garden, how: str) -> None:
    await schedule(garden, "a", "a")

    if how == "archived":
        await garden.call("PATCH", f"/rooms/{garden.room}", garden.adas, archived=True)
    elif how == "disabled":
        await garden.site.storage.users.administer(garden.ben.id, AccountChange(is_disabled=True), None)
    else:
        assert await garden.site.storage.users.delete(garden.ben.id)
    await run_due(garden, 1)
    assert await texts(garden) == ["one", "two"]
    kept = await garden.site.storage.feature_ports[SCHEDULED_MESSAGES].all_of(garden.ben.id)
    reasons = {"archived": ["room_archived"], "disabled": ["account_disabled"], "deleted": []}
    assert [each.refusal and each.refusal.reason for each in kept] == reasons[how]


async def test_over_the_rate_it_waits_and_is_sent_then(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    await schedule(garden, "a", "a")
    over = Refusal(Code.TOO_MANY, "too fast", retry_after=30.0)
    with monkeypatch.context() as patch:
        patch.setattr(type(garden.site.services.budgets), "message", lambda *_: over)
        await run_due(garden, 1)
    assert await texts(garden) == ["one", "two"]
    assert await garden.site.storage.feature_ports[DUE].next_in([SCHEDULED]) == 30.0
    assert "refused" not in (await listed(garden))[0]
    garden.site.pass_time(31.0)
    await run_due(garden)
    assert await texts(garden) == ["one", "two", "a"]


async def test_in_slow_mode_it_waits_for_its_turn_and_the_others_do_not(garden: Garden) -> None:
    await garden.call("PUT", f"/rooms/{garden.room}/slow_mode", garden.adas, seconds=30)
    for key in ("a", "b"):
        await schedule(garden, key, key)
    other = {"key": "c", "text": "c", "at": soon()}
    assert (await garden.call("POST", f"/rooms/{LOBBY_ID}/scheduled", **other)).status == 201
    await run_due(garden, 1, 2, 3)
    assert await texts(garden) == ["one", "two", "a"]
    assert [(each["text"], "refused" in each) for each in await listed(garden)] == [("b", False)]
    assert await garden.site.storage.feature_ports[DUE].next_in([SCHEDULED]) == 30.0
    garden.site.pass_time(31.0)
    await run_due(garden)
    assert await texts(garden) == ["one", "two", "a", "b"]


async def test_it_reaches_all_sessions_of_the_person_on_all_servers(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    here, bens, there = Replica(servers.one, ada), Replica(servers.one, ben), Replica(servers.other, ada)
    for each in (here, bens, there):
        await each.connect()
    at = soon()
    fields: dict[str, Any] = {"room": LOBBY_ID, "key": "k", "text": "tea?", "at": at}
    made = (await here.asks("schedule", **fields))["message"]
    assert made == {"id": 1, **fields}
    assert await heard(bens, there, of="scheduled") == [[], [{"type": "scheduled", "message": made}]]
    changed = (await there.asks("change_scheduled", scheduled=1, text="coffee?"))["message"]
    assert await heard(here, of="scheduled") == [[{"type": "scheduled", "message": changed}]]
    assert (await here.asks("send_scheduled", scheduled=1))["message"]["text"] == "coffee?"
    await servers.storage.feature_ports[SCHEDULED_MESSAGES].change(ada.id, 1, None, -1.0)
    item = DueItem(1, SCHEDULED, str(ada.id), 1)
    await send_due(servers.other.services, scheduled_event, unscheduled_event, item)
    event = {"type": "unscheduled", "scheduled": 1, "seq": 1}
    assert await heard(here, there, bens, of="unscheduled") == [[event], [event], []]
    await here.asks("schedule", **{**fields, "key": "l"})
    await here.asks("unschedule", scheduled=2)
    assert await heard(there, of="unscheduled") == [[{"type": "unscheduled", "scheduled": 2}]]
