"""Messages that are held for review, cancelled at many points: each is held or sent, and never shown unasked."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import LOBBY_ID, Draft, Message, Person
from chat.domain.messages.changes import Edit
from chat.domain.messages.review import REVIEW
from chat.domain.ports import NewPerson
from chat.domain.refusals import BANNED
from chat.due.port import DueItem
from chat.features.registry import FEATURES
from chat.features.review.following import open_following
from chat.features.review.native import review_event
from chat.features.review.port import DUE_KIND, HELD_MESSAGES
from chat.features.review.sending import send_allowed
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import swept_world, texts_saved
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Add a word, write it, list what is held, take one back, and remove the other."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        boss = await world.storage.users.add(NewPerson(name="boss", password_hash=b"x", is_admin=True))
        adas, bosses, api = world.token(ada), world.token(boss), "/api/v1"  # type: ignore[arg-type]
        async with open_following(world.services, review_event):
            await world.services.settings.refresh()
            got: Any = await wire.asks("PATCH", f"{api}/admin/review-words", {"add": ["bad"]}, bosses)
            is_known = isinstance(got, dict) and got.get("words") == ["bad"]
            await wire.asks("GET", f"{api}/admin/review-words", None, bosses)
            for key in ("a", "b"):
                fields = {"key": key, "text": "bad"}
                got = await wire.asks("POST", f"{api}/rooms/{LOBBY_ID}/messages", fields, adas)
                assert run.fired or got["reason"] == "held_for_review"
            await wire.asks("GET", f"{api}/held", None, bosses)
            await wire.asks("GET", f"{api}/me/held", None, adas)
            got = await wire.asks("DELETE", f"{api}/me/held/1", None, adas)
            assert run.fired or got == {"held": 1}
            got = await wire.asks("PUT", f"{api}/held/2", {"allow": False}, bosses)
            assert run.fired or got == {"held": 2}
            assert not is_known or texts_saved(world) == []
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def sending(run: Run) -> None:
    """Send what was allowed: a message, an edit, one that is out of date, and one that may not be sent."""
    async with swept_world(run) as (world, _):
        ada = await world.add("ada")
        mod = await world.storage.users.add(NewPerson(name="mod", password_hash=b"x", is_moderator=True))
        assert isinstance(mod, Person)
        store, save = world.services.feature_ports[HELD_MESSAGES], world.storage.messages.save
        world.services.feature_ports[REVIEW].replace(["bad"])

        def said(text: str, key: str) -> Draft:
            return Draft(LOBBY_ID, ada.id, "ada", text, 1.0, key=key)

        first, second = await save([said("one", "1"), said("two", "2")])
        assert isinstance(first, Message)
        assert isinstance(second, Message)
        await save([said("bad", "3"), said("a" * 3990 + " bad", "4")])
        await save([Edit(LOBBY_ID, each.seq, ada.id, "bad", 1.0) for each in (first, second)])
        for held in (1, 2, 3, 4):
            await store.decide(mod.id, held, allow=True)
        await save([Edit(LOBBY_ID, second.seq, ada.id, "newer", 4e9)])

        async def send() -> None:
            for held in (1, 3, 4, 1):
                await send_allowed(world.services, review_event, DueItem(held, DUE_KIND, str(held), 1))
            await world.storage.users.delete(ada.id)
            await send_allowed(world.services, review_event, DueItem(2, DUE_KIND, "2", 1))

        await run.target(send)
        assert texts_saved(world) in (["one", "newer"], ["one", "newer", "bad"], ["bad", "newer", "bad"])


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Change the words, hold messages and an edit, decide about them, and put them away."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            for name in ("ada", "mod"):
                new = NewPerson(name=name, password_hash=b"x", is_moderator=name == "mod")
                assert isinstance(await storage.users.add(new), Person)
            store = storage.feature_ports[HELD_MESSAGES]
            storage.feature_ports[REVIEW].replace(["bad"])

            async def write() -> None:
                await store.change_words(["bad"], [], 2)
                await store.words()
                drafts = [
                    Draft(LOBBY_ID, 1, "ada", text, 1.0, key=text) for text in ("bad", "good", "bad too")
                ]
                await storage.messages.save(drafts)
                await storage.messages.save([Edit(LOBBY_ID, 1, 1, "bad", 1.0)])
                await store.page(2, 99, 9, handled=False)
                await store.count(2)
                await store.own(1)
                await store.put_away(1, 99)
                for held in (1, 2, 3, 99):
                    await store.decide(2, held, allow=held != 2)
                await store.decide(2, 1, allow=True)
                await store.decide(1, 1, allow=True)
                for held in (1, 3):
                    await store.allowed(held)
                await store.refuse(1, BANNED)
                await store.sent(3)
                await store.put_away(1, 2)
                await storage.messages.save([Draft(LOBBY_ID, 1, "ada", "bad again", 1.0, key="again")])
                await store.put_away(1, 4)

            await run.target(write)
            log = await storage.messages.read_log(0, 10, PLENTY)
            assert [each.text for each in log if isinstance(each, Message)] in ([], ["good"])

    return scenario


def test_sending(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(sending, "sending allowed messages", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "review over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "review in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
