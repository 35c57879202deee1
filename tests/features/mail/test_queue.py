"""Due items and the queue of mails: one contract, on memory and on PostgreSQL; and the postman on a real server."""

from collections.abc import Generator

import pytest

from chat.domain.mail_server import mail_server
from chat.domain.ports import Storage
from chat.due.port import DUE
from chat.mail.handing_over import MailDoor
from chat.mail.letter import Letter
from chat.mail.postman import Postman
from chat.mail.queue import BULK, MAIL, MAILS, new_mail
from tests.protocols.native.site import open_site
from tests.support.mail_server import MailServerProcess, running_mail_server

LETTER = Letter("Subject", ("Words",))


@pytest.fixture(scope="module")
def mail_process() -> Generator[MailServerProcess]:
    with running_mail_server() as process:
        yield process


def postman(storage: Storage, process: MailServerProcess) -> Postman:
    server = mail_server(f"smtp://localhost:{process.port}?tls=none", "chat@chat.example")
    return Postman(storage.feature_ports[MAILS], MailDoor(server))


async def test_what_is_due_is_claimed_once_until_its_lease_ends(storage: Storage) -> None:
    due = storage.feature_ports[DUE]
    await due.add("a", "now", 0.0)
    await due.add("a", "later", 1000.0)
    await due.add("b", "now", 0.0)
    (claimed,) = await due.claim(["a"], 10, 500.0)
    assert (claimed.kind, claimed.key, claimed.tries) == ("a", "now", 1)
    assert list(await due.claim(["a"], 10, 500.0)) == []
    next_in = await due.next_in(["a"])
    assert next_in is not None
    assert 400 < next_in <= 500
    await due.again(claimed, 0.0)
    (again,) = await due.claim(["a"], 10, 0.0)
    assert again.tries == 2
    await due.done(claimed)  # its lease is over, and another has it
    (third,) = await due.claim(["a"], 10, 500.0)
    await due.done(third)
    next_in = await due.next_in(["a"])
    assert next_in is not None
    assert 900 < next_in <= 1000
    assert await due.next_in(["c"]) is None


async def test_the_same_kind_and_key_is_due_once_at_its_newest_time(storage: Storage) -> None:
    due = storage.feature_ports[DUE]
    await due.add("a", "one", 1000.0)
    await due.add("a", "one", 0.0)
    assert len(await due.claim(["a"], 10, 500.0)) == 1


async def test_a_mail_is_sent_once_and_its_text_is_gone(
    storage: Storage, mail_process: MailServerProcess
) -> None:
    mails, due = storage.feature_ports[MAILS], storage.feature_ports[DUE]
    mail = new_mail("ada@example.com", LETTER, "chat.example")
    mail_id = await mails.add(mail, None, None)
    (item,) = await due.claim([MAIL], 10, 500.0)
    assert await postman(storage, mail_process).send(item) is None
    assert mail_process.next_mail()["message"]["Message-ID"] == mail.message_id
    assert await mails.waiting(mail_id) is None
    assert list(await mails.listed(10)) == []


async def test_a_mail_whose_line_dropped_is_sent_again_with_its_id(
    storage: Storage, mail_process: MailServerProcess
) -> None:
    mails, due = storage.feature_ports[MAILS], storage.feature_ports[DUE]
    await mails.add(new_mail("drop@example.com", LETTER, "chat.example"), None, None)
    ids = set()
    for _ in range(2):
        (item,) = await due.claim([MAIL], 10, 500.0)
        wait = await postman(storage, mail_process).send(item)
        assert wait
        await due.again(item, 0.0)
        ids.add(mail_process.next_mail()["message"]["Message-ID"])
    assert len(ids) == 1
    (entry,) = await mails.listed(10)
    assert (entry.state, entry.tries, entry.to) == ("waiting", 2, "drop@example.com")
    assert entry.error
    assert entry.next_at is not None


async def test_a_mail_is_given_up_when_refused_or_after_two_days(
    storage: Storage, mail_process: MailServerProcess
) -> None:
    mails, due = storage.feature_ports[MAILS], storage.feature_ports[DUE]
    await mails.add(new_mail("never@example.com", LETTER, "chat.example"), None, None)
    await mails.add(new_mail("later@example.com", LETTER, "chat.example"), None, None)
    waits = []
    for _ in range(9):
        for item in await due.claim([MAIL], 10, 500.0):
            wait = await postman(storage, mail_process).send(item)
            if wait is None:
                await due.done(item)
            else:
                waits.append(wait)
                await due.again(item, 0.0)
    assert waits == sorted(waits)
    assert (len(waits), waits[-1]) == (7, 86_400.0)
    assert [(entry.to, entry.state) for entry in await mails.listed(10)] == [
        ("later@example.com", "given_up"),
        ("never@example.com", "given_up"),
    ]


async def test_a_reset_link_is_not_behind_a_list_of_invitations(storage: Storage) -> None:
    mails, due = storage.feature_ports[MAILS], storage.feature_ports[DUE]
    for number in range(20):
        await mails.add(
            new_mail(f"hang{number}@example.com", LETTER, "chat.example"), None, None, is_bulk=True
        )
    waited_for = await mails.add(new_mail("ada@example.com", LETTER, "chat.example"), None, None)
    hanging = await due.claim([BULK, MAIL], 8, 500.0)
    assert [item.kind for item in hanging] == [BULK] * 8
    (item,) = await due.claim([MAIL], 8, 500.0)  # of each kind as many are handled at once
    assert item.key == str(waited_for)
    entries = await mails.listed(30)
    assert len(entries) == 21
    assert all(entry.next_at is not None for entry in entries)


async def test_a_mail_whose_time_is_over_or_whose_person_is_gone_is_not_sent(
    storage: Storage, mail_process: MailServerProcess
) -> None:
    mails, due = storage.feature_ports[MAILS], storage.feature_ports[DUE]
    await mails.add(new_mail("never@example.com", LETTER, "chat.example"), None, 0.0)
    (item,) = await due.claim([MAIL], 10, 500.0)
    assert await postman(storage, mail_process).send(item) is None
    (entry,) = await mails.listed(10)
    assert (entry.state, entry.error) == ("given_up", "its time was over")


async def test_without_a_mail_server_admins_learn_what_to_set() -> None:
    async with open_site() as site:
        _, token = await site.join("olga", admin=True)
        state = await site.call("GET", "/admin/mail", token=token)
        assert state["problem"] == "no_mail_server"
        refused = await site.call("POST", "/admin/mail/test", {"to": "a@b.example"}, token=token)
        assert (refused.refused, refused["reason"]) == ((409, "conflict", None), "no_mail_server")
