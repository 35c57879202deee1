"""Mails what somebody missed in a room, once its time has come: a handler of due items."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from email.message import EmailMessage
from email.utils import make_msgid
from typing import NamedTuple

import structlog
import trio
from msgspec import structs
from prometheus_client import Counter

from chat.domain.entities import Person
from chat.domain.features import Port, Ports
from chat.domain.mail_server import MailServer
from chat.domain.messages.live import Status
from chat.due.port import DueItem
from chat.engine.statuses import Statuses
from chat.features.push.missed.letters import missed_mail
from chat.features.push.missed.port import MailOutcome, Missed, MissedRoom
from chat.features.push.rules import Decision, decide
from chat.inspection.metrics import Metrics
from chat.mail.handing_over import HandedOver, Outcome
from chat.mail.letter import message_of

_REPORTS = 3.0
"""Seconds in which other servers report whether a person has a page open there."""

_WATCHED = 120.0
"""Seconds for which a person is watched after a look at what they missed."""

_ACTIVE = 300.0
"""Seconds until the next look while the person has a page open and is not away."""

_NO_URL = 3600.0
"""Seconds until the next look while `public_url` is not set."""

_WAITS = (60.0, 300.0, 900.0, 3600.0)
"""Seconds until the second and each further try; the last one is repeated for a day."""

logger = structlog.get_logger(__name__)

HandOver = Callable[[EmailMessage, str], Awaitable[HandedOver]]
"""Hands a mail to the mail server. Cancelling: it may have been taken."""


class HowToMail(NamedTuple):
    """How mails are sent now: the mail server, and what mails begin with."""

    server: MailServer
    server_name: str
    public_url: str
    may_have_texts: bool = True


class MissedFigures:
    """What operators see of mails for missed messages in the metrics. Sync."""

    def __init__(self, _ports: Ports) -> None:
        self._decided = Counter(
            "chat_missed_mail_decided",
            "Messages and people whom they may be mailed to, by decision",
            ["decision"],
            registry=None,
        )
        self._answered = Counter(
            "chat_missed_mail_answers", "Answers of the mail server to such mails", ["outcome"], registry=None
        )
        for decision in Decision:
            self._decided.labels(decision)
        for outcome in Outcome:
            self._answered.labels(outcome.value)

    def register(self, metrics: Metrics) -> None:
        """Show them in these metrics."""
        metrics.register(self._decided, self._answered)

    def decided(self, counts: Mapping[Decision, int]) -> None:
        """So many decisions were made."""
        for decision, count in counts.items():
            self._decided.labels(decision).inc(count)

    def answered(self, outcome: Outcome) -> None:
        """The mail server has answered."""
        self._answered.labels(outcome.value).inc()


FIGURES: Port[MissedFigures] = Port("figures of missed messages")


class MissedMails:
    """Mails what people missed. It watches those whose mail is due, so that all servers report them."""

    def __init__(
        self,
        missed: Missed,
        statuses: Statuses,
        how: Callable[[], HowToMail],
        hand_over: HandOver,
        figures: MissedFigures,
    ) -> None:
        self._missed = missed
        self._statuses = statuses
        self._how = how
        self._hand_over = hand_over
        self._figures = figures
        self._watched: dict[int, float] = {}  # until when, by person

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        """Do nothing: a status counts when a mail is due. Sync."""
        return True

    def profile_changed(self, person: Person) -> None:
        """Do nothing. Sync."""

    async def mail(self, item: DueItem) -> float | None:
        """Mail what waits for a person in a room; a handler of `DueRunner`. May raise StorageDown and OutcomeUnknown.

        Cancelling: the mail may have been taken; then the next try hands it over again, with the same id.
        """
        person_id, room_id = (int(part) for part in item.key.split("/"))
        if self._watch(person_id):
            return _REPORTS
        how = self._how()
        if not how.public_url:
            logger.warning(
                "no mails about missed messages without public_url: links in them would lead nowhere"
            )
            return _NO_URL
        is_active = self._statuses.status(person_id) is Status.ONLINE
        decisions: dict[int, Decision] = {}

        def choose(room: MissedRoom) -> dict[int, Decision]:
            decisions.clear()
            decisions.update(_decisions(room, is_active=is_active))
            return decisions

        room = await self._missed.begin(person_id, room_id, make_msgid(domain=how.server.domain), choose)
        if room is None:
            return None
        self._figures.decided(_counts(decisions, (Decision.SENT, Decision.WAITING)))
        if Decision.SENT not in decisions.values():
            if Decision.WAITING not in decisions.values():
                # Others may wait that are no part of a mail whose messages are all settled now.
                return await self._missed.record(room, MailOutcome(decisions={}))
            wait = _wait(room)
            return _ACTIVE if wait <= 0 else wait
        return await self._send(room, decisions, how)

    async def _send(
        self, room: MissedRoom, decisions: Mapping[int, Decision], how: HowToMail
    ) -> float | None:
        sent = [each for each in room.messages if decisions[each.message_id] is Decision.SENT]
        mail = missed_mail(room, sent, how.server_name, how.public_url, has_text=how.may_have_texts)
        try:
            handed = await self._hand_over(message_of(mail, how.server), mail.to)
        except ValueError:
            handed = HandedOver(Outcome.REFUSED, "the address cannot be written to")
        self._figures.answered(handed.outcome)
        decision, again = Decision.SENT, None
        if handed.outcome is Outcome.TRY_AGAIN:
            decision, again = Decision.WAITING, _WAITS[min(room.tries, len(_WAITS) - 1)]
            logger.warning("mail not taken: tried again later", seconds=again, error=handed.answer)
        elif handed.outcome is Outcome.REFUSED:
            decision = Decision.FAILED
            logger.error("mail about missed messages refused", person=room.person_id, error=handed.answer)
        made = {each.message_id: decision for each in sent}
        self._figures.decided(_counts(made, (Decision.WAITING,)))
        return await self._missed.record(room, MailOutcome(decisions=made, answer=handed.answer, again=again))

    def _watch(self, person_id: int) -> bool:
        """Watch a person, and return whether this has just begun."""
        now = trio.current_time()
        is_new = person_id not in self._watched
        self._watched = {each: until for each, until in self._watched.items() if until > now}
        self._watched[person_id] = now + _WATCHED
        if is_new:
            self._statuses.watch(self, self._watched)
        return is_new


def _decisions(room: MissedRoom, *, is_active: bool) -> dict[int, Decision]:
    """Decide about each message. Once the time of the oldest that is mailed has come, all others go with it. Pure."""
    is_due = _wait(room) <= 0
    made: dict[int, Decision] = {}
    for each in room.messages:
        # What goes with an older one may be too new for a time of its own.
        decision = decide(structs.replace(each.facts, is_due=is_due, is_active=is_active))
        made[each.message_id] = Decision.WAITING if decision is Decision.ACTIVE else decision
    return made


def _wait(room: MissedRoom) -> float:
    """Return the seconds until a mail is due. Messages read, deleted or muted by now are no reason for one. Pure."""
    waiting = [each.facts for each in room.messages if decide(each.facts) is Decision.WAITING]
    return min((-facts.age for facts in waiting), default=0.0)


def _counts(decisions: Mapping[int, Decision], without: Collection[Decision]) -> dict[Decision, int]:
    counts: dict[Decision, int] = {}
    for each in decisions.values():
        if each not in without:
            counts[each] = counts.get(each, 0) + 1
    return counts
