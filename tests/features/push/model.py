"""Subscriptions in the reference model's memory. A method's work is done in one go after its checkpoint.

Nothing is decided or sent in memory: its ledger is empty, as before the first message.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.push.keys import Report, new_private_key
from chat.features.push.ledger import LEDGER
from chat.features.push.missed.port import MISSED, USUAL, MailChoice
from chat.features.push.quiet.port import QUIET, QuietChoice
from chat.features.push.subscriptions import SUBSCRIPTIONS, PushState, Subscription

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _MissedModel:
    """The port `Missed`, with an empty ledger: in memory nothing is decided or mailed, and no address is confirmed."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users = storage.users
        self._seconds: dict[int, int] = {}  # by person

    async def choice(self, person_id: int) -> MailChoice:
        await trio.lowlevel.checkpoint()
        return MailChoice(self._seconds.get(person_id, USUAL), False)

    async def choose(self, person_id: int, seconds: int) -> None:
        await trio.lowlevel.checkpoint()
        if self._users.is_there(person_id):
            self._seconds[person_id] = seconds

    async def unsubscribe(self, code: str) -> None:
        await trio.lowlevel.checkpoint()

    async def explain(self, person_id: int, room_id: int, seq: int) -> None:
        await trio.lowlevel.checkpoint()


class _QuietModel:
    """The port `QuietTimes`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users = storage.users
        self._choices: dict[int, QuietChoice] = {}

    async def choice(self, person_id: int) -> QuietChoice | None:
        await trio.lowlevel.checkpoint()
        found = self._choices.get(person_id) if self._users.is_there(person_id) else None
        return found and structs.replace(found, passing=self._there(person_id, found.passing))

    async def choose(self, person_id: int, choice: QuietChoice) -> None:
        await trio.lowlevel.checkpoint()
        if self._users.is_there(person_id):
            self._choices[person_id] = structs.replace(choice, passing=self._there(person_id, choice.passing))

    def _there(self, person_id: int, passing: Collection[int]) -> list[int]:
        return sorted(each for each in passing if each != person_id and self._users.is_there(each))


class PushModel:
    """The port `Subscriptions`, and an empty `Ledger`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._sessions, self._users = storage.sessions, storage.users
        self._private = b""
        self._subscriptions: dict[int, Subscription] = {}  # by session
        self._has_text: dict[int, bool] = {}  # by person
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {
            SUBSCRIPTIONS: self,
            LEDGER: self,
            MISSED: _MissedModel(storage),
            QUIET: _QuietModel(storage),
        }

    async def private_key(self) -> bytes:
        await trio.lowlevel.checkpoint()
        self._private = self._private or new_private_key()
        return self._private

    async def state(self, person_id: int, session_id: int | None) -> PushState:
        living = await self._sessions.living([] if session_id is None else [session_id])
        is_subscribed = any(number in self._subscriptions for number in living)
        return PushState(is_subscribed, self._has_text.get(person_id, True))

    async def subscribe(self, subscription: Subscription) -> bool:
        living = await self._sessions.living([subscription.session_id])
        if living.get(subscription.session_id) != subscription.person_id:
            return False
        others = {
            number: each
            for number, each in self._subscriptions.items()
            if each.endpoint != subscription.endpoint
        }
        self._subscriptions = {**others, subscription.session_id: subscription}
        return True

    async def unsubscribe(self, session_id: int) -> None:
        await trio.lowlevel.checkpoint()
        self._subscriptions.pop(session_id, None)

    async def choose_text(self, person_id: int, has_text: bool) -> None:
        await trio.lowlevel.checkpoint()
        if self._users.is_there(person_id):
            self._has_text[person_id] = has_text

    async def of_session(self, session_id: int) -> Subscription | None:
        living = await self._sessions.living([session_id])
        return self._subscriptions.get(session_id) if living else None

    async def of_person(self, person_id: int) -> list[Subscription]:
        found = [each for each in self._subscriptions.values() if each.person_id == person_id]
        living = await self._sessions.living([each.session_id for each in found])
        return [each for each in found if each.session_id in living]

    async def forget(self, session_id: int, endpoint: str) -> None:
        await trio.lowlevel.checkpoint()
        found = self._subscriptions.get(session_id)
        if found is not None and found.endpoint == endpoint:
            del self._subscriptions[session_id]

    async def report(self, report: Report, *, is_clicked: bool) -> bool:
        await trio.lowlevel.checkpoint()
        return False

    async def explain(self, person_id: int, room_id: int, seq: int) -> None:
        await trio.lowlevel.checkpoint()
