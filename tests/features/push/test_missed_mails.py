"""Mails for missed messages: on a real database, with a real mail server."""

import time
from collections.abc import AsyncGenerator, Callable, Generator
from email import message_from_string
from email.message import EmailMessage
from typing import Any

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Message, Person
from chat.domain.mail_server import mail_server
from chat.domain.messages.changes import Deletion, Edit
from chat.domain.messages.reading import ReadMark
from chat.domain.ports import Storage
from chat.domain.rooms.membership import Notify, OwnSettings
from chat.due.port import DUE
from chat.due.schedule import SCHEDULE
from chat.engine.statuses import Statuses
from chat.features.addresses.port import ADDRESSES
from chat.features.push.ledger import LEDGER
from chat.features.push.missed import sending
from chat.features.push.missed.port import MISSED, MISSED_MAIL, USUAL, MailChoice
from chat.features.push.missed.sending import HandOver, HowToMail, MissedFigures, MissedMails
from chat.features.push.rules import Decision
from chat.mail.handing_over import HandedOver, MailDoor, Outcome
from chat.storage.postgres.database import DatabaseAddress
from tests.features.push.push_service import PushService
from tests.features.push.world import World, open_servers, open_world
from tests.protocols.native.site import open_site
from tests.support.databases import fetch
from tests.support.mail_server import MailServerProcess, running_mail_server

QUARTER = 900.0
LATER = 960.0
"""Seconds: more than after which a message is mailed."""


@pytest.fixture(scope="module")
def mail_process() -> Generator[MailServerProcess]:
    with running_mail_server() as process:
        yield process


class Mailing(World):
    """A world in which people have confirmed addresses, and one server that mails what is due when it is asked to."""

    mails: MissedMails
    statuses: Statuses
    process: MailServerProcess

    def start(self, hand_over: HandOver | None = None, *, has_texts: bool = True) -> MissedMails:
        """Make what mails, as one more server does."""
        server = mail_server(f"smtp://127.0.0.1:{self.process.port}?tls=none", "chat@chat.example")
        how = HowToMail(server, "Tea", "https://chat.example", has_texts)
        statuses = Statuses()
        made = MissedMails(
            self.storage.feature_ports[MISSED],
            statuses,
            lambda: how,
            hand_over or MailDoor(server).hand_over,
            MissedFigures({}),
        )
        self.mails, self.statuses = made, statuses
        return made

    async def reader(self, name: str, address: str = "", **about: Any) -> Person:
        """Add a person with a confirmed address."""
        who = await self.add(name, email=address or f"{name}@example.com", **about)
        addresses, digest = self.storage.feature_ports[ADDRESSES], name.encode()
        assert await addresses.begin(who.id, digest, "en")
        await addresses.confirm(digest, who.id)
        return who

    async def decide(self) -> dict[Decision, int]:
        """Take a step along the log."""
        return (await self.storage.feature_ports[MISSED].decide(USUAL)).decided

    async def run_due(self, mails: MissedMails | None = None) -> list[float | None]:
        """Do what is due now, until nothing is; returns when each item is due again."""
        due, waits = self.storage.feature_ports[DUE], []
        while items := await due.claim([MISSED_MAIL], 10, 500.0):
            for item in items:
                after = await (mails or self.mails).mail(item)
                if after is None:
                    await due.done(item)
                else:
                    await due.again(item, 0.0 if after == sending._REPORTS else after)
                if after != sending._REPORTS:
                    waits.append(after)
        return waits

    async def mail_due(self) -> list[float | None]:
        """Decide about what is new, and do what is due."""
        await self.decide()
        return await self.run_due()

    def next_mail(self) -> EmailMessage:
        """The next mail that arrived."""
        message: EmailMessage = self.process.next_mail()["message"]
        return message

    async def outcome(self, who: Person, message: Message) -> tuple[str, str | None] | None:
        """What the ledger has of the mail."""
        found = await self.storage.feature_ports[MISSED].explain(who.id, message.room_id, message.seq)
        return None if found is None else (found.decision, found.answer)

    async def read(self, who: Person, message: Message) -> None:
        """Read up to a message."""
        marks = {(message.room_id, who.id): ReadMark(message.seq)}
        await self.storage.timelines.mark_read(marks)

    async def count(self, table: str) -> int:
        found: int = await fetch(self.address, f"SELECT count(*) FROM {table}")
        return found


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


@pytest.fixture
async def world(
    shared_database: DatabaseAddress,
    empty: Callable[[], None],
    mail_process: MailServerProcess,
) -> AsyncGenerator[Mailing]:
    empty()
    with trio.fail_after(60):
        async with open_world(shared_database, PushService()) as plain:
            world = Mailing(plain.address, plain.storage, plain.service)
            world.process = mail_process
            world.start()
            await world.sql("INSERT INTO missed_state (id, last_id) VALUES (1, 0)")
            yield world


async def room_of(world: World, owner: Person, *others: Person) -> int:
    room = await world.storage.rooms.create("garden", owner.id, is_private=False)
    for each in others:
        await world.sql(f"INSERT INTO memberships (room_id, user_id) VALUES ({room.id}, {each.id})")  # type: ignore[union-attr]
    return room.id  # type: ignore[union-attr]


async def direct_of(world: World, one: Person, other: Person) -> int:
    room = await world.storage.rooms.direct_room(one.id, other.id)
    assert room is not None
    return room.id


async def test_a_mention_that_stays_unread_is_mailed_with_a_way_to_end_it(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    (message,) = await world.say(ben, "hi @ada <b>\nBcc: eve@example.com", ago=LATER)
    assert await world.mail_due() == [None]
    arrived = world.process.next_mail()
    mail = arrived["message"]
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Unread messages: lobby (Tea)")
    assert "ben: hi @ada <b> Bcc: eve@example.com" in text_of(mail)
    assert f"https://chat.example/room/{LOBBY_ID}/{message.seq}" in text_of(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert "hi @ada &lt;b&gt;" in html.get_content()
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert await world.outcome(ada, message) == ("sent", "taken")
    plain = message_from_string(arrived["data"])  # encoded words stay: mail programs decode none here
    link = plain["List-Unsubscribe"]
    code = link.removeprefix("<https://chat.example/api/v1/mail/unsubscribe/").removesuffix(">")
    missed = world.storage.feature_ports[MISSED]
    await missed.unsubscribe("00000000-0000-0000-0000-000000000000")
    assert await missed.choice(ada.id) == MailChoice(USUAL, True)
    await missed.unsubscribe(code)
    assert await missed.choice(ada.id) == MailChoice(0, True)
    await world.say(ben, "@ada", room=await room_of(world, ben, ada), ago=LATER)
    assert await world.mail_due() == []


async def test_a_reply_in_a_thread_that_one_follows_is_mailed(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    (root,) = await world.say(ada, "tea?", ago=LATER)
    await world.say(ben, "beside it", ago=LATER)
    (reply,) = await world.say(ben, "yes", ago=LATER, reply=root.seq)
    assert await world.mail_due() == [None]
    text = text_of(world.process.next_mail()["message"])
    assert "ben: yes" in text
    assert "beside" not in text
    assert await world.outcome(ada, reply) == ("sent", "taken")


async def test_nothing_is_mailed_before_its_time_and_what_was_read_by_then_never(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    (message,) = await world.say(ben, "@ada")
    assert await world.decide() == {Decision.WAITING: 1}
    wait = await world.storage.feature_ports[DUE].next_in([MISSED_MAIL])
    assert wait is not None
    assert QUARTER - 30 < wait <= QUARTER
    await world.read(ada, message)
    await world.sql("UPDATE due SET at = now()")
    await world.sql(f"UPDATE messages SET created_at = created_at - interval '{LATER} s'")
    assert await world.run_due() == [None]
    assert await world.outcome(ada, message) == ("read", None)
    assert await world.count("due") == 0


async def test_what_was_pushed_is_mailed_unless_the_browser_reports_a_click(
    world: Mailing, service: PushService
) -> None:
    world.service = service
    ada, ben = await world.reader("ada"), await world.add("ben")
    await world.log_in(ada, "ada")
    room = await direct_of(world, ada, ben)
    await world.sql("INSERT INTO push_state (id, last_id) VALUES (1, 0)")
    async with open_servers(world):
        opened, shown = [(await world.say(ben, "@ada", room=each, ago=LATER))[0] for each in (LOBBY_ID, room)]
        bodies = {each["room"]: each for each in map(world.body, await world.service.came(2))}
        for each in (opened, shown):
            assert await world.decided(ada, each) == "sent"
            report = await world.report_in(bodies[each.room_id])
            assert await world.storage.feature_ports[LEDGER].report(report, is_clicked=each is opened)
    world.start()
    await world.mail_due()
    assert await world.outcome(ada, opened) == ("read", None)
    assert world.next_mail()["Subject"] is not None
    assert [(await world.outcome(ada, each) or ("",))[0] for each in (opened, shown)] == ["read", "sent"]


@pytest.mark.parametrize("gone", ["read", "deleted", "blocked"])
async def test_an_older_message_that_is_not_mailed_takes_no_newer_one_along(
    world: Mailing, gone: str
) -> None:
    ada, ben, cleo = await world.reader("ada"), await world.add("ben"), await world.add("cleo")
    (old,) = await world.say(cleo, "@ada one", ago=LATER)
    (new,) = await world.say(ben, "@ada two", ago=60.0)
    await world.decide()
    match gone:
        case "read":
            await world.read(ada, old)
        case "deleted":
            deletion = Deletion(room_id=LOBBY_ID, seq=old.seq, actor_id=cleo.id, created_at=time.time())
            await world.storage.messages.save([deletion])
        case "blocked":
            await world.sql(f"INSERT INTO blocks (user_id, blocked_id) VALUES ({ada.id}, {cleo.id})")
    (wait,) = await world.run_due()
    assert wait is not None
    assert QUARTER - 90 < wait <= QUARTER - 60
    assert await world.outcome(ada, old) == (gone, None)
    assert await world.outcome(ada, new) == ("waiting", None)
    await world.sql(f"UPDATE messages SET created_at = created_at - interval '{LATER} s'")
    await world.sql("UPDATE due SET at = now()")
    assert await world.run_due() == [None]
    text = text_of(world.next_mail())
    assert "ben: @ada two" in text
    assert "one" not in text


async def test_one_mail_for_a_room_then_none_until_the_person_was_there(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    room = await direct_of(world, ada, ben)
    first = await world.say(ben, "one", "two", room=room, ago=LATER)
    await world.say(ben, "three", room=room)  # it is new, and goes with them
    await world.mail_due()
    mail = world.next_mail()
    assert mail["Subject"] == "Unread messages: ben (Tea)"
    assert [word in text_of(mail) for word in ("ben: one", "ben: two", "ben: three")] == [True] * 3
    (fourth,) = await world.say(ben, "four", room=room, ago=LATER)
    await world.mail_due()
    assert await world.outcome(ada, fourth) == ("collapsed", None)
    await world.read(ada, fourth)
    (fifth,) = await world.say(ben, "five", room=room, ago=LATER)
    await world.mail_due()
    second = world.next_mail()
    assert "ben: five" in text_of(second)
    assert "four" not in text_of(second)
    assert (second["References"], second["In-Reply-To"]) == (mail["Message-ID"], mail["Message-ID"])
    assert second["Message-ID"] != mail["Message-ID"]
    assert [await world.outcome(ada, each) for each in (*first, fifth)] == [("sent", "taken")] * 3


async def test_the_rules_of_pushes_decide(world: Mailing) -> None:
    names = ("muter", "blocker", "leaver", "listener", "unconfirmed", "never", "disabled")
    people = {name: await world.reader(name) for name in names}
    ben, plain = await world.reader("ben"), await world.add("plain", email="plain@example.com")
    room = await room_of(world, ben, plain, *people.values())
    await world.storage.timelines.set_own(room, people["muter"].id, OwnSettings(notify=Notify.NONE))
    for name in ("listener", "blocker"):  # whom one blocks cannot mention one
        await world.storage.timelines.set_own(room, people[name].id, OwnSettings(notify=Notify.ALL))
    await world.sql(f"INSERT INTO blocks (user_id, blocked_id) VALUES ({people['blocker'].id}, {ben.id})")
    await world.sql(f"UPDATE users SET email_key = 'x' || email_key WHERE id = {people['unconfirmed'].id}")
    await world.sql(f"UPDATE users SET disabled_at = now() WHERE id = {people['disabled'].id}")
    await world.storage.feature_ports[MISSED].choose(people["never"].id, 0)
    text = " ".join(
        f"@{name}" for name in ("muter", "leaver", "unconfirmed", "never", "disabled", "plain", "ben")
    )
    (message,) = await world.say(ben, text, room=room, ago=LATER)
    await world.decide()
    await world.sql(f"DELETE FROM memberships WHERE user_id = {people['leaver'].id}")
    await world.run_due()
    found = {name: await world.outcome(who, message) for name, who in people.items()}
    assert found == {
        "muter": ("muted", None),
        "blocker": ("blocked", None),
        "leaver": ("left", None),
        "listener": ("sent", "taken"),
        "unconfirmed": None,
        "never": None,
        "disabled": None,
    }
    assert await world.outcome(plain, message) is None
    assert await world.outcome(ben, message) is None
    assert world.next_mail()["To"] == "listener@example.com"


async def test_a_message_is_mailed_as_it_is_then_and_a_deleted_one_is_not(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    other = await room_of(world, ben, ada)
    (edited,) = await world.say(ben, "@ada tee", ago=LATER)
    (deleted,) = await world.say(ben, "@ada secret", room=other, ago=LATER)
    await world.decide()
    where = {"actor_id": ben.id, "created_at": time.time()}
    edit = Edit(room_id=LOBBY_ID, seq=edited.seq, text="@ada tea", **where)
    await world.storage.messages.save([edit, Deletion(room_id=other, seq=deleted.seq, **where)])
    await world.run_due()
    assert "ben: @ada tea" in text_of(world.next_mail())
    assert await world.outcome(ada, deleted) == ("deleted", None)


async def test_nobody_who_is_active_gets_a_mail_until_they_leave(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    (message,) = await world.say(ben, "@ada", ago=LATER)
    world.statuses.came(ada.id)
    assert await world.mail_due() == [sending._ACTIVE]
    assert await world.outcome(ada, message) == ("waiting", None)
    world.statuses.set_away(ada.id, is_away=True)
    await world.sql("UPDATE due SET at = now()")
    assert await world.run_due() == [None]
    assert await world.outcome(ada, message) == ("sent", "taken")
    world.next_mail()


async def test_a_mail_server_that_is_down_is_asked_again_with_the_same_mail(world: Mailing) -> None:
    ada, ben = await world.reader("ada", "later@example.com"), await world.add("ben")
    (first,) = await world.say(ben, "@ada one", ago=LATER)
    assert await world.mail_due() == [60.0]
    assert await world.outcome(ada, first) == ("waiting", "451 try again later")
    (second,) = await world.say(ben, "@ada two", ago=LATER)
    taken: list[EmailMessage] = []

    async def take(message: EmailMessage, _to: str) -> HandedOver:
        taken.append(message)
        return HandedOver(Outcome.SENT, "taken")

    pending = await fetch(world.address, "SELECT pending_id FROM missed_rooms")
    world.start(take)
    await world.decide()
    await world.sql("UPDATE due SET at = now()")
    await world.run_due()
    assert [each["Message-ID"] for each in taken] == [pending]
    assert "two" not in text_of(taken[0])  # a mailbox that has the first try drops this one
    assert await world.outcome(ada, first) == ("sent", "taken")
    assert await world.outcome(ada, second) == ("collapsed", None)


async def test_a_mail_is_given_up_when_it_is_refused_and_after_a_day(world: Mailing) -> None:
    ada, ben = await world.reader("ada", "never@example.com"), await world.add("ben")
    cleo = await world.reader("cleo", "later@example.com")
    old = await world.reader("old")
    (message,) = await world.say(ben, "@ada @cleo", ago=LATER)
    await world.mail_due()
    decision, answer = await world.outcome(ada, message) or ("", "")
    assert (decision, str(answer)[:20]) == ("failed", "550 no such mailbox ")
    await world.sql("UPDATE messages SET created_at = created_at - interval '1 day'")
    await world.sql("UPDATE due SET at = now()")
    (late,) = await world.say(ben, "@old", ago=LATER + 86_400)
    await world.mail_due()
    assert await world.outcome(cleo, message) == ("failed", "451 try again later")
    assert await world.outcome(old, late) == ("too_old", None)
    assert await world.count("due") == 0


async def test_what_was_read_while_the_mail_server_was_down_is_not_mailed(world: Mailing) -> None:
    ada, ben = await world.reader("ada", "later@example.com"), await world.add("ben")
    (message,) = await world.say(ben, "@ada", ago=LATER)
    assert await world.mail_due() == [60.0]
    await world.read(ada, message)
    await world.sql("UPDATE due SET at = now()")
    assert await world.run_due() == [None]
    assert await world.outcome(ada, message) == ("read", "451 try again later")
    assert await fetch(world.address, "SELECT pending_id FROM missed_rooms") is None


async def test_two_servers_that_both_believe_they_hold_the_claim_mail_one_mail(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    (message,) = await world.say(ben, "@ada", ago=LATER)
    await world.decide()
    taken: list[str] = []
    both = trio.Event()

    async def take(mail: EmailMessage, _to: str) -> HandedOver:
        taken.append(mail["Message-ID"])
        if len(taken) == 2:
            both.set()
        await both.wait()
        return HandedOver(Outcome.SENT, "taken")

    (item,) = await world.storage.feature_ports[DUE].claim([MISSED_MAIL], 1, 500.0)
    servers = [world.start(take), world.start(take)]
    for each in servers:
        assert await each.mail(item) == sending._REPORTS
    async with trio.open_nursery() as nursery:
        for each in servers:
            nursery.start_soon(each.mail, item)
    assert len(set(taken)) == 1  # mailboxes recognise it by its id
    assert await world.outcome(ada, message) == ("sent", "taken")
    assert await servers[0].mail(item) is None  # the third finds nothing
    assert len(taken) == 2


async def test_a_message_that_comes_while_a_mail_is_sent_is_due_afterwards(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    await world.say(ben, "@ada one", ago=LATER)
    later: list[Message] = []

    async def take(_mail: EmailMessage, _to: str) -> HandedOver:
        later.extend(await world.say(ben, "@ada two"))
        await world.decide()
        return HandedOver(Outcome.SENT, "taken")

    world.start(take)
    await world.mail_due()
    assert await world.outcome(ada, later[0]) == ("waiting", None)
    assert await world.count("due") == 1


async def test_without_texts_a_mail_names_who_wrote(world: Mailing) -> None:
    await world.reader("ada")
    ben = await world.add("ben")
    world.start(has_texts=False)
    await world.say(ben, "@ada secret", ago=LATER)
    await world.mail_due()
    text = text_of(world.next_mail())
    assert "ben" in text
    assert "secret" not in text


async def test_messages_write_nothing_while_no_address_is_confirmed(world: Mailing) -> None:
    await world.add("ada", email="ada@example.com")
    ben = await world.reader("ben")
    await world.say(ben, "@ada", "tea?", ago=LATER)
    assert await world.decide() == {}
    assert [await world.count(table) for table in ("missed_messages", "missed_rooms", "due")] == [0, 0, 0]


async def test_a_shorter_time_counts_for_what_waits_already(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    missed = world.storage.feature_ports[MISSED]
    await missed.choose(ada.id, 86_400)
    (message,) = await world.say(ben, "@ada", ago=LATER)
    await world.decide()
    assert await world.run_due() == []
    await missed.choose(ada.id, 3600)
    (wait,) = await world.run_due()
    assert wait is not None
    assert 3600 - LATER - 30 < wait < 3600 - LATER
    await missed.choose(ada.id, 900)
    assert await world.run_due() == [None]
    assert await world.outcome(ada, message) == ("sent", "taken")
    world.next_mail()


async def test_a_clock_that_is_set_back_delays_no_mail(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    due = world.storage.feature_ports[DUE]
    (message,) = await world.say(ben, "@ada", ago=-3600)
    await world.decide()
    await due.add(MISSED_MAIL, "0/0", 120.0)
    # By the clock as it was then, an hour ahead.
    await world.sql("UPDATE due SET at = at + interval '1 hour'")
    await world.sql("UPDATE due SET set_at = set_at + interval '1 hour'")
    waits: list[float | None] = []

    async def look() -> None:
        waits.append(await due.next_in([MISSED_MAIL]))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(look)
    assert all(wait is not None and 90 < wait <= 120 for wait in waits), waits
    await world.sql("DELETE FROM due WHERE key = '0/0'")
    wait = await due.next_in([MISSED_MAIL])
    assert wait is not None
    assert QUARTER - 30 < wait <= QUARTER
    await world.sql("UPDATE due SET at = now()")
    assert await world.run_due() == [None]
    assert await world.outcome(ada, message) == ("sent", "taken")
    world.next_mail()


async def test_old_decisions_are_forgotten_and_a_deleted_person_at_once(world: Mailing) -> None:
    ada, ben = await world.reader("ada"), await world.add("ben")
    await world.say(ben, "@ada", ago=LATER)
    await world.mail_due()
    world.next_mail()
    missed = world.storage.feature_ports[MISSED]
    assert await missed.forget(10) == 0
    await world.sql("UPDATE missed_messages SET decided_at = now() - interval '15 days'")
    assert await missed.forget(10) == 1
    await missed.choose(ada.id, 3600)
    await world.storage.users.delete(ada.id)
    tables = ("missed_rooms", "mail_choices", "confirmed_addresses", "address_links")
    assert [await world.count(table) for table in tables] == [0] * 4


async def test_a_choice_is_kept(storage: Storage) -> None:
    missed = storage.feature_ports[MISSED]
    assert await missed.choice(1) == MailChoice(USUAL, False)
    await missed.choose(1, 0)  # nobody has this number
    assert await missed.choice(1) == MailChoice(USUAL, False)


# --- over HTTP ---


async def test_one_chooses_when_messages_are_mailed_and_a_mail_program_ends_it_by_a_form() -> None:
    async with open_site() as site:
        _, token = await site.join("ada")
        assert (await site.call("GET", "/mail", token=token)).body == {"after": USUAL, "confirmed": False}
        wakes = site.services.feature_ports[SCHEDULE].wakes
        chosen = await site.call("PATCH", "/mail", {"after": 3600}, token=token)
        assert site.services.feature_ports[SCHEDULE].wakes == wakes + 1  # what waits may be due now
        assert chosen.body == {"after": 3600, "confirmed": False}
        refused = await site.call("PATCH", "/mail", {"after": 86_401}, token=token, valid=False)
        assert refused.refused == (400, "invalid", "after")
        path = "/api/v1/mail/unsubscribe/00000000-0000-0000-0000-000000000000"
        form = {"List-Unsubscribe": "One-Click"}  # as RFC 8058 has it
        answer = await site.app.test_client(use_cookies=False).post(path, form=form)
        assert (answer.status_code, await answer.get_data()) == (204, b"")
        assert (await site.app.test_client(use_cookies=False).get(path)).status_code == 405
