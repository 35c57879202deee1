"""Hooks in the native protocol: who leads a room makes, changes and removes them; admins see those of all rooms."""

from typing import Annotated

import trio
from msgspec import Meta

from chat.domain.accounts.hooks import HOOKS, Hook, HookChange, NewHook, digest_of, new_token
from chat.domain.accounts.program_names import HOOK_MARK, account_name
from chat.domain.messages.sync_types import milliseconds
from chat.domain.nodes import LEASE, RENEW
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.hooks.changes import MOST_HOOKS
from chat.operations.operation import NO_ACCESS, Access, Caller, Cost, Operation
from chat.operations.room_values import Sender
from chat.operations.values import Id, Limit, Time, Value

HookName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description=f"As messages show it, which end it with `{HOOK_MARK}`; it need not be unique",
    ),
]
MayMention = Annotated[bool, Meta(description="Whether its messages mention people, and everybody")]


class RoomHook(Value, kw_only=True, frozen=True, omit_defaults=False):
    """A hook: a tool posts in its room by an address with a secret token, which nobody can read again.

    `id` is also that of the sender of its messages. `used` is the time of its last message, `error` why the last
    refused call was refused. Without `by` a command made it.
    """

    id: Id
    room: Id
    room_name: Annotated[str, Meta(max_length=64)]
    name: HookName
    mentions: MayMention
    made: Time
    by: Sender | None
    used: Time | None
    error: Annotated[str, Meta(max_length=300)] | None
    error_at: Time | None


class RoomHooks(Value, kw_only=True, frozen=True):
    """The hooks of a room, the oldest first."""

    hooks: Annotated[list[RoomHook], Meta(max_length=MOST_HOOKS)]


class AllHooks(Value, kw_only=True, frozen=True):
    """Hooks of all rooms, by id. If there are more, `next` is the `after` of the next page."""

    hooks: list[RoomHook]
    next: Id | None = None


class HookWithToken(Value, kw_only=True, frozen=True):
    """A hook and its token, which is shown once.

    `path` is where tools post on this server. `link` is the whole address, if the setting `public_url` is known.
    """

    hook: RoomHook
    token: str
    path: str
    link: str | None = None


class HooksOfRoom(Value, kw_only=True, frozen=True):
    """A room that people made, or the lobby."""

    room: Id


class WhichHook(HooksOfRoom, kw_only=True, frozen=True):
    """A hook of a room."""

    hook: Id


class WhichHooks(Value, kw_only=True, frozen=True):
    """A page of the hooks of all rooms."""

    after: Annotated[int, Meta(ge=0, le=2**53 - 1, description="The `next` of the page before")] = 0
    limit: Limit = 50


class CreateHook(HooksOfRoom, kw_only=True, frozen=True):
    """A hook to make."""

    name: HookName
    mentions: MayMention = False


class ChangeHook(WhichHook, kw_only=True, frozen=True):
    """What changes of a hook; fields that are left out stay."""

    name: HookName | None = None
    mentions: MayMention | None = None


async def room_hooks(services: EngineServices, caller: Caller, request: HooksOfRoom) -> RoomHooks | Refusal:
    """List the hooks of a room, as its owner or moderator, or as an admin."""
    found = await services.feature_ports[HOOKS].in_room(request.room, caller.known.id)
    return found if isinstance(found, Refusal) else RoomHooks(hooks=[_as_hook(each) for each in found])


async def all_hooks(services: EngineServices, _caller: Caller, request: WhichHooks) -> AllHooks:
    """List the hooks of all rooms, as an admin."""
    found = await services.feature_ports[HOOKS].page(request.after, request.limit + 1)
    page = found[: request.limit]
    has_more = len(found) > len(page)
    return AllHooks(hooks=[_as_hook(each) for each in page], next=page[-1].id if has_more else None)


async def new_hook(services: EngineServices, caller: Caller, request: CreateHook) -> HookWithToken | Refusal:
    """Make a hook; its token is shown once."""
    name = account_name(request.name, HOOK_MARK)
    if isinstance(name, Refusal):
        return name
    token = new_token()
    new = NewHook(room_id=request.room, name=name, token=digest_of(token), may_mention=request.mentions)
    made = await services.feature_ports[HOOKS].add(new, caller.known.id)
    return made if isinstance(made, Refusal) else _with_token(services, made, token)


async def change_hook(services: EngineServices, caller: Caller, request: ChangeHook) -> RoomHook | Refusal:
    """Give a hook another name, or say whether it may mention people."""
    name = None if request.name is None else account_name(request.name, HOOK_MARK)
    if isinstance(name, Refusal):
        return name
    change = HookChange(name=name, may_mention=request.mentions)
    changed = await services.feature_ports[HOOKS].change(request.room, request.hook, change, caller.known.id)
    return changed if isinstance(changed, Refusal) else _as_hook(changed)


async def renew_hook(services: EngineServices, caller: Caller, request: WhichHook) -> HookWithToken | Refusal:
    """Give a hook another token, which is shown once; the one before is void at once."""
    token = new_token()
    change = HookChange(token=digest_of(token))
    changed = await services.feature_ports[HOOKS].change(request.room, request.hook, change, caller.known.id)
    if isinstance(changed, Refusal):
        return changed
    await _wait_settled(services, request.hook)
    return _with_token(services, changed, token)


async def remove_hook(services: EngineServices, caller: Caller, request: WhichHook) -> Refusal | None:
    """Remove a hook; its messages stay."""
    refusal = await services.feature_ports[HOOKS].remove(request.room, request.hook, caller.known.id)
    if refusal is None:
        await _wait_settled(services, request.hook)
    return refusal


async def _wait_settled(services: EngineServices, hook_id: int) -> None:
    """Wait until no message that came with the old token is committed any more, here or on another server."""
    await services.writes.wait_settled(hook_id)
    with trio.move_on_after(LEASE + RENEW):  # by then the others have answered, or are no servers any more
        await services.cluster.wait_writes_settled_everywhere(hook_id)


def _as_hook(hook: Hook) -> RoomHook:
    return RoomHook(
        id=hook.id,
        room=hook.room_id,
        room_name=hook.room_name,
        name=hook.name,
        mentions=hook.may_mention,
        made=milliseconds(hook.created_at),
        by=None if hook.by is None else Sender(id=hook.by.id, name=hook.by.name),
        used=None if hook.used_at is None else milliseconds(hook.used_at),
        error=hook.error,
        error_at=None if hook.error_at is None else milliseconds(hook.error_at),
    )


def _with_token(services: EngineServices, hook: Hook, token: str) -> HookWithToken:
    path, address = f"/hooks/{token}", services.settings.public_url
    return HookWithToken(
        hook=_as_hook(hook), token=token, path=path, link=address + path if address else None
    )


_REFUSED = (*NO_ACCESS, Code.INVALID, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="room_hooks",
        method="GET",
        path="/rooms/{room}/hooks",
        request=HooksOfRoom,
        reply=RoomHooks,
        cost=Cost.TEXTS,
        refuses=NO_ACCESS,
        handler=room_hooks,
    ),
    Operation(
        name="new_hook",
        method="POST",
        path="/rooms/{room}/hooks",
        request=CreateHook,
        reply=HookWithToken,
        status=201,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, Code.TOO_MANY),
        handler=new_hook,
    ),
    Operation(
        name="change_hook",
        method="PATCH",
        path="/rooms/{room}/hooks/{hook}",
        request=ChangeHook,
        reply=RoomHook,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=change_hook,
    ),
    Operation(
        name="renew_hook",
        method="POST",
        path="/rooms/{room}/hooks/{hook}/token",
        request=WhichHook,
        reply=HookWithToken,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=renew_hook,
    ),
    Operation(
        name="remove_hook",
        method="DELETE",
        path="/rooms/{room}/hooks/{hook}",
        request=WhichHook,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=remove_hook,
    ),
    Operation(
        name="all_hooks",
        method="GET",
        path="/admin/hooks",
        request=WhichHooks,
        reply=AllHooks,
        access=Access.ADMIN,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=all_hooks,
    ),
)
