"""Newcomers: which messages are refused, by whom, and for how long; in memory and on PostgreSQL, and over HTTP."""

import pytest
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Peer, Person, SupportOf
from chat.domain.messages.changes import Edit, Edited, Write
from chat.domain.messages.newcomers import NEWCOMERS, is_not_for_newcomers
from chat.domain.messages.outcomes import Repeated, Saved
from chat.domain.ports import NewInvite, NewPerson, Storage
from chat.domain.refusals import Code, Refusal
from chat.storage.postgres.storage import PostgresStorage
from tests.protocols.native.site import Site
from tests.reference.storage import MemoryStorage

NOW = 1_700_000_000.5
LINK = "see https://example.org"


def said(text: str, by: int, key: str | None = None) -> Draft:
    return Draft(LOBBY_ID, by, "somebody", text, NOW, key=key)


async def add(storage: Storage, name: str, *, invite: bytes | None = None, by_command: bool = False) -> int:
    new = NewPerson(name=name, password_hash=b"x", invite=invite, by_command=by_command)
    person = await storage.users.add(new)
    assert isinstance(person, Person)
    return person.id


async def one(storage: Storage, write: Write) -> Saved:
    (saved,) = await storage.messages.save([write])
    return saved


async def older(storage: Storage, person_id: int, hours: float) -> None:
    """Let somebody have registered so much earlier."""
    if isinstance(storage, PostgresStorage):
        earlier = "UPDATE users SET created_at = created_at - make_interval(secs => $2) WHERE id = $1"
        await storage.database.write(lambda c: c.execute(earlier, person_id, hours * 3600))
        return
    memory: object = storage
    assert isinstance(memory, MemoryStorage)
    by_id = memory.users._by_id
    person = by_id[person_id].person
    by_id[person_id] = structs.replace(
        by_id[person_id], person=structs.replace(person, created_at=person.created_at - hours * 3600)
    )


@pytest.fixture
async def ada(storage: Storage) -> int:
    """Somebody who has just registered, where newcomers wait for a day."""
    await storage.settings.change_settings({"newcomer_hours": 24}, None)
    return await add(storage, "ada")


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        (LINK, True),
        ("HTTPS://EXAMPLE.ORG", True),
        ("go to Www.example.org", True),
        ("[here](ftp://x)", True),
        ("e.g. this, and a/b", False),
        ("mail me@example.org", False),
    ],
)
def test_a_link_is_what_clients_make_one_of(text: str, is_link: bool) -> None:
    assert is_not_for_newcomers(said(text, 1)) == is_link
    assert is_not_for_newcomers(Edit(LOBBY_ID, 1, 1, text, NOW)) == is_link


def test_files_count_and_joinings_and_support_conversations_do_not() -> None:
    draft = said("", 1)
    assert is_not_for_newcomers(structs.replace(draft, file_ids=(1,)))
    assert not is_not_for_newcomers(structs.replace(draft, kind=MessageKind.JOIN))
    assert not is_not_for_newcomers(structs.replace(said(LINK, 1), people=SupportOf(Peer(1, "ada"))))


async def test_a_newcomer_sends_no_links_until_the_time_is_over(storage: Storage, ada: int) -> None:
    saved = await storage.messages.save([said("hello", ada), said(LINK, ada), said("@ada hello", ada)])
    message, refused, _ = saved
    assert [type(each) for each in saved] == [Message, Refusal, Message]
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.reason) == (Code.FORBIDDEN, "newcomer")
    assert refused.text == "people can't send links and files in their first 24 h here, wait 24 h"
    assert refused.retry_after is not None
    assert 86_300 < refused.retry_after <= 86_400
    assert isinstance(message, Message)
    assert isinstance(await one(storage, Edit(LOBBY_ID, message.seq, ada, LINK, NOW)), Refusal)
    await older(storage, ada, 23.5)
    refused = await one(storage, said(LINK, ada))
    assert isinstance(refused, Refusal)
    assert refused.text.endswith("wait 1 h")
    await older(storage, ada, 0.5)
    assert isinstance(await one(storage, said(LINK, ada)), Message)
    assert isinstance(await one(storage, Edit(LOBBY_ID, message.seq, ada, LINK, NOW)), Edited)
    assert await storage.feature_ports[NEWCOMERS].find(ada) is None


async def test_the_rule_holds_for_those_who_came_before_it_but_not_for_a_repeated_message(
    storage: Storage, ada: int
) -> None:
    await storage.settings.change_settings({"newcomer_hours": None}, None)
    first = said(LINK, ada, key="k")
    assert isinstance(await one(storage, first), Message)
    await storage.settings.change_settings({"newcomer_hours": 1}, None)
    saved = await storage.messages.save([first, said(LINK, ada, key="l")])
    assert [type(each) for each in saved] == [Repeated, Refusal]
    await storage.settings.change_settings({"newcomer_hours": 0}, None)
    assert isinstance(await one(storage, said(LINK, ada, key="l")), Message)


async def test_who_is_trusted(storage: Storage, ada: int) -> None:
    await storage.users.invite(NewInvite(digest=b"code", uses=1, expires_at=4_000_000_000.0))
    trusted = [await add(storage, "ben", by_command=True), await add(storage, "cem", invite=b"code")]
    for name in ("operator", "moderator", "admin"):
        person = await storage.users.add(
            NewPerson(name=name, password_hash=b"x", **{f"is_{name}": True})  # type: ignore[arg-type]
        )
        assert isinstance(person, Person)
        trusted.append(person.id)
    saved = await storage.messages.save([said(LINK, each) for each in [ada, *trusted]])
    assert [type(each) for each in saved] == [Refusal, *[Message] * 5]
    assert await storage.feature_ports[NEWCOMERS].find(ada) is not None
    assert await storage.feature_ports[NEWCOMERS].find(trusted[0]) is None


async def test_a_call_says_how_long_to_wait_and_support_has_no_rule(site: Site) -> None:
    await site.services.settings.change(None, {"newcomer_hours": 24})
    registered = await site.call("POST", "/auth/register", {"name": "ada", "password": "a long secret"})
    token = registered["access"]
    body = {"key": "k", "text": LINK}
    refused = await site.call("POST", f"/rooms/{LOBBY_ID}/messages", body, token=token)
    assert (refused.status, refused["code"], refused["reason"]) == (403, "forbidden", "newcomer")
    assert 86_000_000 < refused["retry_ms"] <= 86_400_000
    support = (await site.call("PUT", "/support", token=token))["id"]
    assert (await site.call("POST", f"/rooms/{support}/messages", body, token=token)).status == 201
