"""Pushes, cut off wherever they can wait."""

import time
from email.message import EmailMessage
from typing import Any

import pytest
import trio
from trio_cancel_sweep import Run, Scenario

from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.mail_server import mail_server
from chat.domain.ports import NewPerson, NewSession, Refreshing
from chat.due.port import DueItem
from chat.engine.hub import Hub
from chat.engine.statuses import Statuses
from chat.features.push.delivery import DeliveryState, PushAnswer
from chat.features.push.figures import Figures
from chat.features.push.keys import Keys, Report, new_private_key
from chat.features.push.ledger import LEDGER, Delivered, Outcome, Unanswered
from chat.features.push.ledger_queries import PostgresLedger
from chat.features.push.missed.port import MISSED
from chat.features.push.missed.sending import HandOver, HowToMail, MissedFigures, MissedMails
from chat.features.push.opening import open_pushes
from chat.features.push.quiet.port import QUIET, QuietChoice
from chat.features.push.quiet_hours import QuietHours
from chat.features.push.rules import Decision
from chat.features.push.sending import Outgoing
from chat.features.push.subscriptions import SUBSCRIPTIONS, Subscription
from chat.inspection.metrics import Metrics
from chat.mail import handing_over
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.postgres_scenarios import storage_at
from tests.features.push.browser import Browser
from tests.features.push.ledger_model import LedgerInMemory
from tests.support.chat_world import World
from tests.support.databases import empty, execute
from tests.support.people import PASSWORD

UNREACHABLE = "https://127.0.0.1:9/push"


async def http_native_push(run: Run) -> None:
    """Subscribe, choose, try it out with an address that no server asks, and unsubscribe."""

    async def ask(wire: Wire, world: World) -> None:
        hashed = await world.accounts.hash(PASSWORD, None)
        assert isinstance(hashed, bytes)
        ada = await world.storage.users.add(NewPerson(name="ada", password_hash=hashed))
        assert isinstance(ada, Person)
        begin = "/api/v1"
        session = await wire.asks("POST", f"{begin}/auth/login", {"login": "ada", "password": PASSWORD})
        token = session["access"] if session and "access" in session else ""
        body = Browser().subscription(UNREACHABLE)
        await wire.asks("PUT", f"{begin}/push/subscription", body, token)
        await wire.asks("PATCH", f"{begin}/push", {"text": False}, token)
        await wire.asks("GET", f"{begin}/push", None, token)
        chosen = {"on": True, "start": "22:00", "end": "07:00", "days": ["mon"], "zone": "UTC"}
        await wire.asks("PUT", f"{begin}/me/quiet-hours", chosen, token)
        tried = await wire.asks("POST", f"{begin}/push/test", None, token)
        assert run.fired or (tried is not None and tried["error"] == "unreachable")
        await wire.asks("POST", f"{begin}/push/report", {"code": "no", "event": "shown"}, token)
        await wire.asks("DELETE", f"{begin}/push/subscription", None, token)
        await wire.stream.aclose()

    await one_connection(run, ask, config())


def subscribing(address: DatabaseAddress) -> Scenario:
    """Make the key in a real database, and subscribe."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            refreshing = Refreshing(b"family", b"own", b"next")
            new = NewSession(person_id=ada.id, generation=0, lasts=3600, refreshing=refreshing)
            session = await storage.sessions.begin(new)
            assert session is not None
            await run.target(_subscribe, storage.feature_ports, ada.id, session.id)

    return scenario


async def _subscribe(ports: Any, ada: int, session_id: int) -> None:
    subscriptions = ports[SUBSCRIPTIONS]
    assert await subscriptions.private_key() == await subscriptions.private_key()
    each = Subscription(
        session_id=session_id, person_id=ada, endpoint=UNREACHABLE, p256dh=bytes(65), auth=bytes(16)
    )
    assert await subscriptions.subscribe(each)
    assert await subscriptions.of_session(session_id) == each
    assert await subscriptions.of_person(ada) == [each]
    await subscriptions.choose_text(ada, False)
    assert (await subscriptions.state(ada, session_id)).is_subscribed
    night = QuietHours(start=1320, end=420, days={0}, zone="UTC")
    await ports[QUIET].choose(ada, QuietChoice(is_on=True, hours=night, passing=()))
    assert (await ports[QUIET].choice(ada)).hours == night
    await subscriptions.forget(session_id, "https://another.example")
    await subscriptions.unsubscribe(session_id)
    assert not (await subscriptions.state(ada, session_id)).is_subscribed


def deciding(address: DatabaseAddress) -> Scenario:
    """Decide, claim, record and explain on a real database."""

    async def scenario(run: Run) -> None:
        empty(address, "INSERT INTO push_state (id, last_id) VALUES (1, 0)")
        async with storage_at(address) as storage:
            people = [
                await storage.users.add(NewPerson(name=name, password_hash=b"x")) for name in ("ada", "ben")
            ]
            ada, ben = (each.id for each in people if isinstance(each, Person))
            refreshing = Refreshing(b"family", b"own", b"next")
            new = NewSession(person_id=ada, generation=0, lasts=3600, refreshing=refreshing)
            session = await storage.sessions.begin(new)
            assert session is not None
            each = Subscription(
                session_id=session.id, person_id=ada, endpoint=UNREACHABLE, p256dh=bytes(65), auth=bytes(16)
            )
            await storage.feature_ports[SUBSCRIPTIONS].subscribe(each)
            await storage.messages.save([Draft(LOBBY_ID, ben, "ben", "@ada", time.time())])
            await run.target(_decide, storage.feature_ports[LEDGER], ada)

    return scenario


async def _decide(ledger: PostgresLedger, ada: int) -> None:
    assert (await ledger.decide(0.0)).decided == {Decision.WAITING: 1}
    assert (await ledger.decide(0.0)).decided == {}
    ledger._clock = time.time() + 60  # as if the clock were set back
    assert (await ledger.upcoming()).people == [ada]
    assert (await ledger.upcoming()).wait is not None
    (claimed,) = await ledger.claim(9)
    assert await ledger.claim(9) == []
    delivered = Delivered(device=claimed.devices[0], state=DeliveryState.RETRY, held=0.0)
    gone = Delivered(device=claimed.devices[0], state=DeliveryState.GONE, status=410)
    place = {"message_id": claimed.message_id, "person_id": ada}
    waits = Outcome(**place, tries=1, decision=Decision.WAITING, again=0.0, deliveries=[delivered])
    session = claimed.devices[0].subscription.session_id
    await ledger.note([Unanswered(claimed.message_id, ada, claimed.claim, session, "phone", 1, 0)])
    await ledger.record([waits])
    await ledger.record(
        [Outcome(**place, claim=0, tries=0, decision=Decision.SENT)]
    )  # an earlier claim, late
    await ledger.record([Outcome(**place, tries=2, decision=Decision.FAILED, deliveries=[gone])])
    assert not await ledger.report(Report(claimed.message_id, ada, session), is_clicked=True)  # it is gone
    found = await ledger.explain(ada, LOBBY_ID, 1)
    assert [found] == await ledger.last_of(ada, 9)
    assert await ledger.forget(9) == 0


async def pushing(run: Run) -> None:
    """Follow, send and record through outages: what is claimed is recorded, or claimed again."""
    with pytest.MonkeyPatch.context() as faster:
        for name in ("follower._RETRY", "sending._RETRY", "opening._PAUSE"):
            faster.setattr(f"chat.features.push.{name}", 0.001)
        hub, statuses, ledger = Hub(), Statuses(), LedgerInMemory()
        keys, sent = Keys(new_private_key()), []

        async def send(subscription: Subscription, _body: bytes, **how: Any) -> PushAnswer:
            await trio.sleep(0.01)
            how["written"]()
            sent.append(subscription.session_id)
            return PushAnswer(status=201)

        async def outgoing() -> Outgoing:
            await trio.lowlevel.checkpoint()
            return Outgoing(keys, send, "")

        async def push(last_id: int = 3) -> None:
            figures = Figures(Metrics())
            async with open_pushes(ledger, hub, statuses, outgoing, figures, delay=0.01, pace=0.01):
                for number in range(1, last_id + 1):
                    ledger.newest = hub.newest_id = max(number, ledger.newest)
                    hub.published.notify()
                    await trio.sleep(0.05)
                await ledger.recorded.wait_until(lambda: ledger.is_done)

        await run.target(push)
        assert not statuses._watchers
        await push()
        assert ledger.is_done
        assert set(sent) == {1, 2, 3}
        assert run.fired or len(sent) == 3


def mailing(address: DatabaseAddress) -> Scenario:
    """Decide, mail and record on a real database: whatever is cut off, it is one mail in the end."""

    async def scenario(run: Run) -> None:
        empty(address, "INSERT INTO missed_state (id, last_id) VALUES (1, 0)")
        async with storage_at(address) as storage:
            ada, ben = [
                await storage.users.add(NewPerson(name=name, password_hash=b"x", email=f"{name}@example.com"))
                for name in ("ada", "ben")
            ]
            assert isinstance(ada, Person)
            assert isinstance(ben, Person)
            await execute(
                address,
                f"INSERT INTO confirmed_addresses (user_id, email_key) VALUES ({ada.id}, 'ada@example.com')",
            )
            await storage.messages.save([Draft(LOBBY_ID, ben.id, "ben", "@ada", time.time() - 960)])
            ports, taken = storage.feature_ports, []

            async def hand_over(message: EmailMessage, _to: str) -> handing_over.HandedOver:
                await trio.lowlevel.checkpoint()
                taken.append(message["Message-ID"])
                made = handing_over.Outcome.TRY_AGAIN if len(taken) == 1 else handing_over.Outcome.SENT
                return handing_over.HandedOver(made, "taken")

            async def mail() -> None:
                await _mail(ports, hand_over, ada.id)

            await run.target(mail)
            await mail()
            assert len(set(taken)) == 1
            assert run.fired or len(taken) == 2
            report = await ports[MISSED].explain(ada.id, LOBBY_ID, 1)
            assert report is not None
            assert report.decision == Decision.SENT

    return scenario


async def _mail(ports: Any, hand_over: HandOver, ada: int) -> None:
    server = mail_server("smtp://127.0.0.1:9?tls=none", "chat@chat.example")
    how = HowToMail(server, "Tea", "https://chat.example")
    mails = MissedMails(ports[MISSED], Statuses(), lambda: how, hand_over, MissedFigures({}))
    await ports[MISSED].decide(900.0)
    item = DueItem(1, "missed", f"{ada}/{LOBBY_ID}", 1)
    for _ in range(4):
        await mails.mail(item)
    await ports[MISSED].last_of(ada, 9)
    await ports[MISSED].forget(9)
    await ports[MISSED].choose(ada, 3600)
    await ports[MISSED].choice(ada)
    await ports[MISSED].unsubscribe("00000000-0000-0000-0000-000000000000")


GATEWAY = (http_native_push,)
