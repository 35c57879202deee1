"""Mail as a channel, with a real IMAP server, a real SMTP server and PostgreSQL: from the mailbox to the answer."""

import json
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
import trio
from msgspec import structs

from chat.application import messages
from chat.data_access import make_accounts
from chat.domain.entities import Message, Person, Visit
from chat.domain.ports import NewPerson
from chat.due.port import DUE, DueItem
from chat.engine.engine import open_engine
from chat.features.mail.files import read_files
from chat.features.registry import FEATURES
from chat.features.support_mail.parsing import read_mail
from chat.features.support_mail.port import INBOX, MAIL_ORIGINS, REPLY, SUPPORT_MAILS, MailOrigin
from chat.features.support_mail.replying import Replies
from chat.features.support_mail.taking_in import Inbox
from chat.mail.handing_over import MailDoor
from chat.mail.postman import Postman
from chat.mail.queue import MAIL, MAILS
from chat.protocols.services import Services, services_of
from chat.settings.config import Config
from chat.storage.file_store import open_file_store
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from tests.features.support_mail.mails import multipart, raw
from tests.support.chat_world import SECRET
from tests.support.databases import execute, fetch
from tests.support.imap_server import PASSWORD, ImapServer, running_imap_server
from tests.support.mail_server import MailServerProcess, running_mail_server
from tests.support.people import eventually

ITEM = DueItem(1, INBOX, "inbox", 1)


@pytest.fixture(scope="module")
def imap() -> Generator[ImapServer]:
    with running_imap_server() as server:
        yield server


@pytest.fixture(scope="module")
def smtp() -> Generator[MailServerProcess]:
    with running_mail_server() as server:
        yield server


class Desk:
    """A server with the mailbox, an operator, and what its tasks do, one step at a time."""

    def __init__(self, services: Services, storage: PostgresStorage, imap: ImapServer, address: Any) -> None:
        self.services, self.storage, self.imap, self.address = services, storage, imap, address
        assert services.mail is not None
        assert services.mail.mailbox is not None
        self.inbox = Inbox(services, services.mail, services.mail.mailbox)
        self.replies = Replies(services, services.mail.mailbox)
        self.due = services.feature_ports[DUE]
        reading = partial(read_files, services)
        self.postman = Postman(services.feature_ports[MAILS], MailDoor(services.mail), reading)
        self.olga: Any = None

    async def take(self, *mails: bytes) -> float:
        """Deliver mails, and look into the mailbox."""
        await trio.to_thread.run_sync(self.imap.deliver, *mails)
        return await self.inbox.look(ITEM)

    async def texts(self) -> dict[int, list[str]]:
        """All messages of all conversations, by room."""
        found: dict[int, list[str]] = {}
        rows = await fetch(
            self.address,
            "SELECT json_agg(json_build_array(room_id, text, sender_id, files) ORDER BY messages.id) FROM messages"
            " JOIN rooms ON rooms.id = room_id WHERE rooms.kind = 'support' AND messages.kind = 'message'",
        )
        for room_id, text, *_ in json.loads(rows or "[]"):
            found.setdefault(room_id, []).append(text)
        return found

    async def reply(self, room_id: int, text: str, files: tuple[int, ...] = ()) -> None:
        draft: Any = messages.draft(self.olga, room_id, text, None, reply=None, files=files)
        assert isinstance(await messages.send(self.services, self.olga, draft), Message)

    async def send_replies(self) -> int:
        """Let time pass until all that was replied is mailed; return how many mails were queued."""
        await self.services.feature_ports[SUPPORT_MAILS].follow()
        await execute(self.address, f"UPDATE due SET at = now() WHERE kind = '{REPLY}'")
        for item in await self.due.claim([REPLY], 50, 60):
            while await self.replies.send(item) == 0.0:
                pass
            await self.due.done(item)
        queued = await self.due.claim([MAIL], 50, 60)
        for item in queued:
            assert await self.postman.send(item) is None
            await self.due.done(item)
        return len(queued)


@pytest.fixture
async def desk(
    imap: ImapServer, smtp: MailServerProcess, empty: Callable[[], None], shared_database: DatabaseAddress
) -> AsyncGenerator[Desk]:
    await trio.to_thread.run_sync(empty)
    config = Config(
        bcrypt_cost=4,
        mail_url=f"smtp://127.0.0.1:{smtp.port}?tls=none",
        mail_from="Garden <chat@chat.example>",
        support_mail="help@chat.example",
        imap_url=imap.url,
        imap_password=PASSWORD,
        support_mail_authserv="mx.chat.example",
        server_name="Garden",
    )
    with TemporaryDirectory() as directory, trio.fail_after(60):
        async with open_postgres_storage(
            shared_database, pool_size=4, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            store = await open_file_store(Path(directory), await storage.files.store_id())
            async with open_engine(
                storage,
                lambda _person, failed: make_accounts(
                    config,
                    storage.users,
                    storage.users.by_id,
                    SECRET,
                    sessions=storage.sessions,
                    login_failed=failed,
                ),
                features=FEATURES,
                file_store=store,
                file_bytes=1000,
                server_name=config.server_name,
                mail=config.mail_server(),
            ) as engine:
                desk = Desk(services_of(engine), storage, imap, shared_database)
                desk.olga = await storage.users.add(
                    NewPerson(name="olga", password_hash=b"x", is_operator=True)
                )
                await desk.services.feature_ports[SUPPORT_MAILS].begin()
                assert await desk.inbox.look(ITEM) == 30  # what is there already is not taken
                yield desk


async def test_a_mail_begins_a_conversation_and_answers_go_on_with_it(
    desk: Desk, smtp: MailServerProcess
) -> None:
    file = "Content-Type: text/plain\nContent-Disposition: attachment; filename=plan.txt\n\nroses"
    checked = "mx.chat.example; dmarc=pass header.from=example.com"
    await desk.take(
        multipart("Content-Type: text/plain\n\nHelp, please.", file, Authentication_Results=checked)
    )
    ((room, texts),) = (await desk.texts()).items()
    assert texts == ["**The garden**\n\nHelp, please."]
    origins = desk.services.feature_ports[MAIL_ORIGINS]
    assert await origins.origin(room) == MailOrigin("ada@example.com", "pass")
    assert await desk.inbox.look(ITEM) == 30
    assert (
        await fetch(desk.address, f"SELECT name FROM files WHERE room_id = {room} AND seq = 1") == "plan.txt"
    )
    visit = "SELECT display_name || ' ' || visits.email FROM users JOIN visits ON user_id = users.id"
    assert await fetch(desk.address, visit) == "Ada Lovelace ada@example.com"

    await desk.reply(room, "Hello <Ada>,")
    await desk.reply(room, "which roses?")
    assert await desk.send_replies() == 1
    sent = smtp.next_mail()
    mail = sent["message"]
    assert (sent["from"], sent["to"]) == ("help@chat.example", ["ada@example.com"])
    assert mail["From"] == '"olga (Garden)" <help@chat.example>'
    assert mail["Subject"] == "Re: The garden"
    assert (mail["In-Reply-To"], mail["References"]) == ("<one@example.com>", "<one@example.com>")
    assert mail["Auto-Submitted"] is None
    assert mail.get_body(("plain",)).get_content().startswith("Hello <Ada>,")
    assert "Hello &lt;Ada&gt;," in mail.get_body(("html",)).get_content()
    answers = mail["Reply-To"]
    assert await desk.send_replies() == 0

    quoted = "The red ones.\n\nOn Monday, olga wrote:\n> which roses?"
    by_reference = raw(
        quoted, Message_ID="<two@example.com>", References=f"<x@y.example> {mail['Message-ID']}"
    )
    by_token = raw("And thorns?", Message_ID="<three@example.com>", To=str(answers).upper())
    await desk.take(by_reference, by_token, by_token)
    assert (await desk.texts())[room][-2:] == [
        "The red ones.\n\n> On Monday, olga wrote:\n> > which roses?",
        "And thorns?",
    ]
    assert await origins.origin(room) == MailOrigin("ada@example.com", "none")
    forged = {"References": mail["Message-ID"], "To": str(answers), "Message_ID": "<four@evil.example>"}
    await desk.take(raw("It is me!", From="ada@evil.example", **forged))
    rooms = await desk.texts()
    assert [*rooms] == [room, *(each for each in rooms if each != room)]
    assert list(rooms.values())[1:] == [["**The garden**\n\nIt is me!"]]

    upload = await desk.services.uploads.upload(desk.olga, room, "map.txt", "text/plain", 3, _pieces(b"map"))
    assert not hasattr(upload, "code")
    await desk.reply(room, "See there", (upload.id,))
    assert await desk.send_replies() == 1
    mail = smtp.next_mail()["message"]
    assert [(each.get_filename(), each.get_content()) for each in mail.iter_attachments()] == [
        ("map.txt", "map")
    ]
    assert mail["In-Reply-To"] == "<three@example.com>"


async def _pieces(data: bytes) -> AsyncGenerator[bytes]:
    yield data


async def test_mails_of_programs_begin_nothing_and_are_notes_where_they_answer(
    desk: Desk, smtp: MailServerProcess
) -> None:
    before = await trio.to_thread.run_sync(desk.imap.unread)
    await desk.take(
        raw(Auto_Submitted="auto-replied", Message_ID="<a@x.example>"),
        raw(Precedence="bulk", Message_ID="<b@x.example>"),
        raw(From="help@chat.example", Message_ID="<c@x.example>"),
        raw(From="help+12@chat.example", Message_ID="<d@x.example>"),
        raw(From="mailer-daemon@x.example", Message_ID="<e@x.example>"),
        raw("x" * (10 * 1024 * 1024), Message_ID="<f@x.example>"),
    )
    assert await desk.texts() == {}
    assert await trio.to_thread.run_sync(desk.imap.unread) == before + 6
    await desk.take(raw(Message_ID="<g@x.example>"))
    (room,) = await desk.texts()
    await desk.reply(room, "Hello")
    await desk.send_replies()
    sent = smtp.next_mail()["message"]["Message-ID"]
    report = f"Content-Type: message/rfc822\n\nMessage-ID: {sent}\n\nHello"
    returned = multipart(
        "Content-Type: text/plain\n\nNo such user.", report, kind="report", From="mailer-daemon@x.example"
    )
    away = [
        raw("I am away.", Auto_Submitted="auto-replied", In_Reply_To=sent, Message_ID=f"<away{n}@x.example>")
        for n in range(12)
    ]
    await desk.take(returned, returned, *away)
    assert len((await desk.texts())[room]) == 2
    notes = "SELECT string_agg(text, '|' ORDER BY id) FROM notes"
    found = (await fetch(desk.address, notes)).split("|")
    assert found[0] == "✉ The garden\n\nNo such user."
    assert found[1:] == ["✉ The garden\n\nI am away."] * 9  # of twelve, ten automatic ones an hour
    assert await desk.send_replies() == 0


async def test_a_mail_is_taken_in_once_whatever_is_killed(desk: Desk) -> None:
    await desk.take(raw(Message_ID="<k1@x.example>"))
    (room,) = await desk.texts()
    await execute(desk.address, "UPDATE support_mails SET is_settled = false")
    await execute(desk.address, "UPDATE support_mailboxes SET last_uid = last_uid - 1 WHERE name <> 'log'")
    await desk.inbox.look(ITEM)
    assert await desk.texts() == {room: ["**The garden**\n\nHelp, please."]}
    await trio.sleep(1.1)  # a UIDVALIDITY is a time in seconds
    await trio.to_thread.run_sync(desk.imap.renumber)
    await desk.take(raw("Another", Message_ID="<k2@x.example>", From="ben@example.com"))
    assert [texts[-1] for texts in (await desk.texts()).values()][:1] == ["**The garden**\n\nHelp, please."]
    assert "**The garden**\n\nAnother" in [texts[0] for texts in (await desk.texts()).values()]


async def test_a_mail_whose_taking_in_is_cancelled_is_taken_in_once_by_the_next_look(desk: Desk) -> None:
    count = 0
    for count in range(60):
        mail = read_mail(raw(Message_ID=f"<c{count}@x.example>", From=f"ada{count}@example.com"), 10, 1000)
        assert mail is not None
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_cancel_after, scope, 3 * count)
                await desk.inbox.take(mail)
                nursery.cancel_scope.cancel()
        await desk.inbox.take(mail)
        if not scope.cancelled_caught:
            break
    assert count > 3
    texts = list((await desk.texts()).values())
    assert texts == [["**The garden**\n\nHelp, please."]] * (count + 1)


async def _cancel_after(scope: trio.CancelScope, checkpoints: int) -> None:
    for _ in range(checkpoints):
        await trio.lowlevel.checkpoint()
    scope.cancel()


async def test_who_is_deleted_leaves_nothing_of_their_mails(desk: Desk) -> None:
    await desk.take(raw(Message_ID="<d1@x.example>"))
    (room,) = await desk.texts()
    await desk.reply(room, "Hello")
    await desk.services.feature_ports[SUPPORT_MAILS].follow()
    visitor = await fetch(desk.address, "SELECT person_id FROM mailed_conversations")
    assert await desk.storage.users.delete(visitor) is True
    left = "SELECT (SELECT count(*) FROM mailed_conversations) + (SELECT count(*) FROM support_mails)"
    due = f"(SELECT count(*) FROM due WHERE kind = '{REPLY}')"
    assert await fetch(desk.address, f"{left} + {due}") == 0


async def test_an_address_begins_five_conversations_an_hour_and_a_blocked_one_none(desk: Desk) -> None:
    await desk.take(*(raw(Message_ID=f"<m{n}@x.example>") for n in range(7)))
    assert len(await desk.texts()) == 5
    await execute(desk.address, "UPDATE mailed_conversations SET created_at = now() - interval '2 hours'")
    await execute(desk.address, "UPDATE users SET disabled_at = now() WHERE id = (SELECT max(id) FROM users)")
    await desk.take(raw(Message_ID="<m8@x.example>"))
    assert len(await desk.texts()) == 5


async def test_who_left_an_address_in_the_widget_gets_what_stays_unread(
    desk: Desk, smtp: MailServerProcess
) -> None:
    mona = await desk.storage.users.add(
        NewPerson(name="mona", password_hash=b"", visit=Visit(email="Mona@example.com"))
    )
    assert isinstance(mona, Person)
    room = await desk.storage.rooms.support_room(mona.id)
    assert room is not None
    draft: Any = messages.draft(mona, room.id, "Hi", None, reply=None, files=())
    await messages.send(desk.services, mona, draft)
    await desk.reply(room.id, "one")
    await desk.reply(room.id, "two")
    assert await desk.send_replies() == 0  # they may still be there
    mark = f"INSERT INTO marks (room_id, user_id, seq) VALUES ({room.id}, {mona.id}, 2)"
    await execute(desk.address, f"{mark} ON CONFLICT (room_id, user_id) DO UPDATE SET seq = 2")
    await execute(desk.address, "UPDATE messages SET created_at = created_at - interval '10 minutes'")
    await execute(desk.address, "UPDATE support_mailboxes SET followed_id = 0 WHERE name = 'log'")
    assert await desk.send_replies() == 1
    mail = smtp.next_mail()["message"]
    assert mail["To"] == "mona@example.com"
    assert mail.get_body(("plain",)).get_content().split() == ["two", "—", "olga"]


async def test_a_bug_that_a_mail_shows_ends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.features.support_mail.taking_in.text_of_message", None)
    with structlog.testing.capture_logs() as logs:
        assert await desk.take(raw(Message_ID="<bug@x.example>")) == 30
    assert [each["reason"] for each in logs if each["log_level"] == "error"] == ["a bug"]
    monkeypatch.undo()
    await desk.take(raw(Message_ID="<good@x.example>"))
    assert len(await desk.texts()) == 1


async def test_a_mailbox_that_fails_is_tried_again_later_and_logged_once(desk: Desk) -> None:
    assert desk.services.mail is not None
    assert desk.services.mail.mailbox is not None
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nowhere = structs.replace(desk.services.mail.mailbox, port=silent.getsockname()[1])
        inbox = Inbox(desk.services, desk.services.mail, nowhere)
        before = threading.active_count()
        with trio.move_on_after(0.2) as scope:  # it never answers
            await inbox.look(ITEM)
        assert scope.cancelled_caught
        await trio.to_thread.run_sync(
            partial(eventually, lambda: threading.active_count() <= before + 1, "it ended")
        )
    with structlog.testing.capture_logs() as logs:
        waits = [await inbox.look(ITEM) for _ in range(4)]
    assert waits == [60, 300, 900, 900]
    assert [each["log_level"] for each in logs] == ["warning"]
    wrong = structs.replace(desk.services.mail.mailbox, password="wrong")
    with structlog.testing.capture_logs() as logs:
        assert await Inbox(desk.services, desk.services.mail, wrong).look(ITEM) == 60
    assert "Authentication failed" in logs[0]["error"]
