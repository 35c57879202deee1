"""Quiet hours: when they are, what they hold back, and what comes at their end."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.mail_server import mail_server
from chat.domain.ports import NewPerson, Storage
from chat.due.port import DueItem
from chat.engine.statuses import Statuses
from chat.features.push.missed.port import MISSED, USUAL
from chat.features.push.missed.sending import HowToMail, MissedFigures, MissedMails
from chat.features.push.quiet.port import QUIET, QuietChoice
from chat.features.push.quiet_hours import Quiet, QuietHours, free_at, quiet_until
from chat.mail.handing_over import HandedOver, Outcome
from chat.storage.postgres.database import DatabaseAddress
from tests.features.push.push_service import PushService
from tests.features.push.world import World, open_servers, open_world
from tests.protocols.native.site import Site
from tests.support.campaign import in_campaign
from tests.support.databases import fetch

ALL = frozenset(range(7))
NIGHT = QuietHours(start=22 * 60, end=7 * 60, days=ALL, zone="Europe/Berlin")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-01-14T21:59:59+01:00", None),
        ("22:00-07:00", "2026-01-14T22:00:00+01:00", "2026-01-15T07:00:00+01:00"),
        ("22:00-07:00", "2026-01-15T06:59:59+01:00", "2026-01-15T07:00:00+01:00"),
        ("22:00-07:00", "2026-01-15T07:00:00+01:00", None),
        ("22:00-07:00", "2026-07-14T20:30:00+00:00", "2026-07-15T07:00:00+02:00"),
        ("12:00-13:30", "2026-01-15T12:30:00+01:00", "2026-01-15T13:30:00+01:00"),
        ("12:00-13:30", "2026-01-15T23:30:00+01:00", None),
        # In the night to 29 March the clocks go from 2 to 3, in that to 25 October from 3 back to 2.
        ("22:00-07:00", "2026-03-29T01:59:00+01:00", "2026-03-29T07:00:00+02:00"),
        ("22:00-07:00", "2026-10-25T02:30:00+02:00", "2026-10-25T07:00:00+01:00"),
        ("22:00-02:30", "2026-03-29T01:59:00+01:00", "2026-03-29T03:30:00+02:00"),
        ("22:00-02:30", "2026-10-25T02:45:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("02:30-07:00", "2026-10-25T02:15:00+01:00", "2026-10-25T07:00:00+01:00"),
        ("02:30-07:00", "2026-03-29T03:45:00+02:00", "2026-03-29T07:00:00+02:00"),
    ],
)
def test_quiet_hours_follow_the_clocks_of_the_zone(hours: str, now: str, until: str | None) -> None:
    start, end = map(minutes, hours.split("-"))
    found = quiet_until(QuietHours(start=start, end=end, days=ALL, zone="Europe/Berlin"), at(now))
    assert found == at(until or now)


def test_a_day_counts_where_quiet_hours_begin() -> None:
    friday = QuietHours(start=22 * 60, end=7 * 60, days={4}, zone="UTC")
    assert quiet_until(friday, at("2026-01-17T03:00:00+00:00")) == at("2026-01-17T07:00:00+00:00")
    assert quiet_until(friday, at("2026-01-16T03:00:00+00:00")) == at("2026-01-16T03:00:00+00:00")


def test_a_weekend_is_quiet_to_its_end_and_for_ever_ends_some_day() -> None:
    weekend = QuietHours(start=0, end=0, days={5, 6}, zone="Asia/Tokyo")
    assert quiet_until(weekend, at("2026-01-17T10:00:00+09:00")) == at("2026-01-19T00:00:00+09:00")
    always = QuietHours(start=0, end=0, days=ALL, zone="Asia/Tokyo")
    now = at("2026-01-17T10:00:00+09:00")
    assert 7 * 86_400 < quiet_until(always, now) - now <= 8 * 86_400


def test_a_zone_that_the_data_have_lost_is_never_quiet() -> None:
    lost = QuietHours(start=0, end=0, days=ALL, zone="Atlantis/Poseidonis")
    assert quiet_until(lost, 1000.0) == 1000.0


def test_who_may_pass_is_never_held_back() -> None:
    quiet = Quiet(NIGHT, {7})
    now, came = at("2026-01-15T03:00:00+01:00"), at("2026-01-15T02:00:00+01:00")
    assert free_at(quiet, 7, came, now) == came
    assert free_at(quiet, 8, came, now) == at("2026-01-15T07:00:00+01:00")
    assert free_at(quiet, None, came, now) == at("2026-01-15T07:00:00+01:00")
    assert free_at(None, 8, came, now) == came
    assert free_at(quiet, 8, came, at("2026-01-15T08:00:00+01:00")) == at("2026-01-15T07:00:00+01:00")


# --- on a real database ---


@pytest.fixture
async def world(
    shared_database: DatabaseAddress, empty: Callable[[], None], service: PushService
) -> AsyncGenerator[World]:
    empty()
    with trio.fail_after(60):
        async with open_world(shared_database, service) as world:
            for state in ("push_state", "missed_state"):
                await world.sql(f"INSERT INTO {state} (id, last_id) VALUES (1, 0)")
            yield world


def quiet_now(*, passing: tuple[int, ...] = (), is_on: bool = True) -> QuietChoice:
    """Quiet hours from an hour ago on for two hours."""
    now = datetime.now(UTC)
    minute = now.hour * 60 + now.minute
    hours = QuietHours(start=(minute - 60) % 1440, end=(minute + 60) % 1440, days=ALL, zone="UTC")
    return QuietChoice(is_on=is_on, hours=hours, passing=passing)


async def room_of(world: World, owner: Person, *others: Person, name: str) -> int:
    room = await world.storage.rooms.create(name, owner.id, is_private=False)
    for each in others:
        await world.sql(f"INSERT INTO memberships (room_id, user_id) VALUES ({room.id}, {each.id})")  # type: ignore[union-attr]
    return room.id  # type: ignore[union-attr]


async def test_one_push_comes_at_the_end_and_says_how_many_were_held_back(world: World) -> None:
    ada, ben, cleo = await world.someone("ada"), await world.add("ben"), await world.add("cleo")
    times = world.storage.feature_ports[QUIET]
    tea, garden = [await room_of(world, ben, ada, cleo, name=name) for name in ("tea", "garden")]
    await times.choose(ada.id, quiet_now(passing=(cleo.id,)))
    async with open_servers(world) as (server,):
        held = [
            *await world.say(ben, "@ada one", "@ada two", room=tea),
            *await world.say(ben, "@ada three", room=garden),
        ]
        for each in held:
            assert await world.decided(ada, each) == "quiet"
        found = await world.why(ada, held[0])
        assert found is not None
        assert found.held_until is not None
        assert 3000 < found.held_until - found.at <= 3600
        (passed,) = await world.say(cleo, "@ada now", room=garden)
        assert await world.decided(ada, passed) == "sent"
        (pushed,) = world.service.pushed
        about = world.body(pushed)["notification"]
        assert (about["title"], about["app_badge"]) == ("cleo · garden", "2")
        (read,) = await world.say(ben, "@ada read")
        assert await world.decided(ada, read) == "quiet"
        await world.sql(
            f"INSERT INTO marks (room_id, user_id, seq) VALUES ({LOBBY_ID}, {ada.id}, {read.seq})"
        )
        await times.choose(ada.id, quiet_now(is_on=False))
        server.sender.wake()
        await world.became(ada, held[2], "sent")
        why = [found.decision for each in (*held, read) if (found := await world.why(ada, each))]
        assert why == ["collapsed", "collapsed", "sent", "read"]
        about = world.body(world.service.pushed[1])["notification"]
        assert (about["title"], about["body"]) == ("ben · garden (+2)", "@ada three")
        found = await world.why(ada, held[2])
        assert found is not None
        assert found.held_until is not None
        assert found.held_until <= found.at
        assert len(world.service.pushed) == 2


async def test_what_is_held_back_is_due_when_quiet_hours_end(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    times = world.storage.feature_ports[QUIET]
    await times.choose(ada.id, quiet_now())
    async with open_servers(world, 2):
        (message,) = await world.say(ben, "@ada")
        assert await world.decided(ada, message) == "quiet"
    wait = "SELECT extract(epoch FROM due_at - held_until)::float8 FROM push_decisions"
    assert await fetch(world.address, wait) == 0.0
    # Nine hours later: the message is old, and was never tried.
    await world.sql("UPDATE messages SET created_at = created_at - interval '9 hours'")
    await world.sql("UPDATE push_decisions SET due_at = now()")
    await world.sql("UPDATE quiet_hours SET ends = starts, starts = (starts + 1430) % 1440")
    async with open_servers(world, 2):
        await world.became(ada, message, "sent")
    assert len(world.service.pushed) == 1


async def test_a_server_that_was_off_at_their_end_floods_nobody(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    times = world.storage.feature_ports[QUIET]
    await times.choose(ada.id, quiet_now())
    async with open_servers(world):
        (message,) = await world.say(ben, "@ada")
        assert await world.decided(ada, message) == "quiet"
    await world.sql("UPDATE push_decisions SET due_at = now() - interval '2 hours'")
    await world.sql("UPDATE quiet_hours SET is_on = false")
    async with open_servers(world):
        await world.became(ada, message, "too_old")
    assert world.service.pushed == []


@in_campaign
async def test_a_thousand_messages_of_a_night_are_one_push(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    room = await room_of(world, ben, ada, name="tea")
    times = world.storage.feature_ports[QUIET]
    await times.choose(ada.id, quiet_now())
    async with open_servers(world) as (server,):
        for batch in range(10):
            messages = await world.say(ben, *(f"@ada {batch}.{n}" for n in range(100)), room=room)
            assert await world.decided(ada, messages[-1]) == "quiet"
        (last,) = await world.say(ben, "@ada last")
        assert await world.decided(ada, last) == "quiet"
        # Each was decided when it came and at its time: none again because of those after it.
        assert await fetch(world.address, "SELECT max(tries) FROM push_decisions") == 1
        await times.choose(ada.id, quiet_now(is_on=False))
        server.sender.wake()
        (pushed,) = await world.service.came(1)
        assert world.body(pushed)["notification"]["title"] == "ben · lobby (+1000)"
        await world.became(ada, last, "sent")
    assert len(world.service.pushed) == 1


async def test_mails_wait_for_the_end_but_about_chosen_people(world: World) -> None:
    made = [
        await world.storage.users.add(NewPerson(name=name, password_hash=b"x", email=f"{name}@example.com"))
        for name in ("ada", "ben", "cleo")
    ]
    ada, ben, cleo = [each for each in made if isinstance(each, Person)]
    await world.sql(
        f"INSERT INTO confirmed_addresses (user_id, email_key) VALUES ({ada.id}, 'ada@example.com')"
    )
    times, missed = world.storage.feature_ports[QUIET], world.storage.feature_ports[MISSED]
    await times.choose(ada.id, quiet_now(passing=(cleo.id,)))
    taken: list[str] = []

    async def hand_over(mail: EmailMessage, _to: str) -> HandedOver:
        await trio.lowlevel.checkpoint()
        body = mail.get_body(("plain",))
        assert body is not None
        taken.append(body.get_content())
        return HandedOver(Outcome.SENT, "taken")

    how = HowToMail(
        mail_server("smtp://127.0.0.1:9?tls=none", "chat@chat.example"), "Tea", "https://chat.example"
    )
    mails = MissedMails(missed, Statuses(), lambda: how, hand_over, MissedFigures({}))
    item = DueItem(1, "missed", f"{ada.id}/{LOBBY_ID}", 1)
    await world.say(ben, "@ada later", ago=960)
    await missed.decide(USUAL)
    await mails.mail(item)  # it watches ada first
    wait = await mails.mail(item)
    assert wait is not None
    assert 3000 < wait <= 3600
    await world.say(cleo, "@ada at once", ago=960)
    await missed.decide(USUAL)
    assert await mails.mail(item) is None
    (text,) = taken
    assert "cleo: @ada at once" in text
    assert "ben: @ada later" in text  # it goes along


async def test_choices_are_kept_without_people_who_are_nobody(storage: Storage) -> None:
    people = [await storage.users.add(NewPerson(name=name, password_hash=b"x")) for name in ("ada", "ben")]
    ada, ben = [each.id for each in people if isinstance(each, Person)]
    times = storage.feature_ports[QUIET]
    assert await times.choice(ada) is None
    choice = QuietChoice(is_on=True, hours=NIGHT, passing=(ben, ada, 2**50))
    await times.choose(ada, choice)
    found = await times.choice(ada)
    assert found is not None
    assert (found.is_on, found.hours, list(found.passing)) == (True, NIGHT, [ben])
    await times.choose(2**50, choice)
    assert await times.choice(2**50) is None
    await storage.users.delete(ben)
    found = await times.choice(ada)
    assert found is not None
    assert list(found.passing) == []
    await storage.users.delete(ada)
    assert await times.choice(ada) is None


# --- over HTTP ---

CHOSEN = {
    "on": True,
    "start": "22:00",
    "end": "07:30",
    "days": ["mon", "sun"],
    "zone": "Europe/Berlin",
    "people": [],
}


async def test_a_person_chooses_quiet_hours(site: Site) -> None:
    _, token = await site.join("ada")
    ben, _ = await site.join("ben")
    before = await site.call("GET", "/me/quiet-hours", token=token)
    assert (before["on"], before["start"], before["end"], before["until"]) == (False, "22:00", "07:00", None)
    chosen = {**CHOSEN, "people": [ben.id]}
    after = await site.call("PUT", "/me/quiet-hours", chosen, token=token)
    assert {key: after[key] for key in chosen} == chosen
    assert (await site.call("GET", "/me/quiet-hours", token=token)).body["people"] == [ben.id]
    always = {
        **chosen,
        "start": "00:00",
        "end": "00:00",
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    }
    assert (await site.call("PUT", "/me/quiet-hours", always, token=token))["until"] is not None
    off = await site.call("PUT", "/me/quiet-hours", {**always, "on": False}, token=token)
    assert (off["on"], off["until"], off["people"]) == (False, None, [ben.id])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start", "24:00"),
        ("end", "7:00"),
        ("end", "07:00\n"),
        ("days", []),
        ("days", ["mo"]),
        ("zone", "Atlantis/Poseidonis"),
        ("zone", "Europe"),
        ("zone", "../../etc/passwd"),
        ("zone", "/etc/localtime"),
        ("zone", "Europe/Berlin\n"),
        ("zone", "x" * 65),
        ("zone", "a/" * 31 + "a"),
        ("zone", ""),
        ("people", [0]),
        ("people", list(range(1, 52))),
    ],
)
async def test_bad_quiet_hours_are_refused(site: Site, field: str, value: object) -> None:
    _, token = await site.join("ada")
    refused = await site.call("PUT", "/me/quiet-hours", {**CHOSEN, field: value}, token=token, valid=False)
    assert refused.refused == (400, "invalid", field)
