"""Reminders over HTTP and on the socket, and due ones: an event, and a push, once."""

import json
import time
from functools import partial
from typing import Any

import pytest
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID
from chat.domain.failures import OutcomeUnknown
from chat.domain.own_pushes import OWN_PUSHES
from chat.due.port import DUE, DueItem
from chat.features.push.own import OwnPushSender
from chat.features.push.use_cases import outgoing
from chat.features.saved.reminder_native import due_event
from chat.features.saved.reminders import REMINDER, REMINDERS, announce
from tests.engine.cluster.test_servers import Servers, servers
from tests.features.push.browser import Browser
from tests.features.push.conftest import authority, service
from tests.features.push.push_service import PushService
from tests.features.saved.test_native import ONE, TWO, Garden, garden, heard
from tests.protocols.native.replica import Replica

__all__ = ["authority", "garden", "servers", "service"]  # fixtures

HOUR = 3600


def soon(seconds: float = HOUR) -> int:
    """A time in the future, in Unix milliseconds."""
    return int((time.time() + seconds) * 1000)


async def remind(garden: Garden, seq: int, at: int | None) -> Any:
    fields = {} if at is None else {"at": at}
    path = f"/me/saved/{garden.room}/{seq}/reminder"
    return await garden.call("DELETE" if at is None else "PUT", path, **fields)


async def run_due(garden: Garden, *seqs: int) -> None:
    """Let the time of these reminders come, and do what is due, as the server's task does."""
    for n, seq in enumerate(seqs):
        await garden.site.storage.feature_ports[REMINDERS].remind(garden.ben.id, garden.room, seq, float(n))
    due = garden.site.storage.feature_ports[DUE]
    for item in await due.claim([REMINDER], 9, 60.0):
        await announce(garden.site.services, due_event, item)
        await due.done(item)


async def subscribe(garden: Garden, service: PushService) -> Browser:
    """Subscribe Ben's log-in to pushes, and have the site send them."""
    await garden.site.services.settings.change(None, {"outbound_hosts": ("127.0.0.1/32",)})
    own = garden.site.services.feature_ports[OWN_PUSHES]
    assert isinstance(own, OwnPushSender)
    own.outgoing = partial(outgoing, garden.site.services)
    browser = Browser()
    fields = browser.subscription(service.endpoint("ben"))
    assert (await garden.call("PUT", "/push/subscription", **fields)).status == 200
    return browser


async def test_one_sets_changes_and_removes_a_reminder(garden: Garden) -> None:
    at = soon()
    assert (await remind(garden, ONE, at)).body == {"at": at}
    assert (await garden.call("GET", "/me/saved"))["saved"][0]["remind_at"] == at
    places = {"rooms": [{"room": garden.room, "seqs": [ONE]}]}
    listed = {"room": garden.room, "seq": ONE, "at": at}
    assert (await garden.call("GET", "/me/saved/places")).body == {**places, "reminders": [listed]}
    assert (await remind(garden, ONE, at + 1000)).body == {"at": at + 1000}
    assert (await remind(garden, ONE, None)).body == {}
    assert (await garden.call("GET", "/me/saved/places")).body == places
    assert "remind_at" not in (await garden.call("GET", "/me/saved"))["saved"][0]


@pytest.mark.parametrize(
    ("at", "reason"),
    [(0, "time_past"), (253_402_300_799_000, "time_far"), (2**53 - 1, "time_far")],
)
async def test_a_time_long_ago_or_after_years_is_refused(garden: Garden, at: int, reason: str) -> None:
    refused = await remind(garden, ONE, at)
    assert (refused.status, refused["reason"], refused["field"]) == (400, reason, "at")
    assert (await garden.call("GET", "/me/saved")).body == {"saved": []}


async def test_only_who_may_read_the_message_is_reminded(garden: Garden, service: PushService) -> None:
    await subscribe(garden, service)
    assert (await remind(garden, 99, soon()))["reason"] == "no_message"
    assert (await remind(garden, ONE, soon())).status == 200
    await garden.call("DELETE", f"/rooms/{garden.room}/members/{garden.ben.id}", garden.adas)
    assert (await remind(garden, TWO, soon())).status == 404
    await run_due(garden, ONE)
    assert service.pushed == []
    assert (await garden.call("GET", "/me/saved")).body == {"saved": []}


async def test_reminders_of_a_day_s_stop_are_one_push(garden: Garden, service: PushService) -> None:
    browser = await subscribe(garden, service)
    await garden.site.services.settings.change(None, {"public_url": "https://chat.example"})
    for seq in (ONE, TWO):
        await remind(garden, seq, soon(seq))
    await run_due(garden)
    assert service.pushed == []  # the time has not come
    await run_due(garden, ONE, TWO)
    (pushed,) = service.pushed
    assert json.loads(browser.decrypt(pushed.body))["notification"] == {
        "title": "\N{ALARM CLOCK} ada · garden (+1)",
        "body": "two",
        "navigate": "https://chat.example/saved",
        "tag": "reminders",
    }
    listed = (await garden.call("GET", "/me/saved"))["saved"]
    assert [(each["message"]["seq"], each["due"]) for each in listed] == [(TWO, True), (ONE, True)]
    await run_due(garden)
    assert len(service.pushed) == 1


async def test_a_push_leads_to_its_message_without_its_text_if_one_wants_none(
    garden: Garden, service: PushService
) -> None:
    browser = await subscribe(garden, service)
    await garden.call("PATCH", "/push", text=False)
    service.answer("ben", 410)
    await run_due(garden, ONE)
    (pushed,) = service.pushed
    about = json.loads(browser.decrypt(pushed.body))["notification"]
    assert (about["body"], about["navigate"]) == ("", f"/room/{garden.room}/{ONE}")
    assert not (await garden.call("GET", "/push"))["subscribed"]  # its service knows it no more


async def test_it_reaches_all_sessions_of_the_person_on_all_servers(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    here, second, bens = (Replica(servers.one, each) for each in (ada, ada, ben))
    there = Replica(servers.other, ada)
    for each in (here, second, bens, there):
        await each.connect()
    seq = (await here.say(LOBBY_ID, "the key is under the pot"))["seq"]
    place: dict[str, Any] = {"room": LOBBY_ID, "seq": seq}
    at = soon(60)
    assert (await here.asks("remind", **place, at=at))["at"] == at
    got = await heard(second, there, bens, of="reminder")
    assert got == [[{"type": "reminder", **place, "at": at}]] * 2 + [[]]

    item = DueItem(1, REMINDER, str(ada.id), 1)
    await servers.storage.feature_ports[REMINDERS].remind(ada.id, LOBBY_ID, seq, 1.0)
    servers.other.obstacles.fail("settle", OutcomeUnknown("away"), after=True)
    with pytest.raises(OutcomeUnknown):  # it was settled, and nothing is due at the next try
        await announce(servers.other.services, due_event, item)
    await announce(servers.one.services, due_event, item)
    event = {"type": "reminders_due", "reminders": [{**place, "at": 1000}]}
    assert await heard(here, there, bens, of="reminders_due") == [[event], [event], []]
    assert "at" not in await second.asks("remind", **place)
    assert await heard(there, of="reminder") == [[{"type": "reminder", **place}]]
