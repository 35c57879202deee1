"""Administration: the state of the server's backups."""

from typing import Annotated

import trio
from msgspec import Meta

from chat.domain.messages.sync_types import milliseconds
from chat.operations.operation import Caller
from chat.operations.values import Time, Value
from chat.protocols.native.server.types import Count
from chat.protocols.services import Services


class Backups(Value, kw_only=True, frozen=True):
    """The backups of the server that answers. A time is left out if it never happened, `next` also if none is planned.

    `made` and `proven_made` are when the newest and the last proven backup began: older messages are in them. `proven`
    is when a restore was last tried and whole. `bytes` and `seconds` are what the newest one took; what it shares with
    the one before is not copied. `problem` says why the last backup or proof failed, if it did.
    """

    made: Time | None = None
    bytes: Count = 0
    seconds: Annotated[float, Meta(ge=0)] | None = None
    proven: Time | None = None
    proven_made: Time | None = None
    next: Time | None = None
    problem: str | None = None
    problem_at: Time | None = None


async def backups(services: Services, _caller: Caller, _request: None) -> Backups:
    """Get when the server was last backed up, when a restore was last proven, and what failed."""
    facts = await trio.to_thread.run_sync(services.backups)
    return Backups(
        made=_time(facts.made_at),
        bytes=facts.copied_bytes,
        seconds=None if facts.made_at is None else facts.seconds,
        proven=_time(facts.proven_at),
        proven_made=_time(facts.proven_made_at),
        next=_time(facts.next_at),
        problem=facts.problem,
        problem_at=_time(facts.problem_at),
    )


def _time(at: float | None) -> int | None:
    return None if at is None else milliseconds(at)
