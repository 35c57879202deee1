"""How many people are in the lobby and in support conversations, told once a second at most while that changes.

Everybody is in the lobby, and every operator in each open conversation, so that somebody comes, goes or has another
role is no change of their logs.
"""

from collections.abc import Callable, Collection
from contextlib import suppress

import trio

from chat.domain.entities import LOBBY_ID
from chat.domain.failures import StorageError
from chat.domain.fresh_reads import FreshReads
from chat.domain.live import MembersCounted
from chat.domain.ports import Users
from chat.domain.ports.timelines import Timelines
from chat.signals import Signal

_PAUSE = 1.0
"""Seconds in which changes gather until they are counted; and until the next try where the database does not answer."""


class MemberCounts:
    """Knows how many are in the lobby, as long as nobody is heard to come, to go or to change.

    `heard` returns the conversations that somebody hears here, and `publish` tells the numbers here; both are sync.
    """

    def __init__(
        self,
        users: Users,
        timelines: Timelines,
        heard: Callable[[], Collection[int]],
        publish: Callable[[MembersCounted], object],
    ) -> None:
        self._users = users
        self._timelines = timelines
        self._heard = heard
        self._publish = publish
        self._in_lobby: int | None = None
        self._reads = FreshReads[int]()  # by room
        self._operators: list[int] | None = None  # when conversations were told last
        self._people_changed = 0  # how often
        self._people_told = 0  # how many of those changes are told
        self._conversations: set[int] = set()  # to be counted, beside those whose operators have changed
        self._changed = Signal()

    def changed(self, _person_id: int | None) -> None:
        """Hear that somebody has come, or was changed or deleted; None: anybody. Sync."""
        self._in_lobby = None
        self._reads.changed(LOBBY_ID)
        self._people_changed += 1
        self._changed.notify()

    def conversation_changed(self, room_id: int) -> None:
        """Hear that a conversation was perhaps closed, or opened again. Sync."""
        self._conversations.add(room_id)
        self._changed.notify()

    async def in_lobby(self) -> int:
        """Return how many people are in the lobby. May raise StorageError. Cancelling changes nothing."""
        if self._in_lobby is not None:
            return self._in_lobby
        with self._reads.reading(LOBBY_ID) as read:
            members = await self._users.count()
        if read.is_fresh:
            self._in_lobby = members
        return members

    async def publish_changes(self) -> None:
        """Publish the numbers after each change, until cancelled."""
        while True:
            await self._changed.wait_until(lambda: self._is_outdated)
            await trio.sleep(_PAUSE)
            with suppress(StorageError):  # what is outdated stays so, and is counted after the next pause
                await self._tell_people()
                await self._tell_conversations()

    @property
    def _is_outdated(self) -> bool:
        return self._people_changed != self._people_told or bool(self._conversations)

    async def _tell_people(self) -> None:
        changes = self._people_changed
        if changes == self._people_told:
            return
        operators = await self._users.operators()
        self._publish(MembersCounted({LOBBY_ID: await self.in_lobby()}))
        if operators != self._operators:
            self._operators = operators
            self._conversations.update(self._heard())
        self._people_told = changes

    async def _tell_conversations(self) -> None:
        if not self._conversations:
            return
        counted, self._conversations = self._conversations, set()
        try:
            counts = await self._timelines.members_of_conversations(counted)
        except BaseException:
            self._conversations |= counted
            raise
        self._publish(MembersCounted(counts))
