"""Bans of network addresses in the native protocol, for admins."""

import time
from typing import Annotated

from msgspec import Meta, structs

from chat.domain.limits.address_bans import (
    ADDRESS_BANS,
    LONGEST_REASON,
    NO_BAN,
    OWN_ADDRESS,
    PAST,
    AddressBan,
    has_address,
    network_of,
)
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.address_bans.following import apply
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.room_values import Sender
from chat.operations.values import Id, Time, Value

NetworkText = Annotated[
    str, Meta(min_length=1, max_length=60, description="As 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32")
]
ReasonText = Annotated[str, Meta(max_length=LONGEST_REASON, description="For admins; it may be empty")]


class Ban(Value, kw_only=True, frozen=True):
    """A ban of a network; without `until` for good, without `by` from a command.

    With `registering` nobody registers from there without an invitation; people who have an account get in.
    """

    id: Id
    network: NetworkText
    registering: bool = False
    until: Time | None = None
    reason: ReasonText = ""
    at: Time
    by: Sender | None = None


class Bans(Value, kw_only=True, frozen=True):
    """The bans that hold, the newest first. `own`: the network address that the request came from."""

    bans: list[Ban]
    own: str


class BanNetwork(Value, kw_only=True, frozen=True):
    """A network to ban. It takes the place of a ban of the same network.

    `own`: also if the request comes from there, and so bans its sender.
    """

    network: NetworkText
    registering: bool = False
    until: Time | None = None
    reason: ReasonText = ""
    own: bool = False


class WhichBan(Value, kw_only=True, frozen=True):
    """A ban."""

    ban: Id


async def bans(services: EngineServices, caller: Caller, _request: None) -> Bans:
    """List the bans of networks."""
    found = await services.feature_ports[ADDRESS_BANS].list()
    return Bans(bans=[_as_ban(each) for each in found], own=caller.device.address)


async def ban_network(services: EngineServices, caller: Caller, request: BanNetwork) -> Bans | Refusal:
    """Ban a network, and list all bans; open sockets from there are closed, on all servers."""
    network = network_of(request.network)
    if isinstance(network, Refusal):
        return network
    if refusal := services.budgets.bans.wrong(network):
        return refusal
    until = None if request.until is None else request.until / 1000
    if until is not None and until <= time.time():
        return PAST
    is_own = has_address(network, caller.device.address)
    if is_own and not request.registering and not request.own:
        return OWN_ADDRESS
    ban = AddressBan(
        id=0,
        network=str(network),
        registering_only=request.registering,
        until=until,
        reason=request.reason.strip(),
    )
    added = await services.feature_ports[ADDRESS_BANS].add(ban, caller.known.id)
    if isinstance(added, Refusal):
        return added
    await apply(services)
    return await bans(services, caller, None)


async def lift_ban(services: EngineServices, caller: Caller, request: WhichBan) -> Bans | Refusal:
    """Lift a ban of a network, and list those that are left."""
    if not await services.feature_ports[ADDRESS_BANS].lift(request.ban, caller.known.id):
        return NO_BAN
    await apply(services)
    return await bans(services, caller, None)


def _as_ban(ban: AddressBan) -> Ban:
    return Ban(
        id=ban.id,
        network=ban.network,
        registering=ban.registering_only,
        until=None if ban.until is None else milliseconds(ban.until),
        reason=ban.reason,
        at=milliseconds(ban.at),
        by=None if ban.by is None else Sender(**structs.asdict(ban.by)),
    )


_BANS = "/admin/bans"

OPERATIONS = (
    Operation(
        name="bans",
        method="GET",
        path=_BANS,
        reply=Bans,
        access=Access.ADMIN,
        tokens=False,
        refuses=(Code.FORBIDDEN,),
        handler=bans,
    ),
    Operation(
        name="ban_network",
        method="POST",
        path=_BANS,
        request=BanNetwork,
        reply=Bans,
        status=201,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=ban_network,
    ),
    Operation(
        name="lift_ban",
        method="DELETE",
        path=f"{_BANS}/{{ban}}",
        request=WhichBan,
        reply=Bans,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=lift_ban,
    ),
)
