"""Outgoing hooks in the native protocol: their owners make, change, replay and remove them; admins see all."""

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from chat.domain.accounts.bridges import Bridge
from chat.domain.accounts.outgoing_hooks import (
    OUTGOING,
    NewOutgoingHook,
    OutgoingChange,
    OutgoingHook,
    new_secret,
)
from chat.domain.features import Port
from chat.domain.log_events import EVENTS
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.text.wrong_values import pattern
from chat.engine.services import EngineServices
from chat.features.hooks.changes import NO_HOOK
from chat.features.hooks.outgoing.rules import MOST_OUTGOING, UNKNOWN_KIND, host_of
from chat.operations.called_urls import url_refusal
from chat.operations.operation import NO_ACCESS, Access, Caller, Cost, Operation
from chat.operations.room_values import Sender
from chat.operations.values import Id, Limit, Time, Value

Kinds = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...],
    Meta(max_length=50, description="Types of the socket's events, as `message`; none: all"),
]
Url = Annotated[str, Meta(min_length=1, max_length=2000)]
Command = Annotated[
    str,
    pattern(r"^[A-Za-z0-9_-]{1,32}$(?!\n)", "1 to 32 letters A to Z, digits, '_' and '-'"),
]
Gateway = Annotated[
    str,
    pattern(r"^[A-Za-z0-9_.-]{1,64}$(?!\n)", "1 to 64 letters A to Z, digits, '_', '.' and '-'"),
]
GatewayToken = Annotated[
    str, pattern(r"^[!-~]{0,200}$(?!\n)", "at most 200 letters, digits and signs without a space")
]
LogId = Annotated[int, Meta(ge=0, le=2**53 - 1, description="An id of the log of all rooms")]


class Wakes:
    """Wakes the sender of this server. `wake` is set when it runs."""

    def __init__(self) -> None:
        self.wake: Callable[[], object] = lambda: None


WAKES: Port[Wakes] = Port("wakes of outgoing hooks")


class SentHook(Value, kw_only=True, frozen=True, omit_defaults=False):
    """An outgoing hook: the changes of a room are sent to a URL, in the order of the log.

    Without `room` those of all rooms of its owner are. Its receiver has all up to the log id `position`; `behind` ids
    follow in the log, also those that are not for it. `off` says why it is off: its owner said so, its receiver
    answered 410, it failed for a day, or its owner may not send the room any more. `sent` is the time of the last call
    that was taken, `error` why the last failed one failed, `tries` how many have failed since, `next` when the next
    try is due. With a `bot`, a hook of the room or an own bot in any of its rooms, it is called by messages that
    mention this one, or begin with `/` and `command`, and its answer is posted. With a `gateway` it is a bridge:
    messages of people go to this gateway of a matterbridge, and `bot` posts what comes from there.
    """

    id: Id
    owner: Sender
    room: Id | None
    room_name: Annotated[str, Meta(max_length=64)] | None
    kinds: Kinds
    url: Url
    position: LogId
    behind: Annotated[int, Meta(ge=0)]
    off: Literal["owner", "gone", "failing", "no_right"] | None
    made: Time
    sent: Time | None
    tries: Annotated[int, Meta(ge=0)]
    error: Annotated[str, Meta(max_length=300)] | None
    error_at: Time | None
    next: Time | None
    bot: Sender | None
    command: Command | None
    gateway: Gateway | None


class SentHooks(Value, kw_only=True, frozen=True):
    """One's outgoing hooks, the oldest first."""

    hooks: Annotated[list[SentHook], Meta(max_length=MOST_OUTGOING)]


class AllSentHooks(Value, kw_only=True, frozen=True):
    """Outgoing hooks of all people, by id. If there are more, `next` is the `after` of the next page."""

    hooks: list[SentHook]
    next: Id | None = None


class HookWithSecret(Value, kw_only=True, frozen=True):
    """An outgoing hook and its secret, which signs its calls and is shown once."""

    hook: SentHook
    secret: str


class HooksSentFrom(Value, kw_only=True, frozen=True):
    """A room whose changes are sent."""

    room: Id


class RoomSentHooks(Value, kw_only=True, frozen=True):
    """The outgoing hooks of a room, of all owners, the oldest first. Of the URL of another's only the host is there."""

    hooks: list[SentHook]


class WhichSentHook(Value, kw_only=True, frozen=True):
    """An outgoing hook."""

    hook: Id


class WhichSentHooks(Value, kw_only=True, frozen=True):
    """A page of the outgoing hooks of all people."""

    after: Annotated[int, Meta(ge=0, le=2**53 - 1, description="The `next` of the page before")] = 0
    limit: Limit = 50


class CreateSentHook(Value, kw_only=True, frozen=True):
    """An outgoing hook to make; without `room` for all rooms of an admin. It begins after `position`, or at the end.

    With `bot`, a hook of the room, or without `room` a bot of one's own, the bot is called. With `gateway` and a hook
    of the room it is a bridge, and `url` that of a matterbridge's API with this `token`.
    """

    url: Url
    room: Id | None = None
    kinds: Kinds = ()
    position: LogId | None = None
    bot: Id | None = None
    command: Command | None = None
    gateway: Gateway | None = None
    token: GatewayToken = ""


class ChangeSentHook(WhichSentHook, kw_only=True, frozen=True):
    """What changes of an outgoing hook; fields that are left out stay.

    With an earlier `position` it sends the changes after it again, with a later one it skips those before it. Without
    one, `since` means the position of the last message before a time. `gateway` and `token` are for bridges only.
    """

    url: Url | None = None
    kinds: Kinds | None = None
    position: LogId | None = None
    since: Time | None = None
    on: bool | None = None
    gateway: Gateway | None = None
    token: GatewayToken | None = None


async def outgoing_hooks(services: EngineServices, caller: Caller, _request: None) -> SentHooks:
    """List one's own outgoing hooks."""
    return SentHooks(
        hooks=[_as_hook(each) for each in await services.feature_ports[OUTGOING].of(caller.known.id)]
    )


async def room_outgoing_hooks(
    services: EngineServices, caller: Caller, request: HooksSentFrom
) -> RoomSentHooks | Refusal:
    """List the outgoing hooks of a room, as somebody who may make one for it."""
    by_id = caller.known.id
    found = await services.feature_ports[OUTGOING].in_room(request.room, by_id)
    if isinstance(found, Refusal):
        return found
    seen = (each if each.owner.id == by_id else replace(each, url=host_of(each.url)) for each in found)
    return RoomSentHooks(hooks=[_as_hook(each) for each in seen])


async def all_outgoing_hooks(
    services: EngineServices, _caller: Caller, request: WhichSentHooks
) -> AllSentHooks:
    """List the outgoing hooks of all people, as an admin."""
    found = await services.feature_ports[OUTGOING].page(request.after, request.limit + 1)
    page = found[: request.limit]
    has_more = len(found) > len(page)
    return AllSentHooks(hooks=[_as_hook(each) for each in page], next=page[-1].id if has_more else None)


async def new_outgoing_hook(
    services: EngineServices, caller: Caller, request: CreateSentHook
) -> HookWithSecret | Refusal:
    """Make an outgoing hook; its secret is shown once."""
    if refusal := _refusal(services, request.url, request.kinds):
        return refusal
    if request.gateway is not None and (request.bot is None or request.room is None):
        return NO_HOOK
    is_bridge = request.gateway is not None
    new = NewOutgoingHook(
        owner_id=caller.known.id,
        room_id=request.room,
        kinds=request.kinds,
        url=request.url.rstrip("/") if is_bridge else request.url,
        secret=new_secret(),
        position=request.position,
        bot_id=request.bot,
        command=None if is_bridge else request.command,
        bridge=None if request.gateway is None else Bridge(request.gateway, request.token),
    )
    made = await services.feature_ports[OUTGOING].add(new, caller.known.id)
    if isinstance(made, Refusal):
        return made
    services.feature_ports[WAKES].wake()
    return HookWithSecret(hook=_as_hook(made), secret=new.secret)


async def change_outgoing_hook(
    services: EngineServices, caller: Caller, request: ChangeSentHook
) -> SentHook | Refusal:
    """Change one's outgoing hook: its URL, its kinds of change, its position, its gateway, or whether it is on."""
    if refusal := _refusal(services, request.url, request.kinds or ()):
        return refusal
    change = OutgoingChange(
        url=request.url,
        kinds=request.kinds,
        position=request.position,
        since=None if request.since is None else request.since / 1000,
        is_on=request.on,
        gateway=request.gateway,
        token=request.token,
    )
    changed = await services.feature_ports[OUTGOING].change(request.hook, change, caller.known.id)
    if isinstance(changed, Refusal):
        return changed
    services.feature_ports[WAKES].wake()
    return _as_hook(changed)


async def renew_outgoing_hook(
    services: EngineServices, caller: Caller, request: WhichSentHook
) -> HookWithSecret | Refusal:
    """Give one's outgoing hook another secret, which is shown once; the one before signs too for a day."""
    change = OutgoingChange(secret=new_secret())
    changed = await services.feature_ports[OUTGOING].change(request.hook, change, caller.known.id)
    if isinstance(changed, Refusal):
        return changed
    services.feature_ports[WAKES].wake()
    assert change.secret is not None
    return HookWithSecret(hook=_as_hook(changed), secret=change.secret)


async def remove_outgoing_hook(
    services: EngineServices, caller: Caller, request: WhichSentHook
) -> Refusal | None:
    """Remove an outgoing hook: one's own, or as an admin any."""
    return await services.feature_ports[OUTGOING].remove(request.hook, caller.known.id)


def _refusal(services: EngineServices, url: str | None, kinds: tuple[str, ...]) -> Refusal | None:
    if not services.feature_ports[EVENTS].kinds.issuperset(kinds):
        return UNKNOWN_KIND
    return None if url is None else url_refusal(url, services.settings.public_url)


def _as_hook(hook: OutgoingHook) -> SentHook:
    return SentHook(
        id=hook.id,
        owner=Sender(id=hook.owner.id, name=hook.owner.name),
        room=hook.room_id,
        room_name=hook.room_name,
        kinds=hook.kinds,
        url=hook.url,
        position=hook.position,
        behind=hook.behind,
        off=hook.off,
        made=milliseconds(hook.created_at),
        sent=None if hook.sent_at is None else milliseconds(hook.sent_at),
        tries=hook.tries,
        error=hook.error,
        error_at=None if hook.error_at is None else milliseconds(hook.error_at),
        next=None if hook.due_at is None else milliseconds(hook.due_at),
        bot=None if hook.bot is None else Sender(id=hook.bot.id, name=hook.bot.name),
        command=None if hook.bot is None else hook.bot.command,
        gateway=hook.gateway,
    )


_REFUSED = (*NO_ACCESS, Code.INVALID, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="outgoing_hooks",
        method="GET",
        path="/outgoing-hooks",
        reply=SentHooks,
        tokens=False,
        cost=Cost.TEXTS,
        handler=outgoing_hooks,
    ),
    Operation(
        name="room_outgoing_hooks",
        method="GET",
        path="/rooms/{room}/outgoing-hooks",
        request=HooksSentFrom,
        reply=RoomSentHooks,
        tokens=False,
        cost=Cost.TEXTS,
        refuses=NO_ACCESS,
        handler=room_outgoing_hooks,
    ),
    Operation(
        name="new_outgoing_hook",
        method="POST",
        path="/outgoing-hooks",
        request=CreateSentHook,
        reply=HookWithSecret,
        status=201,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, Code.TOO_MANY),
        handler=new_outgoing_hook,
    ),
    Operation(
        name="change_outgoing_hook",
        method="PATCH",
        path="/outgoing-hooks/{hook}",
        request=ChangeSentHook,
        reply=SentHook,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=change_outgoing_hook,
    ),
    Operation(
        name="renew_outgoing_hook",
        method="POST",
        path="/outgoing-hooks/{hook}/secret",
        request=WhichSentHook,
        reply=HookWithSecret,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=renew_outgoing_hook,
    ),
    Operation(
        name="remove_outgoing_hook",
        method="DELETE",
        path="/outgoing-hooks/{hook}",
        request=WhichSentHook,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=remove_outgoing_hook,
    ),
    Operation(
        name="all_outgoing_hooks",
        method="GET",
        path="/admin/outgoing-hooks",
        request=WhichSentHooks,
        reply=AllSentHooks,
        access=Access.ADMIN,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=all_outgoing_hooks,
    ),
)
