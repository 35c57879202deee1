"""Whom a message is pushed to, when, and once: on a real database, with real requests to a push service."""

from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person
from chat.domain.messages.changes import Addition, Deletion, Edit
from chat.domain.messages.reading import ReadMark
from chat.domain.rooms.membership import Notify, OwnSettings
from chat.features.groups.use_cases import GROUPS, Group
from chat.features.push.ledger import LEDGER, Unanswered
from chat.features.push.ledger_queries import PostgresLedger
from chat.features.threads.use_cases import THREADS
from chat.storage.postgres.database import DatabaseAddress
from tests.features.push.push_service import HANG_UP, SILENCE, PushService
from tests.features.push.world import World, open_servers, open_world
from tests.support.campaign import in_campaign
from tests.support.databases import fetch


@pytest.fixture
async def world(
    shared_database: DatabaseAddress, empty: Callable[[], None], service: PushService
) -> AsyncGenerator[World]:
    empty()
    async with open_world(shared_database, service) as world:
        await world.sql("INSERT INTO push_state (id, last_id) VALUES (1, 0)")
        yield world


async def room_of(world: World, owner: Person, *others: Person, name: str = "tea") -> int:
    room = await world.storage.rooms.create(name, owner.id, is_private=False)
    for each in others:
        await world.sql(f"INSERT INTO memberships (room_id, user_id) VALUES ({room.id}, {each.id})")  # type: ignore[union-attr]
    return room.id  # type: ignore[union-attr]


async def test_a_mention_is_pushed_with_what_it_is_about(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    async with open_servers(world):
        (message,) = await world.say(ben, "hi @ada")
        (pushed,) = await world.service.came(1)
        body = world.body(pushed)
        report = await world.report_in(body)
        assert report == (message.id, ada.id, world.sessions["ada"])
        body["notification"]["navigate"] = body["notification"]["navigate"].partition("#push=")[0]
        assert body == {
            "web_push": 8030,
            "notification": {
                "title": "ben · lobby",
                "body": "hi @ada",
                "navigate": f"https://chat.example/room/{LOBBY_ID}/{message.seq}",
                "tag": f"room-{LOBBY_ID}",
                "app_badge": "1",
            },
            "room": LOBBY_ID,
            "seq": message.seq,
        }
        assert (pushed.headers["urgency"], pushed.headers["ttl"]) == ("high", "86400")
        assert len(pushed.headers["topic"]) == 32
        assert await world.decided(ada, message) == "sent"
        found = await world.why(ada, message)
        assert found is not None
        (delivery,) = found.deliveries
        assert (delivery.device, delivery.state, delivery.status) == ("ada", "sent", 201)
        assert await world.why(ben, message) is None
        figures = world.servers[0].metrics.render().decode()
        assert 'chat_push_decided_total{decision="sent"} 1.0' in figures
        assert 'chat_push_answers_total{answer="2xx"} 1.0' in figures


async def test_each_rule_says_why_nothing_is_pushed(world: World) -> None:
    people = {
        name: await world.someone(name)
        for name in ("reader", "muter", "blocker", "leaver", "online", "listener")
    }
    ben, deaf = await world.someone("ben"), await world.add("deaf")
    room = await room_of(world, ben, deaf, *people.values())
    await world.storage.timelines.set_own(room, people["muter"].id, OwnSettings(notify=Notify.NONE))
    for name in ("listener", "blocker"):  # whom one blocks cannot mention one
        await world.storage.timelines.set_own(room, people[name].id, OwnSettings(notify=Notify.ALL))
    await world.sql(f"INSERT INTO blocks (user_id, blocked_id) VALUES ({people['blocker'].id}, {ben.id})")
    async with open_servers(world, delay=3600.0) as (server,):
        server.statuses.came(people["online"].id)
        names = " ".join(
            f"@{name}" for name in ("reader", "muter", "blocker", "leaver", "online", "deaf", "ben")
        )
        (message,) = await world.say(ben, names, room=room)
        await world.asked(people["listener"], message)
        await world.storage.timelines.mark_read({(room, people["reader"].id): ReadMark(message.seq)})
        await world.sql(f"DELETE FROM memberships WHERE user_id = {people['leaver'].id}")
        await world.make_due()
        why = {name: await world.decided(who, message) for name, who in people.items()}
        assert why == {
            "reader": "read",
            "muter": "muted",
            "blocker": "blocked",
            "leaver": "left",
            "online": "active",
            "listener": "sent",
        }
        assert await world.decided(deaf, message) == "no_device"
        assert await world.decided(ben, message) == "own"
        (pushed,) = world.service.pushed
        assert (pushed.name, pushed.headers["urgency"]) == ("listener", "normal")


async def test_replies_in_threads_that_one_follows_are_pushed(world: World) -> None:
    ada, cem, dan = [await world.someone(name) for name in ("ada", "cem", "dan")]
    ben = await world.add("ben")
    room = await room_of(world, ada, ben, cem, dan)
    threads = world.storage.feature_ports[THREADS]
    async with open_servers(world):
        (root,) = await world.say(ada, "tea?", room=room)
        (beside,) = await world.say(ben, "beside it", room=room)
        (reply,) = await world.say(ben, "yes", room=room, reply=root.seq)
        (pushed,) = await world.service.came(1)
        assert (pushed.name, pushed.headers["urgency"]) == ("ada", "high")
        assert await world.decided(ada, reply) == "sent"

        async def rules(message: Message) -> list[str | None]:
            found = [await world.why(who, message) for who in (ada, cem, dan)]
            return [each and each.rule for each in found]

        assert await rules(beside) == [None, None, None]
        assert await rules(reply) == ["followed_thread", None, None]
        await threads.follow(ada.id, room, root.seq, is_on=False)
        await threads.follow(cem.id, room, root.seq, is_on=True)
        await world.storage.timelines.set_own(room, dan.id, OwnSettings(notify=Notify.ALL))
        (named,) = await world.say(ben, "no, @ada", room=room, reply=reply.seq)
        for who in (ada, cem, dan):
            assert await world.decided(who, named) == "sent"
        assert await rules(named) == ["mention", "followed_thread", "all"]
        await world.storage.timelines.set_own(room, cem.id, OwnSettings(notify=Notify.NONE))
        (last,) = await world.say(ben, "or", room=room, reply=reply.seq)
        assert await world.decided(dan, last) == "sent"
        assert await world.decided(cem, last) == "muted"
        assert await world.why(ada, last) is None


async def test_a_thread_that_is_unfollowed_meanwhile_is_not_pushed(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    room = await room_of(world, ada, ben)
    async with open_servers(world, delay=3600.0):
        (root,) = await world.say(ada, "tea?", room=room)
        (reply,) = await world.say(ben, "yes", room=room, reply=root.seq)
        await world.asked(ada, reply)
        await world.storage.feature_ports[THREADS].follow(ada.id, room, root.seq, is_on=False)
        await world.make_due()
        assert await world.decided(ada, reply) == "muted"
        assert world.service.pushed == []


async def test_nobody_is_asked_about_messages_that_name_nobody(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.someone("ben")
    room = await room_of(world, ben, ada)
    async with open_servers(world):
        (plain,) = await world.say(ben, "tea?", room=room)
        (named,) = await world.say(ben, "@ada", room=room)
        assert await world.decided(ada, named) == "sent"
        assert await world.why(ada, plain) is None


async def test_direct_messages_support_and_everybody_are_pushed(world: World) -> None:
    ada, ben, cleo = [await world.someone(name) for name in ("ada", "ben", "cleo")]
    helper = await world.someone("helper", is_operator=True)
    direct = await world.storage.rooms.direct_room(ada.id, ben.id)
    support = await world.storage.rooms.support_room(cleo.id)
    room = await room_of(world, ben, ada, cleo)
    assert direct is not None
    assert support is not None
    people = [ada, ben, helper]
    group = await world.storage.feature_ports[GROUPS].open(ben.id, [each.id for each in people])
    assert isinstance(group, Group)
    joining = [Draft(group.room_id, each.id, each.name, "", 1.0, MessageKind.JOIN) for each in people]
    await world.storage.messages.save([Addition(each, None) for each in joining])
    async with open_servers(world):
        await world.say(ben, "psst, both", room=group.room_id)
        await world.say(ben, "psst", room=direct.id)
        await world.say(cleo, "help", room=support.id)
        await world.say(ben, "@all tea", room=room)
        pushed = await world.service.came(6)
        got = sorted((each.name, world.body(each)["notification"]["title"]) for each in pushed)
        assert got == [
            ("ada", "ben"),
            ("ada", "ben · ada, ben, helper"),
            ("ada", "ben · tea"),
            ("cleo", "ben · tea"),
            ("helper", "ben · ada, ben, helper"),
            ("helper", "cleo"),
        ]
    assert helper.is_operator


async def test_a_message_is_pushed_as_it_is_then_and_a_deleted_one_is_not(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    other = await room_of(world, ben, ada)
    async with open_servers(world, delay=3600.0):
        (edited,) = await world.say(ben, "@ada tee")
        (deleted,) = await world.say(ben, "@ada secret", room=other)
        await world.asked(ada, deleted)
        await world.storage.messages.save(
            [
                Edit(
                    room_id=LOBBY_ID,
                    seq=edited.seq,
                    actor_id=ben.id,
                    text="@ada tea",
                    created_at=edited.created_at,
                ),
                Deletion(room_id=other, seq=deleted.seq, actor_id=ben.id, created_at=edited.created_at),
            ]
        )
        await world.make_due()
        assert await world.decided(ada, edited) == "sent"
        assert await world.decided(ada, deleted) == "deleted"
        (pushed,) = world.service.pushed
        assert world.body(pushed)["notification"]["body"] == "@ada tea"


async def test_of_a_rooms_messages_the_newest_is_pushed(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    async with open_servers(world, delay=3600.0):
        messages = await world.say(ben, *(f"@ada {number}" for number in range(200)))
        await world.asked(ada, messages[-1])
        await world.make_due()
        assert await world.decided(ada, messages[-1]) == "sent"
        assert await world.decided(ada, messages[0]) == "collapsed"
        (pushed,) = world.service.pushed
        assert world.body(pushed)["seq"] == messages[-1].seq


@in_campaign
async def test_a_thousand_mentions_in_a_minute_are_few_pushes(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    async with open_servers(world, 2, delay=1.0):
        for batch in range(10):
            messages = await world.say(ben, *(f"@ada {batch}.{number}" for number in range(100)))
            await trio.sleep(0.1)
        assert await world.decided(ada, messages[-1]) == "sent"
        assert 1 <= len(world.service.pushed) <= 4


async def test_two_servers_push_once(world: World) -> None:
    people = [await world.someone(f"p{number}") for number in range(40)]
    ben = await world.add("ben")
    async with open_servers(world, 2):
        texts = [f"@p{number}" for number in range(40)]
        messages = await world.say(ben, *texts)
        for who, message in zip(people, messages, strict=True):
            assert await world.decided(who, message) == "sent"
        assert sorted(each.name for each in world.service.pushed) == sorted(
            f"p{number}" for number in range(40)
        )


async def test_what_a_server_left_when_it_died_is_pushed_by_another(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    world.service.answer("ada", SILENCE)
    with trio.CancelScope() as dying:
        async with open_servers(world):
            (message,) = await world.say(ben, "@ada")
            await world.service.came(1)
            dying.cancel()  # between sending and recording
    assert dying.cancelled_caught
    async with open_servers(world):
        await world.sql("UPDATE push_decisions SET due_at = now()")  # its claim is over
        for server in world.servers:
            server.sender.wake()
        first, second = await world.service.came(2)
        assert first.headers["topic"] == second.headers["topic"]
        assert await world.decided(ada, message) == "sent"


async def test_a_push_whose_answers_are_lost_is_sent_twice_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.features.push.sending._SOON", 0.1)
    monkeypatch.setattr("chat.features.push.sending._AFTER_SILENCE", 0.1)
    ada, ben = await world.someone("ada"), await world.add("ben")
    # What is refused was not taken, so it does not count.
    world.service.answer("ada", 503, HANG_UP, 503, HANG_UP, HANG_UP)
    async with open_servers(world):
        (message,) = await world.say(ben, "@ada")
        assert await world.decided(ada, message) == "sent"
        found = await world.why(ada, message)
        assert found is not None
        assert [each.state for each in found.deliveries] == ["unknown"]
    assert [each.status for each in world.service.pushed] == [503, HANG_UP, 503, HANG_UP]


async def test_servers_that_die_with_a_push_send_it_twice_and_no_more(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    (message,) = await world.say(ben, "@ada")
    world.service.usual = (SILENCE, {})

    async def noted(claim: int) -> None:
        with trio.fail_after(20):
            while await fetch(world.address, "SELECT max(claim) FROM push_deliveries") != claim:  # noqa: ASYNC110
                await trio.sleep(0.01)  # only the database knows

    for claim in (1, 2):
        with trio.CancelScope() as dying:
            async with open_servers(world):
                world.publish()
                await world.service.came(claim)
                await noted(claim)
                dying.cancel()
        await world.sql("UPDATE push_decisions SET due_at = now()")  # its claim is over
    async with open_servers(world):
        assert await world.decided(ada, message) == "sent"
        found = await world.why(ada, message)
    assert found is not None
    assert [each.state for each in found.deliveries] == ["unknown"]
    assert len(world.service.pushed) == 2


async def test_servers_that_die_before_they_note_a_push_send_it_twice_and_no_more(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    (message,) = await world.say(ben, "@ada")
    world.service.usual = (SILENCE, {})
    note = PostgresLedger.note
    for claim in (1, 2):

        async def note_earlier_claims(
            ledger: PostgresLedger, sent: Sequence[Unanswered], claim: int = claim
        ) -> None:
            if sent[0].claim == claim:
                await trio.sleep_forever()
            await note(ledger, sent)

        monkeypatch.setattr(PostgresLedger, "note", note_earlier_claims)
        with trio.CancelScope() as dying:
            async with open_servers(world, directory=tmp_path):
                world.publish()
                await world.service.came(claim)
                dying.cancel()
        await world.sql("UPDATE push_decisions SET due_at = now()")  # its claim is over
    monkeypatch.setattr(PostgresLedger, "note", note)
    async with open_servers(world, directory=tmp_path):
        assert await world.decided(ada, message) == "sent"
    assert len(world.service.pushed) == 2


async def test_a_claim_that_left_no_word_counts_once_an_answer_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.features.push.delivery.TIMEOUT", 0.3)
    ada, ben = await world.someone("ada"), await world.add("ben")
    (message,) = await world.say(ben, "@ada")
    async with open_servers(world, delay=3600.0):
        await world.asked(ada, message)
    world.service.answer("ada", SILENCE, SILENCE)
    await world.sql("UPDATE push_decisions SET due_at = now(), is_claimed = true, tries = 1")
    async with open_servers(world):
        assert await world.decided(ada, message) == "sent"
        found = await world.why(ada, message)
    assert found is not None
    assert [each.state for each in found.deliveries] == ["unknown"]
    assert len(world.service.pushed) == 1  # with the one of the server that died: two


async def test_servers_that_die_before_they_push_leave_it_to_the_next(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    (message,) = await world.say(ben, "@ada")
    async with open_servers(world, delay=3600.0):
        await world.asked(ada, message)
    await world.sql("UPDATE push_decisions SET due_at = now(), is_claimed = true, tries = 7")
    async with open_servers(world):
        assert await world.decided(ada, message) == "sent"
    assert len(world.service.pushed) == 1


async def test_a_browser_reports_what_it_showed_and_what_was_clicked(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    ledger = world.storage.feature_ports[LEDGER]
    async with open_servers(world):
        (message,) = await world.say(ben, "hi @ada")
        (pushed,) = await world.service.came(1)
        assert await world.decided(ada, message) == "sent"
    report = await world.report_in(world.body(pushed))

    async def seen() -> tuple[float | None, float | None]:
        found = await world.why(ada, message)
        assert found is not None
        (delivery,) = found.deliveries
        return delivery.shown_at, delivery.clicked_at

    assert await seen() == (None, None)
    assert await ledger.report(report, is_clicked=False)
    shown, clicked = await seen()
    assert shown is not None
    assert clicked is None
    assert await ledger.report(report, is_clicked=True)
    first = await seen()
    assert first[0] == shown
    assert first[1] is not None
    assert first[1] > shown
    for is_clicked in (False, True):  # a report that is sent again changes nothing
        assert not await ledger.report(report, is_clicked=is_clicked)
    assert await seen() == first


async def test_nobody_reports_of_anothers_push_or_after_the_log_in_has_ended(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.someone("ben")
    ledger = world.storage.feature_ports[LEDGER]
    async with open_servers(world):
        (message,) = await world.say(ben, "hi @ada")
        (pushed,) = await world.service.came(1)
        assert await world.decided(ada, message) == "sent"
    report = await world.report_in(world.body(pushed))
    for other in (
        report._replace(person_id=ben.id),
        report._replace(session_id=world.sessions["ben"]),
        report._replace(message_id=report.message_id + 1),
    ):
        assert not await ledger.report(other, is_clicked=True)
    await world.storage.sessions.end_family(b"ada")
    assert not await ledger.report(report, is_clicked=True)
    assert await fetch(world.address, "SELECT count(*) FROM push_reports") == 0


async def test_a_subscription_that_is_gone_is_removed_and_the_other_device_gets_it(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    await world.log_in(ada, "phone")
    world.service.answer("ada", 410)
    async with open_servers(world):
        (message,) = await world.say(ben, "@ada")
        assert await world.decided(ada, message) == "sent"
        found = await world.why(ada, message)
        assert found is not None
        assert {each.device: each.state for each in found.deliveries} == {"ada": "gone", "phone": "sent"}
        world.service.pushed.clear()
        (message,) = await world.say(ben, "@ada again")
        assert await world.decided(ada, message) == "sent"
        assert [each.name for each in world.service.pushed] == ["phone"]


async def test_who_logs_out_meanwhile_gets_nothing(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    async with open_servers(world, delay=3600.0):
        (message,) = await world.say(ben, "@ada")
        await world.asked(ada, message)
        await world.storage.sessions.end_family(b"ada")
        await world.make_due()
        assert await world.decided(ada, message) == "no_device"
        assert world.service.pushed == []


@pytest.mark.parametrize("status", [429, 503, SILENCE])
async def test_a_busy_broken_or_silent_service_is_asked_again(
    world: World, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.features.push.delivery.TIMEOUT", 0.5)
    monkeypatch.setattr("chat.features.push.sending._SOON", 0.1)
    monkeypatch.setattr("chat.features.push.sending._AFTER_SILENCE", 0.1)
    ada, ben = await world.someone("ada"), await world.add("ben")
    world.service.answer("ada", status, Retry_After="1")
    async with open_servers(world):
        (message,) = await world.say(ben, "@ada")
        first, second = await world.service.came(2)
        if status != SILENCE:
            assert second.at - first.at >= 0.9
        assert await world.decided(ada, message) == "sent"


@pytest.mark.parametrize("status", [400, 403, 413])
async def test_a_refusal_is_not_tried_again(world: World, status: int) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    world.service.answer("ada", status)
    async with open_servers(world):
        (message,) = await world.say(ben, "@ada")
        assert await world.decided(ada, message) == "failed"
        found = await world.why(ada, message)
        assert found is not None
        assert found.deliveries[0].status == status


async def test_after_a_stop_nobody_is_flooded(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    async with open_servers(world):
        (first,) = await world.say(ben, "@ada old", ago=3700)
        (second,) = await world.say(ben, "@ada new", ago=60)
        assert await world.decided(ada, first) == "too_old"
        assert await world.decided(ada, second) == "sent"
        assert len(world.service.pushed) == 1


async def test_a_clock_that_is_set_back_delays_nothing(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    async with open_servers(world, delay=3.0):
        (message,) = await world.say(ben, "@ada", ago=-3600)
        await world.asked(ada, message)
    await world.sql(
        "UPDATE push_decisions SET due_at = due_at + interval '1 hour', decided_at = now() + interval '1 hour'"
    )
    async with open_servers(world):
        assert await world.decided(ada, message) == "sent"


async def test_an_admin_or_the_person_leaves_texts_out(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    await world.sql(f"INSERT INTO push_choices VALUES ({ada.id}, false)")
    async with open_servers(world):
        await world.say(ben, "@ada secret")
        (pushed,) = await world.service.came(1)
        assert world.body(pushed)["notification"]["body"] == ""


async def test_what_is_old_is_forgotten(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    async with open_servers(world):
        (message,) = await world.say(ben, "@ada")
        assert await world.decided(ada, message) == "sent"
    await world.sql("UPDATE push_decisions SET decided_at = now() - interval '15 days'")
    await world.sql("UPDATE messages SET created_at = now() - interval '15 days'")
    async with open_servers(world):
        with trio.fail_after(20):
            while await world.why(ada, message) is not None:  # noqa: ASYNC110 - only the database knows
                await trio.sleep(0.02)
