"""Gives the conversations of teams to operators who are online, in turn, and frees those of operators who went away.

One server at a time looks, by a due item. It is there while a conversation waits: an idle server has none.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.entities import AllSupport, Peer, SupportOf
from chat.domain.failures import StorageError
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.messages.live import Status
from chat.domain.timestamps import current_time
from chat.due.port import DueItem
from chat.due.schedule import SCHEDULE
from chat.engine.events import Event, Said
from chat.engine.services import EngineServices
from chat.features.teams.port import ALL, TEAMS, TURN, Team
from chat.signals import Signal

AWAY = 300.0
"""Seconds for which an operator is offline until the conversation of somebody who waits is free again."""

LOOK = 30.0
"""Seconds between two looks while conversations wait."""

_TOGETHER = 0.3
"""Seconds in which what happens leads to one look."""

logger = structlog.get_logger(__name__)


class _Activity:
    """Notices what happens in support conversations: an encoder of the hub whose subscriber gets nothing. Sync."""

    echoes = True

    def __init__(self) -> None:
        self.signal = Signal()
        self.count = 0

    def encode(self, event: Event) -> bytes:
        """Note a message, and a change of who answers."""
        if isinstance(event, Said | SupportChanged):
            self.count += 1
            self.signal.notify()
        return b""

    def offer(self, _blob: bytes) -> None:
        """Do nothing."""

    offer_or_drop = offer


@asynccontextmanager
async def open_turns(services: EngineServices) -> AsyncGenerator[None]:
    """Have one server look whenever something happens in support, where there are teams, while the block lasts.

    Cancelling: the next start, or another server, finds the conversations that wait.
    """
    hub, activity, schedule = services.hub, _Activity(), services.feature_ports[SCHEDULE]
    has_teams = False

    async def look() -> None:
        """Look now, if there are teams. May raise StorageError."""
        nonlocal has_teams
        has_teams = bool(await services.feature_ports[TEAMS].all())
        if has_teams:
            await services.operator_watch.is_staffed()  # the statuses of operators elsewhere are known soon
            await schedule.add(TURN, ALL, 0.0)

    async def follow() -> None:
        seen = activity.count
        while True:
            await activity.signal.wait_until(lambda seen=seen: activity.count > seen)  # type: ignore[misc]
            await trio.sleep(_TOGETHER)
            seen = activity.count
            if has_teams:
                await look_soon(services)

    services.settings.also_refresh(look)
    try:
        await look()
    except StorageError as error:
        logger.warning("cannot read the teams: read when they change", error=str(error))
    hub.subscribe(AllSupport(), activity, activity)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow)
            yield
            nursery.cancel_scope.cancel(reason="the server stops")
    finally:
        hub.unsubscribe(AllSupport(), activity, activity)


async def look_soon(services: EngineServices) -> None:
    """Have one server look for conversations to give. A failure is logged. Cancelling: it looks, or not."""
    try:
        await services.feature_ports[SCHEDULE].add(TURN, ALL, 0.0)
    except StorageError as error:
        logger.warning("conversations are given later", error=str(error))


async def give(services: EngineServices, _item: DueItem) -> float | None:
    """Free conversations of operators who are away, and give those that nobody has; a handler of `DueRunner`.

    Returns the seconds until the next look; None: nobody waits. May raise StorageError. Cancelling: each was given or
    freed, or not.
    """
    table = services.feature_ports[TEAMS]
    teams = {team.id: team for team in await table.all()}
    await services.operator_watch.is_staffed()
    is_waited = await _free(services)
    for each in await table.unassigned():
        is_waited = True
        online = _online(services, teams, each.team_id, each.person.id)
        chosen = await table.next_in_turn(each.team_id, online) if online else None
        if chosen is not None:
            await _assign(services, each.room_id, each.person, chosen.id, chosen, None)
    return LOOK if is_waited else None


async def _free(services: EngineServices) -> bool:
    """Free the conversations of operators who are offline for long; return whether anybody waits for one."""
    table = services.feature_ports[TEAMS]
    waiting = await table.waiting()
    absent = [
        each
        for each in waiting
        if not each.is_operator or services.statuses.status(each.assignee.id) is Status.OFFLINE
    ]
    await table.present([each.room_id for each in absent])
    for each in absent:
        away = await table.absent(each.room_id, each.assignee.id)
        if away >= AWAY or not each.is_operator:
            was = each.assignee.id
            await _assign(services, each.room_id, each.person, was, None, was)
    return bool(waiting)


def _online(services: EngineServices, teams: Mapping[int, Team], team_id: int, besides_id: int) -> list[int]:
    """Return the operators of a team who are online; nobody is given their own conversation. Sync."""
    members = teams[team_id].members if team_id in teams else ()
    statuses = services.statuses
    return [each for each in members if each != besides_id and statuses.status(each) is Status.ONLINE]


async def _assign(
    services: EngineServices, room_id: int, person: Peer, actor_id: int, to: Peer | None, was: int | None
) -> None:
    """Give a conversation to somebody, unless somebody has taken it meanwhile."""
    change = SupportChange(room_id, actor_id, current_time(), SupportOf(person), assignee=to, was=was)
    outcome = await services.writes.write(change)
    if isinstance(outcome, SupportChanged):
        logger.info(
            "conversation given in turn" if to else "conversation freed: its operator is away",
            room=room_id,
            operator=actor_id,
        )
