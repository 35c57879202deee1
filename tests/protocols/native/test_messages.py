"""Messages over HTTP: saved once, changed by the rules, read in their current state."""

from typing import Any
from urllib.parse import quote

import pytest
import trio

from chat.application import members
from chat.domain.entities import LOBBY_ID, Room
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.budgets import Budgets
from chat.domain.messages.changes import RoomDeletion
from tests.protocols.native.site import Answer, Site, open_site

LOBBY = f"/rooms/{LOBBY_ID}"


async def say(site: Site, token: str, text: str, key: str, room: int = LOBBY_ID) -> Answer:
    return await site.call("POST", f"/rooms/{room}/messages", {"key": key, "text": text}, token=token)


async def make_room(site: Site, creator: int, name: str = "garden", *, is_private: bool = False) -> int:
    room = await site.storage.rooms.create(name, creator, is_private=is_private)
    assert isinstance(room, Room)
    return room.id


def reaction(seq: int, emoji: str, room: int = LOBBY_ID) -> str:
    return f"/rooms/{room}/messages/{seq}/reactions/{quote(emoji)}"


async def read(site: Site, token: str, query: str = "", room: int = LOBBY_ID) -> Answer:
    answer = await site.call("GET", f"/rooms/{room}/messages{query}", token=token)
    assert answer.status == 200, answer.body
    return answer


def seqs(page: Answer) -> tuple[list[int], bool, bool]:
    return (
        [each["seq"] for each in page["messages"]],
        page.body.get("first", False),
        page.body.get("last", False),
    )


async def test_a_sent_message_is_readable_at_once(site: Site) -> None:
    ada, token = await site.join("ada")
    said = await say(site, token, "  hello  ", "k-1")
    assert said.status == 201
    assert said.body == {
        "room": LOBBY_ID,
        "seq": 1,
        "pos": 1,
        "at": said["at"],
        "sender": {"id": ada.id, "name": "ada"},
        "text": "hello",
        "key": "k-1",
    }
    page = await read(site, token)
    assert page.body == {"messages": [said.body], "pos": 1, "first": True, "last": True}
    _, other = await site.join("ben")
    (got,) = (await read(site, other))["messages"]
    assert "key" not in got


async def test_a_message_sent_repeatedly_is_saved_once(site: Site) -> None:
    ada, token = await site.join("ada")
    garden = await make_room(site, ada.id)
    first = await say(site, token, "hello", "k")
    again = await say(site, token, "hello ", "k")
    assert (again.status, again.body) == (200, first.body)
    await site.call("PATCH", f"{LOBBY}/messages/1", {"text": "hi"}, token=token)
    again = await say(site, token, "hello", "k")
    assert (again.status, again["text"], again["pos"]) == (200, "hi", 2)
    await site.call("DELETE", f"{LOBBY}/messages/1", token=token)
    again = await say(site, token, "hello", "k")
    assert (again.status, "text" in again.body, again["deleted"]["by"]) == (200, False, ada.id)
    for text, room in (("other", LOBBY_ID), ("hello", garden)):
        refused = await say(site, token, text, "k", room)
        assert (refused.refused, refused["room"], refused["seq"]) == ((409, "conflict", None), LOBBY_ID, 1)
    _, other = await site.join("ben")
    assert (await say(site, other, "mine", "k")).status == 201, "keys are each person's own"
    assert len(site.world.said(LOBBY_ID)) == 2


async def test_one_key_at_once_is_one_message(site: Site) -> None:
    _, token = await site.join("ada")
    answers: list[Answer] = []

    async def send() -> None:
        answers.append(await say(site, token, "hello", "k"))

    async with trio.open_nursery() as nursery:
        with site.obstacles.held("save"):
            for _ in range(5):
                nursery.start_soon(send)
            while site.world.journal.pending_writes.count < 5:
                await trio.lowlevel.checkpoint()
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 201]
    assert {answer["seq"] for answer in answers} == {1}
    assert len(site.world.said(LOBBY_ID)) == 1


async def test_a_page_is_the_newest_or_before_after_or_around_a_message(site: Site) -> None:
    _, token = await site.join("ada")
    for number in range(1, 10):
        await say(site, token, str(number), str(number))
    for query, got in (
        ("", ([1, 2, 3, 4, 5, 6, 7, 8, 9], True, True)),
        ("?limit=3", ([7, 8, 9], False, True)),
        ("?limit=3&before=7", ([4, 5, 6], False, False)),
        ("?before=3", ([1, 2], True, False)),
        ("?before=1", ([], True, False)),
        ("?limit=3&after=0", ([1, 2, 3], True, False)),
        ("?after=7", ([8, 9], False, True)),
        ("?after=9", ([], False, True)),
        ("?after=99", ([], False, True)),
        ("?limit=3&around=5", ([4, 5, 6], False, False)),
        ("?limit=4&around=5", ([3, 4, 5, 6], False, False)),
        ("?limit=1&around=5", ([5], False, False)),
        ("?limit=3&around=1", ([1, 2, 3], True, False)),
        ("?limit=4&around=9", ([6, 7, 8, 9], False, True)),
        ("?around=9", ([1, 2, 3, 4, 5, 6, 7, 8, 9], True, True)),
        ("?limit=3&around=99", ([7, 8, 9], False, True)),
    ):
        assert seqs(await read(site, token, query)) == got, query
    _, other = await site.join("ben")
    garden = await make_room(site, 2)
    assert (await read(site, other, "", garden)).body == {
        "messages": [],
        "pos": 0,
        "first": True,
        "last": True,
    }


async def test_a_page_of_long_texts_is_short_and_has_the_one_that_was_asked_for(site: Site) -> None:
    _, token = await site.join("ada")
    for number in range(1, 61):
        await say(site, token, "\x01" * 4000, str(number))  # 24,002 bytes each, as JSON
    newest, first, last = seqs(await read(site, token, "?limit=100"))
    assert (newest[-1], len(newest), first, last) == (60, 21, False, True)
    around, first, last = seqs(await read(site, token, "?limit=60&around=50"))
    assert (around[0], first, last) == (50, False, True)


async def test_messages_are_returned_in_their_current_state(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    for text in ("helo", "oops", "kept"):
        await say(site, token, text, text)
    edited = await site.call("PATCH", f"{LOBBY}/messages/1", {"text": "hello"}, token=token)
    deleted = await site.call("DELETE", f"{LOBBY}/messages/2", token=token)
    reacted = await site.call("PUT", reaction(3, "👍"), token=bens)
    assert (edited["text"], edited["pos"], "edited" in edited.body) == ("hello", 4, True)
    assert ("text" in deleted.body, deleted["deleted"]["by"], deleted["pos"]) == (False, ada.id, 5)
    assert reacted["reactions"] == [{"emoji": "👍", "count": 1, "people": [ben.id], "mine": True}]
    page = await read(site, token)
    assert page["messages"][:2] == [edited.body, deleted.body]
    assert page["messages"][2]["reactions"] == [{"emoji": "👍", "count": 1, "people": [ben.id]}]
    assert page["pos"] == 6
    again = await site.call("PUT", reaction(3, "👍"), token=bens)
    assert (again.status, again.body) == (200, reacted.body), "it changes nothing"
    back = await site.call("DELETE", reaction(3, "👍"), token=bens)
    assert ("reactions" in back.body, back["pos"]) == (False, 7)


async def test_people_change_their_own_messages_and_moderators_delete_others(site: Site) -> None:
    _, token = await site.join("ada")
    _, bens = await site.join("ben")
    _, zoes = await site.join("zoe", admin=True)
    await say(site, token, "hello", "k")
    path = f"{LOBBY}/messages/1"
    for other in (bens, zoes):
        assert (await site.call("PATCH", path, {"text": "x"}, token=other)).refused == (
            403,
            "forbidden",
            None,
        )
    assert (await site.call("DELETE", path, token=bens)).refused == (403, "forbidden", None)
    assert (await site.call("DELETE", path, token=zoes)).status == 200
    assert (await site.call("DELETE", path, token=zoes)).status == 200, "it is deleted"
    assert (await site.call("PATCH", path, {"text": "x"}, token=token)).refused == (404, "not_found", None)
    assert (await site.call("PUT", reaction(1, "👍"), token=token)).refused == (404, "not_found", None)
    for method, nothing, body in (
        ("PATCH", f"{LOBBY}/messages/9", {"text": "x"}),
        ("DELETE", f"{LOBBY}/messages/9", None),
        ("PUT", reaction(9, "👍"), None),
        ("DELETE", f"{LOBBY}/messages/{2**53}", None),
        ("DELETE", f"{LOBBY}/messages/0", None),
    ):
        assert (await site.call(method, nothing, body, token=token)).refused == (404, "not_found", None)


async def test_nobody_reads_or_writes_where_they_may_not_see(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    public, private = await make_room(site, ada.id, "a"), await make_room(site, ada.id, "b", is_private=True)
    desk = await site.storage.rooms.support_room(ada.id)
    direct = await site.storage.rooms.direct_room(ada.id, ada.id)
    assert desk
    assert direct
    for room in (public, private, desk.id, direct.id):
        assert (await say(site, token, "hello", f"k-{room}", room)).status == 201
    for room, refused in (
        (public, (403, "forbidden", None)),
        (private, (404, "not_found", None)),
        (desk.id, (404, "not_found", None)),
        (direct.id, (404, "not_found", None)),
        (999, (404, "not_found", None)),
        (2**53, (404, "not_found", None)),
        (0, (404, "not_found", None)),
    ):
        calls: list[tuple[str, str, Any]] = [
            ("GET", f"/rooms/{room}/messages", None),
            ("POST", f"/rooms/{room}/messages", {"key": "k", "text": "x"}),
            ("PATCH", f"/rooms/{room}/messages/1", {"text": "x"}),
            ("DELETE", f"/rooms/{room}/messages/1", None),
            ("PUT", reaction(1, "👍", room), None),
            ("DELETE", reaction(1, "👍", room), None),
            ("PUT", f"/rooms/{room}/read", {"seq": 1}),
        ]
        for method, path, body in calls:
            answer = await site.call(method, path, body, token=bens)
            assert answer.refused == refused, (method, path)
            assert (await site.call(method, path, body)).status == 401
    assert [message.text for room in (public, private) for message in site.world.said(room)] == ["hello"] * 2
    assert ben


async def test_a_person_who_has_left_can_not_change_messages(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    garden = await make_room(site, ada.id, is_private=True)
    await members.add(site.services, ada, garden, ben.id)
    await say(site, bens, "mine", "k", garden)
    await members.remove(site.services, ada, garden, ben.id)
    answer = await site.call("PATCH", f"/rooms/{garden}/messages/2", {"text": "x"}, token=bens)
    assert answer.refused == (404, "not_found", None)
    assert [message.text for message in site.world.said(garden)] == ["", "mine"]
    assert token


@pytest.mark.parametrize("emoji", ["a", "ab", "1", "👍" * 2, "👍" * 100, "👍a", "\x01"])
async def test_a_reaction_is_one_emoji(site: Site, emoji: str) -> None:
    _, token = await site.join("ada")
    await say(site, token, "hello", "k")
    for method in ("PUT", "DELETE"):
        answer = await site.call(method, reaction(1, emoji), token=token)
        assert answer.refused == (400, "invalid", "emoji")


async def test_a_message_has_twenty_kinds_of_reactions(site: Site) -> None:
    _, token = await site.join("ada")
    await say(site, token, "hello", "k")
    for number in range(20):
        assert (await site.call("PUT", reaction(1, chr(0x1F600 + number)), token=token)).status == 200
    answer = await site.call("PUT", reaction(1, "👍"), token=token)
    assert answer.refused == (429, "too_many", None)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("before=0", "before"),
        ("before=x", "before"),
        ("after=-1", "after"),
        (f"around={2**53}", "around"),
        ("before=1&after=1", None),
        ("after=0&around=1", None),
    ],
)
async def test_a_wrong_query_parameter_is_named(site: Site, query: str, field: str | None) -> None:
    _, token = await site.join("ada")
    answer = await site.call("GET", f"{LOBBY}/messages?{query}", token=token, valid=False)
    assert answer.refused == (400, "invalid", field)


@pytest.mark.parametrize("text", ["", "  \n", "a\0b"])
async def test_a_text_must_not_be_empty(site: Site, text: str) -> None:
    _, token = await site.join("ada")
    await say(site, token, "hello", "k")
    assert (await say(site, token, text, "k-2")).refused == (400, "invalid", "text")
    answer = await site.call("PATCH", f"{LOBBY}/messages/1", {"text": text}, token=token)
    assert answer.refused == (400, "invalid", "text")


async def test_read_marks_move_forward_or_back_and_never_beyond_the_end(site: Site) -> None:
    _, token = await site.join("ada")
    _, bens = await site.join("ben")
    for number in range(5):
        await say(site, token, "hello", str(number))

    async def reads(seq: int, **back: bool) -> Any:
        answer = await site.call("PUT", f"{LOBBY}/read", {"seq": seq, **back}, token=bens)
        return answer["read"], answer.body.get("unread", 0)

    assert await reads(2) == (2, 3)
    assert await reads(1) == (2, 3)
    assert await reads(1, back=True) == (1, 4)
    assert await reads(0, back=True) == (0, 5)
    assert await reads(99) == (5, 0)
    assert await reads(2**53 - 1) == (5, 0)


async def test_a_journals_refusal_is_answered_with_its_code(site: Site) -> None:
    ada, token = await site.join("ada")
    garden = await make_room(site, ada.id)
    site.obstacles.fail("save", StorageDown("away"))
    assert (await say(site, token, "hello", "k")).refused == (503, "unavailable", None)
    site.obstacles.fail("save", OutcomeUnknown("silent"), after=True)
    assert (await say(site, token, "hello", "k")).refused == (503, "outcome_unknown", None)
    assert (await say(site, token, "hello", "k")).status == 200, "the same key finds it"
    answers: list[Answer] = []

    async def send() -> None:
        answers.append(await say(site, token, "hello", "k-2", garden))

    async with trio.open_nursery() as nursery:
        with site.obstacles.held("access", after=True):
            nursery.start_soon(send)
            while site.obstacles.calls[-1] != "access":
                await trio.lowlevel.checkpoint()
            await site.storage.messages.save([RoomDeletion(garden, ada.id, 1.0)])
    assert answers[0].refused == (404, "not_found", None), "the room was deleted meanwhile"


async def test_each_call_answers_a_storage_outage(site: Site) -> None:
    _, token = await site.join("ada")
    await say(site, token, "hello", "k")
    calls: list[tuple[str, str, str, Any]] = [
        ("access", "GET", f"{LOBBY}/messages", None),
        ("history", "GET", f"{LOBBY}/messages", None),
        ("access", "POST", f"{LOBBY}/messages", {"key": "k-2", "text": "x"}),
        ("history", "PATCH", f"{LOBBY}/messages/1", {"text": "x"}),
        ("history", "DELETE", f"{LOBBY}/messages/1", None),
        ("access", "PUT", reaction(1, "👍"), None),
        ("mark_read", "PUT", f"{LOBBY}/read", {"seq": 1}),
        ("snapshots", "PUT", f"{LOBBY}/read", {"seq": 1}),
    ]
    for call, method, path, body in calls:
        site.obstacles.fail(call, StorageDown("away"))
        assert (await site.call(method, path, body, token=token)).refused == (503, "unavailable", None), path
    assert [message.text for message in site.world.said(LOBBY_ID)] == ["hello"]


async def test_reading_costs_by_the_requested_amount() -> None:
    async with open_site(budgets=Budgets(pages=0.001)) as site:
        _, token = await site.join("ada")
        assert (await read(site, token, "?limit=100")).status == 200
        answer = await site.call("GET", f"{LOBBY}/messages?limit=1", token=token)
        assert answer.refused == (429, "too_many", None)
        assert answer["retry_ms"] >= 1000


async def test_writing_costs_a_message_and_its_text() -> None:
    async with open_site(budgets=Budgets(text=0.001)) as site:
        _, token = await site.join("ada")
        assert (await say(site, token, "x" * 4000, "1")).status == 201
        assert (await say(site, token, "x", "2")).refused == (429, "too_many", None)
        answer = await site.call("PATCH", f"{LOBBY}/messages/1", {"text": "x"}, token=token)
        assert answer.refused == (429, "too_many", None)
    async with open_site(budgets=Budgets(messages=0.001)) as site:
        _, token = await site.join("ada")
        assert (await say(site, token, "hello", "1")).status == 201
        calls: list[tuple[str, str, Any]] = [
            ("POST", f"{LOBBY}/messages", {"key": "2", "text": "x"}),
            ("PATCH", f"{LOBBY}/messages/1", {"text": "x"}),
            ("DELETE", f"{LOBBY}/messages/1", None),
            ("PUT", reaction(1, "👍"), None),
            ("DELETE", reaction(1, "👍"), None),
            ("PUT", f"{LOBBY}/read", {"seq": 1}),
        ]
        for method, path, body in calls:
            assert (await site.call(method, path, body, token=token)).refused == (429, "too_many", None), path
