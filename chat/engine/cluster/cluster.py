"""The other servers on the same log, as the rest of the engine sees them; and that there are none."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from chat.domain.entities import Message
from chat.domain.live import Notice
from chat.engine.hub import Announcement
from chat.engine.unsettled import Unsettled


class Cluster(Protocol):
    """What is asked of the other servers. Every question may raise StorageDown: nobody can tell who they are."""

    @property
    def number(self) -> int:
        """This server's number among all that ever were; 0 where it is alone."""

    def publish(self, committed: Sequence[Announcement]) -> None:
        """Announce to the other servers what a commit of this one added to the log. Sync."""

    def notify(self, notice: Notice) -> None:
        """Tell the other servers what is saved nowhere; it may get lost. Sync."""

    async def caught_up(self) -> None:
        """Wait until this server has told all that was in the log when it was asked, as others may have told it.

        Who leaves another server and comes here so hears nothing again. Cancelling changes nothing.
        """

    async def keep_lease(self, look_again: Callable[[], Awaitable[object]]) -> None:
        """Keep this server among those that may tell anything, until cancelled.

        Where it could not be kept, `look_again` is called before anybody is told anything: it lets nobody hear what
        they may not. It may raise StorageError.
        """

    async def told_everywhere(self, change_id: int, person_id: int | None = None) -> None:
        """Wait until every server that may tell anything has told the log up to this id.

        What a person submitted there before it was told is saved by then, or refused.
        One that is silent is waited for until its lease ends. Raises StorageDown where one with a lease has not told
        it within seconds. Cancelling changes nothing.
        """

    async def over_everywhere(self, person_id: int) -> None:
        """Wait until every server that may tell anything has told what is in the log by now.

        What a person submitted there before that is saved by then, or refused. Raises StorageDown as told_everywhere()
        does. Cancelling changes nothing.
        """

    def told_behind(self, unsettled: Unsettled) -> None:
        """Have others hear that this server has told something once what was submitted before is over. Sync."""

    async def noted_everywhere(self, person_id: int) -> None:
        """Wait until every other server has noted what it told this person, or could not be asked for seconds.

        Cancelling changes nothing.
        """

    async def read_everywhere(self, person_id: int) -> None:
        """The same of how far a person has read by what they said there by now."""

    async def relay(self, message: Message, to: int | None = None) -> bool:
        """Have the other servers, or the one with this number, tell what is saved nowhere; return whether one did.

        Cancelling: it may be told, or not.
        """


class Alone:
    """There is no other server."""

    number = 0

    def publish(self, committed: Sequence[Announcement]) -> None:
        """Nobody else hears anything."""

    def notify(self, notice: Notice) -> None:
        """Nobody else hears anything."""

    async def caught_up(self) -> None:
        """Nobody else has told anything."""

    async def keep_lease(self, look_again: Callable[[], Awaitable[object]]) -> None:
        """Whoever is alone needs no lease."""

    async def told_everywhere(self, change_id: int, person_id: int | None = None) -> None:
        """Whoever is alone tells everything in order."""

    async def over_everywhere(self, person_id: int) -> None:
        """There is nobody else to whom anything was submitted."""

    def told_behind(self, unsettled: Unsettled) -> None:
        """Nobody asks."""

    async def noted_everywhere(self, person_id: int) -> None:
        """Nobody else notes anything."""

    async def read_everywhere(self, person_id: int) -> None:
        """Nobody else notes anything."""

    async def relay(self, message: Message, to: int | None = None) -> bool:
        """Nobody else hears anything."""
        return False
