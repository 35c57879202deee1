"""Counts the members of the lobby and of support conversations, and publishes changes, at most once a second.

Everybody is in the lobby, and every operator in each open conversation: so a new person or role is no change in the
logs of these rooms.
"""

from collections.abc import Callable, Collection
from contextlib import suppress

import trio

from chat.domain.entities import LOBBY_ID
from chat.domain.failures import StorageError
from chat.domain.fresh_reads import FreshReads
from chat.domain.messages.live import MembersCounted
from chat.domain.ports import Users
from chat.domain.ports.timelines import Timelines
from chat.signals import Signal

_PAUSE = 1.0
"""Seconds in which changes gather before they are counted, and until the next try when the database fails."""


class MemberCounts:
    """Caches the number of people in the lobby, until a person changes.

    `subscribed` returns the conversations with subscribers here, and `publish` publishes counts here; both are sync.
    """

    def __init__(
        self,
        users: Users,
        timelines: Timelines,
        subscribed: Callable[[], Collection[int]],
        publish: Callable[[MembersCounted], object],
    ) -> None:
        self._users = users
        self._timelines = timelines
        self._subscribed = subscribed
        self._publish = publish
        self._in_lobby: int | None = None
        self._reads = FreshReads[int]()  # by room
        self._operators: list[int] | None = None  # when conversations were published last
        self.people_changes = 0  # how often people came, changed or went; read-only to others
        self._people_published = 0  # how many of those changes are published
        self._conversations: set[int] = set()  # to be counted, even if no operator has changed
        self.change_signal = Signal()  # others wait for it

    def changed(self, _person_id: int | None) -> None:
        """Note that a person came, changed, or was deleted; None: anybody. Sync."""
        self._in_lobby = None
        self._reads.changed(LOBBY_ID)
        self.people_changes += 1
        self.change_signal.notify()

    def conversation_changed(self, room_id: int) -> None:
        """Note that a conversation may have been closed or opened. Sync."""
        self._conversations.add(room_id)
        self.change_signal.notify()

    async def in_lobby(self) -> int:
        """Return the number of people in the lobby. May raise StorageError. Cancelling changes nothing."""
        if self._in_lobby is not None:
            return self._in_lobby
        with self._reads.reading(LOBBY_ID) as read:
            members = await self._users.count()
        if read.is_fresh:
            self._in_lobby = members
        return members

    async def publish_changes(self) -> None:
        """Publish the counts after changes, until cancelled."""
        while True:
            await self.change_signal.wait_until(lambda: self._is_outdated)
            await trio.sleep(_PAUSE)
            with suppress(StorageError):  # outdated counts stay outdated until the next try
                await self._publish_people()
                await self._publish_conversations()

    @property
    def _is_outdated(self) -> bool:
        return self.people_changes != self._people_published or bool(self._conversations)

    async def _publish_people(self) -> None:
        changes = self.people_changes
        if changes == self._people_published:
            return
        operators = await self._users.operators()
        self._publish(MembersCounted({LOBBY_ID: await self.in_lobby()}))
        if operators != self._operators:
            self._operators = operators
            self._conversations.update(self._subscribed())
        self._people_published = changes

    async def _publish_conversations(self) -> None:
        if not self._conversations:
            return
        counted, self._conversations = self._conversations, set()
        try:
            counts = await self._timelines.members_of_conversations(counted)
        except BaseException:
            self._conversations |= counted
            raise
        self._publish(MembersCounted(counts))
