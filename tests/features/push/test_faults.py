"""Push services that lie, refuse or never end, a database that stops, and servers that both hold a claim."""

import ssl
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.engine.statuses import Statuses
from chat.features.push.delivery import DAY, DeliveryState, PushAnswer, _seconds, deliver
from chat.features.push.figures import Figures
from chat.features.push.keys import Keys, new_private_key
from chat.features.push.ledger import LEDGER, Claimed, Delivered, Outcome, Unanswered
from chat.features.push.rules import Decision
from chat.features.push.sending import Outgoing, Sender
from chat.features.push.sent_file import SentFile, open_sent_file
from chat.features.push.subscriptions import Subscription
from chat.inspection.metrics import Metrics
from chat.outbound.client import open_outbound
from chat.storage.postgres.database import DatabaseAddress
from tests.features.push.browser import Browser
from tests.features.push.ledger_model import SteadyLedger
from tests.features.push.push_service import PushService
from tests.features.push.world import Server, World, open_servers, open_world
from tests.support.campaign import in_campaign
from tests.support.databases import fetch


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("99999999999999999999", float(DAY)),
        (formatdate(0, usegmt=True), 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", float(DAY)),
        ("-5", None),
        ("1e9", None),
        ("²", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_service_asks_for_patience_in_seconds_or_by_a_date(
    asked: str | None, seconds: float | None
) -> None:
    assert _seconds(asked) == seconds


# --- a service that lies ---


@asynccontextmanager
async def liar(authority: trustme.CA, says: bytes, *, endless: bytes = b"") -> AsyncGenerator[str]:
    """A server over TLS that says this to whatever it is asked, then `endless` again and again."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def serve(stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            await stream.receive_some(65536)
            await stream.send_all(says)
            while endless:
                await stream.send_all(endless * 1000)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_ssl_over_tcp_listeners(0, context, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield f"https://127.0.0.1:{listener.transport_listener.socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


_CREATED = b"HTTP/1.1 201 Created\r\n"


@pytest.mark.parametrize(
    ("says", "endless", "status", "state"),
    [
        (b"", b"", None, "retry"),
        (b"220 mail.example ESMTP\r\n", b"", None, "retry"),
        (b"HTTP/1.1 999999 No\r\n\r\n", b"", None, "retry"),
        (_CREATED, b"X-More: x\r\n", None, "retry"),
        (_CREATED + b"\r\n", b"x", None, "retry"),
        (_CREATED + b"Content-Length: 999999999\r\n\r\n", b"", None, "retry"),
        (_CREATED + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", None, "retry"),
        (_CREATED + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", b"", None, "retry"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + _CREATED + b"Content-Length: 0\r\n\r\n", b"", 201, "sent"),
        (
            b"HTTP/1.1 307 There\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            b"",
            307,
            "failed",
        ),
        (b"HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n", b"", 600, "retry"),
    ],
)
async def test_whatever_a_service_says_is_an_answer_in_time(
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    says: bytes,
    endless: bytes,
    status: int | None,
    state: str,
) -> None:
    monkeypatch.setattr("chat.features.push.delivery.TIMEOUT", 2.0)
    browser = Browser()
    with trio.fail_after(20):
        async with (
            liar(authority, says, endless=endless) as origin,
            open_outbound(lambda: ("127.0.0.1/32",)) as outbound,
        ):
            subscription = Subscription(
                session_id=1,
                person_id=1,
                endpoint=f"{origin}/x",
                p256dh=browser.p256dh,
                auth=browser.auth,
            )
            keys = Keys(new_private_key())
            answer = await deliver(outbound, keys, "", subscription, b"{}", topic=None, is_urgent=False)
    assert (answer.status, answer.state.value) == (status, state)


# --- a service that wants nothing ---


async def sent_in_memory(
    endpoints: Sequence[str], answers: Callable[[str], PushAnswer], lasts: float
) -> tuple[SteadyLedger, list[tuple[str, float]]]:
    """Send what is due to all of these for so many seconds; return the ledger, and what was asked and when."""
    ledger, keys, begun = SteadyLedger(endpoints), Keys(new_private_key()), trio.current_time()
    asked: list[tuple[str, float]] = []

    async def send(subscription: Subscription, _body: bytes, **_how: Any) -> PushAnswer:
        asked.append((subscription.endpoint, trio.current_time() - begun))
        await trio.sleep(0.1)
        return answers(subscription.endpoint)

    async def outgoing() -> Outgoing:
        await trio.lowlevel.checkpoint()
        return Outgoing(keys, send, "")

    sender = Sender(ledger, outgoing, Statuses(), Figures(Metrics()), SentFile())
    with trio.move_on_after(lasts):
        await sender.run()
    return ledger, asked


@in_campaign
async def test_ten_thousand_refusals_of_a_service_hold_up_no_other(autojump_clock: MockClock) -> None:
    busy = [f"https://busy.example/{n}" for n in range(10_000)]
    refusal = PushAnswer(status=429, retry_after=60.0)

    def answer(endpoint: str) -> PushAnswer:
        return refusal if "busy" in endpoint else PushAnswer(status=201)

    ledger, asked = await sent_in_memory([*busy, "https://other.example/ada"], answer, 70.0)
    (ada,) = [at for endpoint, at in asked if "ada" in endpoint]
    assert ada < 5
    assert ledger.outcomes[10_000].decision == "sent"
    assert all(ledger.outcomes[n].again for n in range(10_000))  # nobody is given up
    # After the first refusals it is asked again once each minute, for a few people.
    assert len(asked) < 200


async def test_what_a_service_refused_is_sent_when_it_takes_pushes_again(autojump_clock: MockClock) -> None:
    begun = trio.current_time()

    def answer(_endpoint: str) -> PushAnswer:
        is_busy = trio.current_time() - begun < 100
        return PushAnswer(status=503) if is_busy else PushAnswer(status=201)

    ledger, asked = await sent_in_memory([f"https://busy.example/{n}" for n in range(300)], answer, 3600.0)
    assert {outcome.decision for outcome in ledger.outcomes.values()} == {"sent"}
    assert ledger.is_done
    assert len(asked) < 600


async def test_what_was_sent_is_noted_while_outcomes_are_recorded(autojump_clock: MockClock) -> None:
    class SlowLedger(SteadyLedger):
        """It records for an hour, and keeps what it is asked to note."""

        noted: list[tuple[int, float]]

        async def note(self, unanswered: Sequence[Unanswered]) -> None:
            await trio.lowlevel.checkpoint()
            self.noted += [(each.person_id, trio.current_time()) for each in unanswered]

        async def record(self, outcomes: Sequence[Outcome]) -> None:
            await trio.sleep(3600)

    keys, begun = Keys(new_private_key()), trio.current_time()
    ledger = SlowLedger(["https://push.example/soon", "https://push.example/late"])
    ledger.noted = []

    async def send(subscription: Subscription, _body: bytes, **how: Any) -> PushAnswer:
        is_late = "late" in subscription.endpoint
        await trio.sleep(30 if is_late else 1)  # by then the outcome of the other one is being recorded
        how["written"]()
        return PushAnswer(status=201)

    async def outgoing() -> Outgoing:
        await trio.lowlevel.checkpoint()
        return Outgoing(keys, send, "")

    with trio.move_on_after(60):
        await Sender(ledger, outgoing, Statuses(), Figures(Metrics()), SentFile()).run()
    assert [(person, at - begun) for person, at in ledger.noted] == [(0, 1.0), (1, 30.0)]


async def test_the_files_of_sent_pushes_stay_small_while_there_is_always_one_more(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    class SlowLedger(SteadyLedger):
        """By the time a note is taken, more pushes are sent."""

        async def note(self, unanswered: Sequence[Unanswered]) -> None:
            await trio.sleep(1.5)

    sizes: list[int] = []

    def size() -> int:
        return sum(each.stat().st_size for each in tmp_path.iterdir())

    async def send(subscription: Subscription, _body: bytes, **how: Any) -> PushAnswer:
        await trio.sleep(subscription.session_id)
        how["written"]()
        sizes.append(size())
        return PushAnswer(status=201)

    async def outgoing() -> Outgoing:
        await trio.lowlevel.checkpoint()
        return Outgoing(keys, send, "")

    keys, ledger = Keys(new_private_key()), SlowLedger(["https://push.example/a"] * 60)
    with open_sent_file(tmp_path) as file, trio.move_on_after(100):
        await Sender(ledger, outgoing, Statuses(), Figures(Metrics()), file).run()
    assert len(sizes) == 60
    assert 0 < max(sizes) < 5 * sizes[0]
    assert size() == 0


async def test_one_persons_refusals_keep_nobody_elses_pushes_back(autojump_clock: MockClock) -> None:
    asked: list[str] = []

    def answer(endpoint: str) -> PushAnswer:
        asked.append(endpoint)
        return PushAnswer(status=429 if "bad" in endpoint else 201)

    ledger, _ = await sent_in_memory(["https://push.example/bad"], answer, 600.0)
    assert ledger.outcomes[0].decision == "waiting"
    assert len(asked) > 5  # it is not the service that is left alone


# --- a database that stops, and two that hold a claim ---


@pytest.fixture
async def world(
    shared_database: DatabaseAddress, empty: Callable[[], None], service: PushService
) -> AsyncGenerator[World]:
    empty()
    with trio.fail_after(60):
        async with open_world(shared_database, service) as world:
            await world.sql("INSERT INTO push_state (id, last_id) VALUES (1, 0)")
            yield world


def record_of(server: Server, monkeypatch: pytest.MonkeyPatch, before: Callable[[], Any]) -> None:
    """Have a server await this before it records."""
    ledger = server.storage.feature_ports[LEDGER]
    record = ledger.record

    async def recorded(outcomes: Sequence[Outcome]) -> None:
        await before()
        await record(outcomes)

    monkeypatch.setattr(ledger, "record", recorded)


async def test_a_database_that_stops_after_a_push_was_sent_gets_its_note_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.features.push.sending._RETRY", 0.05)
    ada, ben = await world.someone("ada"), await world.add("ben")
    outages = 0

    async def fail() -> None:
        nonlocal outages
        await trio.lowlevel.checkpoint()
        outages += 1
        if outages <= 5:
            raise StorageDown("away")

    async with open_servers(world) as (server,):
        record_of(server, monkeypatch, fail)
        (message,) = await world.say(ben, "@ada")
        await world.became(ada, message, "sent")
    assert outages == 6
    assert len(world.service.pushed) == 1


async def test_two_servers_that_both_hold_a_claim_push_twice_with_one_topic(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    released = trio.Event()
    async with open_servers(world) as (first,):
        record_of(first, monkeypatch, released.wait)
        (message,) = await world.say(ben, "@ada")
        await world.service.came(1)
        first.sender.stop()  # or it may be the one that claims it again
        async with open_servers(world) as (second,):
            await world.sql("UPDATE push_decisions SET due_at = now()")  # the first one's claim is over
            second.sender.wake()
            await world.became(ada, message, "sent")
        released.set()
    one, two = world.service.pushed
    assert one.headers["topic"] == two.headers["topic"]
    assert await fetch(world.address, "SELECT count(*) FROM push_deliveries") == 1
    found = await world.why(ada, message)
    assert found is not None
    assert found.decision == "sent"
    assert found.deliveries[0].state == DeliveryState.SENT


async def test_after_an_outage_two_claims_of_a_push_are_noted_and_recorded_at_once(world: World) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    ledger = world.storage.feature_ports[LEDGER]
    (message,) = await world.say(ben, "@ada")
    await ledger.decide(0.0)
    claims: list[Claimed] = []
    for _ in range(2):
        claims += await ledger.claim(9)
        await world.sql("UPDATE push_decisions SET due_at = now()")  # the outage is longer than a claim
    assert [each.claim for each in claims] == [1, 2]
    session = world.sessions["ada"]
    second, first = [Unanswered(message.id, ada.id, claim, session, "ada", claim, 0) for claim in (2, 1)]
    await ledger.note([second, first])
    noted = "SELECT claim * 10 + lost FROM push_deliveries"
    assert await fetch(world.address, noted) == 22
    await ledger.record([outcome_of(each, "sent", 0.0) for each in claims])
    assert await fetch(world.address, noted) == 20
    assert await world.decided(ada, message) == "sent"


@pytest.mark.parametrize(
    ("first", "second", "decision", "state"),
    [
        ("retry", "sent", "sent", "sent"),
        ("retry", "retry", "waiting", "retry"),
        ("sent", "retry", "sent", "sent"),
        ("failed", "sent", "sent", "sent"),
        ("failed", "retry", "waiting", "failed"),
        ("unknown", "sent", "sent", "sent"),
    ],
)
async def test_an_outcome_that_comes_after_a_later_claim_takes_nothing_back(
    world: World, first: str, second: str, decision: str, state: str
) -> None:
    ada, ben = await world.someone("ada"), await world.add("ben")
    ledger = world.storage.feature_ports[LEDGER]
    (message,) = await world.say(ben, "@ada")
    await ledger.decide(0.0)
    (one,) = await ledger.claim(9)
    await world.sql("UPDATE push_decisions SET due_at = now()")  # the first claim is over
    (two,) = await ledger.claim(9)
    await ledger.record([outcome_of(two, second, 50.0)])
    await ledger.record([outcome_of(one, first, 7.0)])
    found = await world.why(ada, message)
    assert found is not None
    assert (found.decision, found.deliveries[0].state) == (decision, state)
    due = await fetch(world.address, "SELECT round(extract(epoch FROM due_at - now())) FROM push_decisions")
    assert due == (50 if second == "retry" else None)


def outcome_of(claimed: Claimed, state: str, again: float) -> Outcome:
    """Return the outcome of a claim whose push ended like this."""
    decision = {"retry": "waiting", "unknown": "sent"}.get(state, state)
    return Outcome(
        message_id=claimed.message_id,
        person_id=claimed.person_id,
        claim=claimed.claim,
        tries=claimed.claim,
        decision=Decision(decision),
        again=again if state == "retry" else None,
        deliveries=[Delivered(device=claimed.devices[0], state=DeliveryState(state))],
    )
