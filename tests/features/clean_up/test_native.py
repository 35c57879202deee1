"""Clean-ups over HTTP: what is deleted, for whom, and what readers and the audit get."""

import pytest
import trio
from trio.testing import MockClock

from chat.domain.accounts.sessions import Device
from chat.domain.administration.audit import What
from chat.domain.entities import LOBBY_ID, Person
from chat.domain.ports import NewPerson
from chat.domain.refusals import NOT_SAVED, OUTCOME_UNKNOWN
from chat.features.clean_up import use_cases
from chat.features.clean_up.native import CleanUp, clean_up
from chat.operations.operation import Caller
from tests.engine.cluster.test_servers import Servers, servers
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

__all__ = ["servers"]  # the fixture


async def say(site: Site, token: str, room: int, *texts: str) -> None:
    for text in texts:
        path = f"/rooms/{room}/messages"
        key = f"k{room}-{text}"
        assert (await site.call("POST", path, {"key": key, "text": text}, token=token)).status == 201


async def texts(site: Site, token: str, room: int) -> list[str]:
    page = await site.call("GET", f"/rooms/{room}/messages", token=token)
    return [each.get("text", "") for each in page["messages"] if each.get("kind") != "join"]


async def test_what_was_said_is_deleted_in_all_rooms_that_one_moderates(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_cases, "MOST", 2)
    eve, eves = await site.join("eve")
    _, adas = await site.join("ada")
    _, mods = await site.join("mod", moderator=True)
    own = (await site.call("POST", "/rooms", {"name": "garden"}, token=adas))["id"]
    await site.call("PUT", f"/rooms/{own}/members/{eve.id}", {"role": "member"}, token=adas)
    await say(site, eves, LOBBY_ID, "one", "two", "three")
    await say(site, eves, own, "four")
    await say(site, adas, LOBBY_ID, "mine")

    async def ask(token: str, **fields: int) -> Answer:
        return await site.call("POST", f"/people/{eve.id}/clean-up", {"hours": 1, **fields}, token=token)

    assert (await ask(adas)).body == {"deleted": 1}
    assert await texts(site, adas, own) == [""]
    first = await ask(mods)
    assert first["deleted"] == 2
    assert (await ask(mods, after=first["next"])).body == {"deleted": 1}
    assert await texts(site, adas, LOBBY_ID) == ["", "", "", "mine"]
    assert (await ask(mods)).body == {"deleted": 0}
    assert (await ask(eves)).body == {"deleted": 0}
    acts = await site.storage.audit.acts(None, 9, kinds=[What.MESSAGE_DELETED])
    assert [(act.by and act.by.name, act.person and act.person.name) for act in acts] == [
        *[("mod", "eve")] * 3,
        ("ada", "eve"),
    ]
    for hours in (0, 25):
        path = f"/people/{eve.id}/clean-up"
        refused = await site.call("POST", path, {"hours": hours}, token=mods, valid=False)
        assert refused.refused == (400, "invalid", "hours")


async def test_a_failure_of_the_database_is_an_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    eve, eves = await site.join("eve")
    _, mods = await site.join("mod", moderator=True)
    await say(site, eves, LOBBY_ID, "one", "two")
    for refusal, code in ((NOT_SAVED, "unavailable"), (OUTCOME_UNKNOWN, "outcome_unknown")):

        async def write_all(_writes: object, refusal: object = refusal) -> list[object]:
            return [refusal, refusal]

        monkeypatch.setattr(site.services.writes, "write_all", write_all)
        refused = await site.call("POST", f"/people/{eve.id}/clean-up", {"hours": 1}, token=mods)
        assert refused["code"] == code


async def test_readers_on_all_servers_see_it(autojump_clock: MockClock, servers: Servers) -> None:
    ada, eve = await servers.one.add_all("ada", "eve")
    mod = await servers.storage.users.add(NewPerson(name="mod", password_hash=b"x", is_moderator=True))
    assert isinstance(mod, Person)
    speaker, here, there = (
        Replica(servers.one, eve),
        Replica(servers.one, ada),
        Replica(servers.other, ada),
    )
    for each in (speaker, here, there):
        await each.connect()
    seqs = [(await speaker.say(LOBBY_ID, text))["seq"] for text in ("one", "two")]
    done = await clean_up(servers.one.services, Caller(mod, Device("")), CleanUp(person=eve.id, hours=1))
    assert getattr(done, "deleted", None) == 2
    await trio.sleep(0.1)
    for each in (here, there):
        events = await each.receives()
        assert sorted(event["seq"] for event in events if event["type"] == "deleted") == seqs
