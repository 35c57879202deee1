"""What features add to the client: types, events and calls.

Made from the server's features by `make protocol-types`; a test compares. Programs take these names from `chat.client`.
"""

from chat.client.calls import Calls, with_query
from chat.client.events import FeatureChange
from chat.client.structs import Value
from chat.client.wire import Message, Sender

__all__ = [
    "Following",
    "PictureChanged",
    "Pinned",
    "PinnedMessage",
    "SlowModeChanged",
    "Thread",
    "ThreadList",
    "ThreadState",
    "Trimmed",
]


class PinnedMessage(Value, kw_only=True, frozen=True):
    """A pinned message in its current state, and when and by whom it was pinned."""

    at: int
    by: Sender | None = None
    message: Message


class ThreadState(Value, kw_only=True, frozen=True):
    """A thread without its messages, as one reader sees it.

    Attributes:
        root: the message with which the thread begins.
        replies: how many replies are not deleted.
        last_seq: the newest reply; unread behind one's mark of the room.
    """

    root: int = 0
    replies: int = 0
    last_seq: int | None = None
    last_at: int | None = None
    following: bool = False


class _PinnedMessages(Value, kw_only=True, frozen=True):
    """The pinned messages of a room, the newest pin first."""

    pins: tuple[PinnedMessage, ...] = ()


class _PinCount(Value, kw_only=True, frozen=True):
    """How many messages of the room are pinned now."""

    pins: int = 0


class ThreadList(Value, kw_only=True, frozen=True):
    """Threads, the newest first message first. If there may be more, `next` is the `before` of the next page."""

    threads: tuple[ThreadState, ...] = ()
    next: int | None = None


class Thread(Value, kw_only=True, frozen=True):
    """A thread: its first `message`, which a removed one has not, and a page of its replies, oldest first.

    It has all changes of the room up to `pos`. `first`: there are no earlier replies; `last`: there are no later
    ones. Deleted replies are left out.

    Attributes:
        root: the message with which the thread begins.
        replies: how many replies are not deleted.
        last_seq: the newest reply; unread behind one's mark of the room.
        following: whether the reader is notified of replies.
        unread: replies of others behind one's mark of the room; 100 stands for 100 or more.
    """

    root: int = 0
    message: Message | None = None
    replies: int = 0
    last_seq: int | None = None
    last_at: int | None = None
    following: bool = False
    unread: int = 0
    messages: tuple[Message, ...] = ()
    pos: int
    first: bool = False
    last: bool = False


class Following(Value, kw_only=True, frozen=True):
    """Whether one follows the thread now.

    Attributes:
        root: the message with which the thread begins.
    """

    root: int = 0
    following: bool = False


class PictureChanged(FeatureChange, kw_only=True, frozen=True):
    """The room has another picture now, or none."""

    picture: str | None = None
    by: int | None = None


class Pinned(FeatureChange, kw_only=True, frozen=True):
    """A message is pinned now, or no more."""

    seq: int
    on: bool = True
    by: int | None = None


class SlowModeChanged(FeatureChange, kw_only=True, frozen=True):
    """The room has another slow mode now."""

    seconds: int = 0
    by: int | None = None


class Trimmed(FeatureChange, kw_only=True, frozen=True):
    """The messages of the room below `first` are removed."""

    first: int = 0


EVENTS: dict[str, type[FeatureChange]] = {
    "picture": PictureChanged,
    "pinned": Pinned,
    "slow_mode": SlowModeChanged,
    "trimmed": Trimmed,
}
"""Events of features by the `type` of the frame."""


class FeatureCalls(Calls):
    """Calls of features, which are methods of `Chat`."""

    async def pins(self, room: int) -> tuple[PinnedMessage, ...]:
        """List the pinned messages of a room.

        Returns:
            The pinned messages of a room, the newest pin first.

        Cancelling: nothing happens.
        """
        return (await self._call("GET", f"/rooms/{room}/pins", _PinnedMessages)).pins

    async def pin(self, room: int, seq: int) -> int:
        """Pin a message, for everybody in the room.

        Returns:
            How many messages of the room are pinned now.

        Cancelling: it may be done or not.
        """
        return (await self._call("PUT", f"/rooms/{room}/pins/{seq}", _PinCount)).pins

    async def unpin(self, room: int, seq: int) -> int:
        """Unpin a message.

        Returns:
            How many messages of the room are pinned now.

        Cancelling: it may be done or not.
        """
        return (await self._call("DELETE", f"/rooms/{room}/pins/{seq}", _PinCount)).pins

    async def threads(
        self, room: int, *, after: int = 0, before: int | None = None, limit: int = 50
    ) -> ThreadList:
        """List threads of a room by their first messages, the newest first.

        Returns:
            Threads, the newest first message first. If there may be more, `next` is the `before` of the next page.

        Cancelling: nothing happens.
        """
        return await self._call(
            "GET", with_query(f"/rooms/{room}/threads", after=after, before=before, limit=limit), ThreadList
        )

    async def thread(
        self,
        room: int,
        seq: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> Thread:
        """Read a thread: its first message, and replies in their current state.

        Returns:
            A thread: its first `message`, which a removed one has not, and a page of its replies, oldest first.

        It has all changes of the room up to `pos`. `first`: there are no earlier replies; `last`: there are no later
        ones. Deleted replies are left out.

        Cancelling: nothing happens.
        """
        return await self._call(
            "GET",
            with_query(
                f"/rooms/{room}/threads/{seq}", before=before, after=after, around=around, limit=limit
            ),
            Thread,
        )

    async def follow_thread(self, room: int, seq: int) -> Following:
        """Follow a thread: one is notified of its replies.

        Returns:
            Whether one follows the thread now.

        Cancelling: it may be done or not.
        """
        return await self._call("PUT", f"/rooms/{room}/threads/{seq}/following", Following)

    async def unfollow_thread(self, room: int, seq: int) -> Following:
        """Unfollow a thread; neither a reply nor a mention makes one follow it again.

        Returns:
            Whether one follows the thread now.

        Cancelling: it may be done or not.
        """
        return await self._call("DELETE", f"/rooms/{room}/threads/{seq}/following", Following)
