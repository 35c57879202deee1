"""Threads in the native protocol, over HTTP and on the socket. Replies are events of their room, as all messages."""

from typing import Annotated

from msgspec import Meta

from chat.domain.accounts.bots import Scope
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.room_history import HistoryQuery
from chat.domain.text.wrong_values import pattern
from chat.engine.services import EngineServices
from chat.features.threads import rooms, use_cases
from chat.features.threads.use_cases import ThreadSummary
from chat.operations.conversions import as_message
from chat.operations.operation import NO_ACCESS, REFUSED_READS, REFUSED_WRITES, Caller, Cost, Operation
from chat.operations.read_cost import charge_read
from chat.operations.room_values import Mark, Message, Pos, Room, Seq, UpTo100, WhichMessage
from chat.operations.rooms import as_seen
from chat.operations.values import Id, Limit, Name, Time, Value

_Root = Annotated[Seq, Meta(description="The message with which the thread begins")]
_Replies = Annotated[int, Meta(ge=0, description="How many replies are not deleted")]
_Last = Annotated[Seq, Meta(description="The newest reply; unread behind one's mark of the room")]


class WhichThread(WhichMessage, kw_only=True, frozen=True):
    """The thread of a message (its first one, or any reply), and replies before, after or around another message.

    Without these the newest.
    """

    before: Seq | None = None
    after: Mark | None = None
    around: Seq | None = None
    limit: Limit = 50


class Thread(Value, kw_only=True, frozen=True):
    """A thread: its first `message`, which a removed one has not, and a page of its replies, oldest first.

    It has all changes of the room up to `pos`. `first`: there are no earlier replies; `last`: there are no later
    ones. Deleted replies are left out.
    """

    root: _Root
    message: Message | None = None
    replies: _Replies = 0
    last_seq: _Last | None = None
    last_at: Time | None = None
    following: Annotated[bool, Meta(description="Whether the reader is notified of replies")] = False
    unread: Annotated[
        UpTo100,
        Meta(description="Replies of others behind one's mark of the room; 100 stands for 100 or more"),
    ] = 0
    messages: list[Message]
    pos: Pos
    first: bool = False
    last: bool = False


class ThreadsOf(Value, kw_only=True, frozen=True):
    """Threads of a room that begin with a message between `after` and `before`."""

    room: Id
    after: Mark = 0
    before: Seq | None = None
    limit: Limit = 50


class ThreadState(Value, kw_only=True, frozen=True):
    """A thread without its messages, as one reader sees it."""

    root: _Root
    replies: _Replies
    last_seq: _Last | None = None
    last_at: Time | None = None
    following: bool = False


class ThreadList(Value, kw_only=True, frozen=True):
    """Threads, the newest first message first. If there may be more, `next` is the `before` of the next page."""

    threads: list[ThreadState]
    next: Seq | None = None


class FollowThread(WhichMessage, kw_only=True, frozen=True):
    """The thread of a message, to follow or to unfollow."""

    on: bool = True


class Following(Value, kw_only=True, frozen=True, omit_defaults=False):
    """Whether one follows the thread now."""

    root: _Root
    following: bool


_Key = Annotated[str, pattern(r"^[A-Za-z0-9_-]{1,56}$(?!\n)", "1 to 56 letters A to Z, digits, '_' and '-'")]
_Base = Annotated[str, pattern(r"^https?://[^/\s]{1,253}$(?!\n)", "an address without a path")]


class RoomOfThread(WhichMessage, kw_only=True, frozen=True):
    """A room to make of the thread of a message; repeating it with the same key makes it once.

    `base` is the address of the server for the links in the messages, if its settings have none.
    """

    key: _Key
    name: Name
    private: bool = False
    base: _Base | None = None


_ONE_OF_THREE = Refusal(
    Code.INVALID, "before, after and around exclude each other", reason="bad_history_query"
)


async def thread(services: EngineServices, caller: Caller, request: WhichThread) -> Thread | Refusal:
    """Read a thread: its first message, and replies in their current state."""
    if sum(each is not None for each in (request.before, request.after, request.around)) > 1:
        return _ONE_OF_THREE
    asked = HistoryQuery(
        before=request.before, after=request.after, around=request.around, limit=request.limit
    )
    found = await use_cases.read(services, caller.known, request.room, request.seq, asked)
    if isinstance(found, Refusal):
        return found
    charge_read(services.budgets, caller, found.replies, request.limit)
    state = _state(found.thread)
    return Thread(
        root=state.root,
        message=None if found.message is None else as_message(found.message),
        replies=state.replies,
        last_seq=state.last_seq,
        last_at=state.last_at,
        following=state.following,
        unread=found.unread,
        messages=[as_message(each) for each in found.replies],
        pos=found.pos,
        first=found.is_first,
        last=found.is_last,
    )


async def threads(services: EngineServices, caller: Caller, request: ThreadsOf) -> ThreadList | Refusal:
    """List threads of a room by their first messages, the newest first."""
    before = 2**53 if request.before is None else request.before
    found = await use_cases.of_room(
        services, caller.known, request.room, request.after, before, request.limit
    )
    if isinstance(found, Refusal):
        return found
    return ThreadList(
        threads=[_state(each) for each in found],
        next=found[-1].root if len(found) == request.limit else None,
    )


async def follow(services: EngineServices, caller: Caller, request: WhichMessage) -> Following | Refusal:
    """Follow a thread: one is notified of its replies."""
    return await _switch(services, caller, request, is_on=True)


async def unfollow(services: EngineServices, caller: Caller, request: WhichMessage) -> Following | Refusal:
    """Unfollow a thread; neither a reply nor a mention makes one follow it again."""
    return await _switch(services, caller, request, is_on=False)


async def switch_following(
    services: EngineServices, caller: Caller, request: FollowThread
) -> Following | Refusal:
    """Follow a thread, or unfollow it."""
    return await _switch(services, caller, request, is_on=request.on)


async def make_room(services: EngineServices, caller: Caller, request: RoomOfThread) -> Room | Refusal:
    """Make a room of a thread, for those who follow it; it begins with a quote, and the thread gets a link to it."""
    made = await rooms.make_room(
        services,
        caller.known,
        request.room,
        request.seq,
        request.name,
        request.key,
        is_private=request.private,
        base=request.base or "",
    )
    return made if isinstance(made, Refusal) else await as_seen(services, caller.known, made)


async def _switch(
    services: EngineServices, caller: Caller, request: WhichMessage, *, is_on: bool
) -> Following | Refusal:
    root = await use_cases.follow(services, caller.known, request.room, request.seq, is_on=is_on)
    return root if isinstance(root, Refusal) else Following(root=root, following=is_on)


def _state(thread: ThreadSummary) -> ThreadState:
    return ThreadState(
        root=thread.root,
        replies=thread.replies,
        last_seq=thread.last_seq,
        last_at=None if thread.last_at is None else milliseconds(thread.last_at),
        following=thread.is_followed,
    )


_REFUSED = (*NO_ACCESS, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="threads",
        method="GET",
        path="/rooms/{room}/threads",
        on_socket="threads",
        is_read=True,
        request=ThreadsOf,
        reply=ThreadList,
        cost=Cost.PAGE,
        refuses=NO_ACCESS,
        bots=(Scope.READ,),
        handler=threads,
    ),
    Operation(
        name="thread",
        method="GET",
        path="/rooms/{room}/threads/{seq}",
        on_socket="thread",
        is_read=True,
        request=WhichThread,
        reply=Thread,
        cost=Cost.PAGE,
        refuses=REFUSED_READS,
        bots=(Scope.READ,),
        handler=thread,
    ),
    Operation(
        name="room_of_thread",
        method="POST",
        path="/rooms/{room}/threads/{seq}/room",
        request=RoomOfThread,
        reply=Room,
        status=201,
        cost=Cost.MESSAGE,
        refuses=(*REFUSED_WRITES, Code.TAKEN, Code.CONFLICT),
        handler=make_room,
    ),
    Operation(
        name="follow_thread",
        method="PUT",
        path="/rooms/{room}/threads/{seq}/following",
        request=WhichMessage,
        reply=Following,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=follow,
    ),
    Operation(
        name="unfollow_thread",
        method="DELETE",
        path="/rooms/{room}/threads/{seq}/following",
        request=WhichMessage,
        reply=Following,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=unfollow,
    ),
    Operation(
        name="switch_following",
        on_socket="follow_thread",
        request=FollowThread,
        reply=Following,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=switch_following,
    ),
)
