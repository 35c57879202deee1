"""Retention: messages expire by the rules of the server and of its rooms, unless they are on hold."""

import time
from collections.abc import Mapping, Sequence
from functools import partial

from chat.domain.features import Ports
from chat.domain.ports import Setting
from chat.features.feature import ChangeEvent, Feature, Overdue
from chat.features.retention.changes import TRIM, Trim, Trimmed
from chat.features.retention.native import OPERATIONS, TrimmedEvent, trimmed_event
from chat.features.retention.ports import RETENTION
from chat.features.retention.queries import PostgresRetention, read_counts, save_trims
from chat.features.retention.remover import open_remover
from chat.features.retention.rules import rules_of
from chat.storage.postgres.features import RemoveMessages

__all__ = ["retention"]


async def _overdue(ports: Ports, settings: Mapping[str, Setting]) -> list[Overdue]:
    found = await ports[RETENTION].expired(rules_of(settings, time.time(), grace=0.0))
    return [Overdue(each.kind, each.count, each.oldest) for each in found]


def retention(removals: Sequence[RemoveMessages]) -> Feature:
    """Return the feature. `removals` remove what other features keep of messages."""
    return Feature(
        name="retention",
        kinds=(TRIM,),
        savers={Trim: save_trims},
        ports={RETENTION: partial(PostgresRetention, removals=removals)},
        figures=read_counts,
        operations=OPERATIONS,
        events=(ChangeEvent(Trimmed, TrimmedEvent, trimmed_event),),
        open=open_remover,
        overdue=_overdue,
    )
