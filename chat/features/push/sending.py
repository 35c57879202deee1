"""The task that sends due pushes. Each server has one, which claims pushes until they are recorded.

Another server sends those that a dead one has claimed. A push that was sent and not recorded is sent again, with the
same topic.
"""

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import structlog
import trio
from msgspec import structs

from chat.domain.entities import Person
from chat.domain.failures import StorageError
from chat.domain.messages.live import Status
from chat.engine.statuses import Statuses
from chat.features.push.body import Notice, body_of
from chat.features.push.delivery import DAY, DeliveryState, PushAnswer, SendPush
from chat.features.push.figures import Figures
from chat.features.push.keys import Keys, Report
from chat.features.push.ledger import Claimed, Delivered, Device, Ledger, Outcome, Unanswered
from chat.features.push.rules import Decision, decide
from chat.features.push.sent_file import SentFile
from chat.features.push.services_down import ServicesDown
from chat.features.push.subscriptions import endpoint_of
from chat.signals import Signal

_MOST = 64
"""People and rooms whose pushes are under way at once: with a service that answers in 0.1 s, 640 a second."""

_FREE = 32
"""So many of them are free before more is claimed: a claim of one costs as much as one of many."""

_WATCHED = 1.0
"""Seconds for which the same people are watched: with hundreds of pushes a second, their statuses would take an eighth
of the time."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

_SOON = 5.0
"""Seconds until a push that failed is tried again; twice as long after each failure, an hour at most."""

_LATEST = 3600.0

_AFTER_SILENCE = 60.0
"""Seconds until a push is sent again whose answer was lost: usually the service has it, and it is the last try."""

_MOST_REFUSALS = 1000
"""Refusals of push services that are known to be logged."""

logger = structlog.get_logger(__name__)


class Outgoing(NamedTuple):
    """How pushes are sent now: the server's keys, what sends one, and what links begin with."""

    keys: Keys
    send: SendPush
    public_url: str
    may_have_texts: bool = True
    """An admin lets pushes have texts."""


class Sender:
    """Sends due pushes. It watches the people for whom one is due soon, so that all servers report them.

    Args:
        ledger: keeps the decisions.
        outgoing: returns how pushes are sent.
        statuses: who is online.
        figures: counts.
        sent_file: keeps the sent pushes that are not noted yet, so that a kill does not lose them.
    """

    def __init__(
        self,
        ledger: Ledger,
        outgoing: Callable[[], Awaitable[Outgoing]],
        statuses: Statuses,
        figures: Figures,
        sent_file: SentFile,
    ) -> None:
        self._ledger = ledger
        self._sent_file = sent_file
        self._outgoing = outgoing
        self._statuses = statuses
        self._figures = figures
        self._is_stopping = False
        self._down = ServicesDown()
        self._wakes = 0
        self._watch_at = -float("inf")  # the time of the next look at whom to watch
        self._under_way = 0  # claimed people and rooms that are not recorded yet
        self._outcomes: list[list[Outcome]] = []  # of each of them, not recorded yet
        self._unanswered: list[Unanswered] = [*sent_file.earlier]  # sent, and not noted
        self._changed = Signal()
        self._refused: set[tuple[str, int | None]] = set()  # logged before: push services and their answers
        self._has_failed = False

    def wake(self) -> None:
        """Something may be due earlier than was known. Sync."""
        self._wakes += 1
        self._changed.notify()

    def stop(self) -> None:
        """Claim nothing more. Sync."""
        self._is_stopping = True

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        """Do nothing: a status counts when a push is due. Sync."""
        return True

    def profile_changed(self, person: Person) -> None:
        """Do nothing. Sync."""

    async def run(self) -> None:
        """Send until cancelled. Cancelling: pushes under way may have been sent, and are sent again later."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._record)
            await nursery.start(self._note)
            try:
                while True:
                    await self._wait_due()
                    await self._changed.wait_until(
                        lambda: self._under_way <= _MOST - _FREE and not self._is_stopping
                    )
                    await self._send_due(nursery)
            finally:
                self._statuses.unwatch(self)

    async def wait_recorded(self) -> None:
        """Wait until nothing is under way. Cancelling changes nothing."""
        await self._changed.wait_until(lambda: not self._under_way)

    async def _wait_due(self) -> None:
        while True:
            wakes, now = self._wakes, trio.current_time()
            watches = now >= self._watch_at
            try:
                upcoming = await self._ledger.upcoming(with_people=watches)
            except StorageError as error:
                await self._failed(error)
                continue
            self._has_failed = False
            due_at = trio.current_time() + _seconds(upcoming.wait)
            look_at = float("inf") if watches else self._watch_at
            if watches:
                self._watch_at = now + _WATCHED
                self._statuses.watch(self, upcoming.people)
            with trio.move_on_at(min(due_at, look_at)) as waiting:
                await self._changed.wait_until(lambda seen=wakes: self._wakes != seen)  # type: ignore[misc]
            if waiting.cancelled_caught and due_at <= look_at:
                return

    async def _send_due(self, nursery: trio.Nursery) -> None:
        try:
            outgoing = await self._outgoing()
            claimed = await self._ledger.claim(_MOST - self._under_way)
        except StorageError as error:
            await self._failed(error)
            return
        # At the end of quiet hours one push is about all that they held back.
        ended = {each.person_id for each in claimed if each.is_held and not each.facts.quiet}
        places: defaultdict[tuple[int, int], list[Claimed]] = defaultdict(list)
        for each in sorted(claimed, key=lambda each: -each.message_id):
            places[each.person_id, 0 if each.person_id in ended else each.room_id].append(each)
        self._under_way += len(places)
        for waiting in places.values():
            nursery.start_soon(self._send_newest, outgoing, waiting)
            await trio.lowlevel.checkpoint()  # encryption takes time: other tasks have their turns between

    async def _send_newest(self, outgoing: Outgoing, waiting: Sequence[Claimed]) -> None:
        """Send the newest push that waits for a person in a room, or waited for their quiet hours."""
        is_active = self._statuses.status(waiting[0].person_id) is Status.ONLINE
        outcomes: list[Outcome] = []
        newest: Claimed | None = None
        more = 0
        late = max(each.late for each in waiting)
        for each in waiting:
            decision = decide(structs.replace(each.facts, is_active=is_active, is_newest=newest is None))
            if decision is Decision.SENT:
                newest = each
                continue
            more += each.is_held and decision is Decision.COLLAPSED
            outcomes.append(_settled(each, Decision.SENT if each.is_sent else decision))
        if newest is not None:
            outcomes.append(await self._send_to_all(outgoing, newest, late, more))
        self._outcomes.append(outcomes)
        self._changed.notify()

    async def _send_to_all(self, outgoing: Outgoing, claimed: Claimed, late: float, more: int) -> Outcome:
        started = trio.current_time()
        notice = Notice(
            room_id=claimed.room_id,
            seq=claimed.seq,
            sender=claimed.sender,
            room_name=claimed.room_name,
            text=claimed.text,
            badge=max(claimed.badge, 1),
            more=more,
        )
        has_text = claimed.has_text and outgoing.may_have_texts
        made: list[Delivered] = []

        async def send(device: Device) -> None:
            report = Report(claimed.message_id, claimed.person_id, device.subscription.session_id)
            code = outgoing.keys.report_code(report)
            body = body_of(notice, outgoing.public_url, code, has_text=has_text)
            delivered = await self._send_to(outgoing, device, claimed, body)
            made.append(delivered)
            if delivered.state is DeliveryState.SENT:
                self._figures.sent(late + trio.current_time() - started)

        async with trio.open_nursery() as nursery:
            for device in claimed.devices:
                nursery.start_soon(send, device)
        return _outcome(claimed, made)

    async def _send_to(self, outgoing: Outgoing, device: Device, claimed: Claimed, body: bytes) -> Delivered:
        origin = str(endpoint_of(device.subscription.endpoint))
        held = max(device.held, self._down.held(origin))
        if held:
            return Delivered(device=device, state=DeliveryState.RETRY, error="held", held=held)
        if device.is_over():
            return Delivered(device=device, state=DeliveryState.UNKNOWN, error="no_answer")

        def written() -> None:
            sent = Unanswered(
                claimed.message_id,
                claimed.person_id,
                claimed.claim,
                device.subscription.session_id,
                device.name,
                device.lost + 1,
                device.silent,
            )
            self._sent_file.add(sent)
            self._unanswered.append(sent)
            self._changed.notify()

        answer = await outgoing.send(
            device.subscription,
            body,
            topic=outgoing.keys.topic(claimed.room_id, claimed.person_id),
            is_urgent=claimed.facts.is_for_one or claimed.facts.is_followed,
            written=written,
        )
        self._figures.answered(answer)
        self._down.answered(origin, claimed.person_id, answer)
        if answer.state is DeliveryState.FAILED:
            self._log_refusal(origin, answer)
        is_over = answer.is_lost and device.is_over(1)
        return Delivered(
            device=device,
            state=DeliveryState.UNKNOWN if is_over else answer.state,
            is_lost=answer.is_lost,
            status=answer.status,
            error=answer.error,
            seconds=answer.seconds,
            held=answer.retry_after if answer.state is DeliveryState.RETRY else None,
        )

    def _log_refusal(self, origin: str, answer: PushAnswer) -> None:
        if (origin, answer.status) in self._refused or len(self._refused) >= _MOST_REFUSALS:
            return
        self._refused.add((origin, answer.status))
        logger.warning(
            "push service refuses pushes; they are not tried again. Check public_url, which it is sent, and the clock",
            service=origin,
            status=answer.status,
        )

    async def _record(self) -> None:
        while True:
            await self._changed.wait_until(lambda: self._outcomes)
            recorded, self._outcomes = self._outcomes, []
            outcomes = [outcome for each in recorded for outcome in each]
            while True:
                try:
                    await self._ledger.record(outcomes)
                    break
                except StorageError as error:
                    await self._failed(error)
            self._has_failed = False
            self._figures.decided(_counts(outcomes))
            self._under_way -= len(recorded)
            self.wake()

    async def _note(self, task_status: trio.TaskStatus[None]) -> None:
        """Note at once that these are sent; it has started once all from before a kill is noted.

        The file has them until then.
        """
        while True:
            if not self._unanswered:
                task_status.started()
                task_status = trio.TASK_STATUS_IGNORED
                await self._changed.wait_until(lambda: self._unanswered)
            sent, self._unanswered = self._unanswered, []
            self._sent_file.turn()
            while True:
                try:
                    await self._ledger.note(sent)
                    break
                except StorageError as error:
                    await self._failed(error)
            self._sent_file.clear()

    async def _failed(self, error: StorageError) -> None:
        if not self._has_failed:
            logger.warning("pushes are not sent or not recorded; trying again each second", error=str(error))
        self._has_failed = True
        await trio.sleep(_RETRY)


def _seconds(wait: float | None) -> float:
    """Return for how long to sleep: for ever without anything to wait for. Sync and pure."""
    return float("inf") if wait is None else max(wait, 0.0)


def _outcome(claimed: Claimed, made: Sequence[Delivered]) -> Outcome:
    """Return what came of the pushes to a person's browsers. Pure, but for chance."""
    states = {each.state for each in made}
    if claimed.is_sent or not states.isdisjoint((DeliveryState.SENT, DeliveryState.UNKNOWN)):
        decision = Decision.SENT
    elif DeliveryState.RETRY in states:
        decision = Decision.WAITING
    else:
        decision = Decision.FAILED if DeliveryState.FAILED in states else Decision.NO_DEVICE
    tries = claimed.facts.tries + 1
    again = None
    if DeliveryState.RETRY in states:
        usual = min(_SOON * 2 ** min(tries - 1, 20), _LATEST) * random.uniform(1, 1.25)
        if any(each.is_lost and each.state is DeliveryState.RETRY for each in made):
            usual = max(usual, _AFTER_SILENCE)
        asked = min((each.held or 0.0 for each in made if each.state is DeliveryState.RETRY), default=0.0)
        again = max(usual, asked)
        if claimed.facts.age + again > DAY:
            again = None
            decision = decision if decision is Decision.SENT else Decision.FAILED
    return Outcome(
        message_id=claimed.message_id,
        person_id=claimed.person_id,
        claim=claimed.claim,
        tries=tries,
        decision=decision,
        again=again,
        deliveries=made,
    )


def _settled(claimed: Claimed, decision: Decision) -> Outcome:
    return Outcome(
        message_id=claimed.message_id,
        person_id=claimed.person_id,
        claim=claimed.claim,
        tries=claimed.facts.tries + 1,
        decision=decision,
        again=claimed.facts.quiet if decision is Decision.QUIET else None,
    )


def _counts(outcomes: Iterable[Outcome]) -> dict[Decision, int]:
    counts: dict[Decision, int] = {}
    for each in outcomes:
        if each.decision is not Decision.WAITING:
            counts[each.decision] = counts.get(each.decision, 0) + 1
    return counts
