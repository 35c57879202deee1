"""Retention: messages, support conversations and other rows expire by the rules of the server and of its rooms.

Nothing that is on hold does.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter

from chat.domain.features import Ports
from chat.domain.ports import Setting
from chat.features.feature import ChangeEvent, Feature, Overdue
from chat.features.retention.changes import TRIM, Expiry, Trim, Trimmed
from chat.features.retention.conversation_queries import PostgresOldConversations
from chat.features.retention.conversations import OLD_CONVERSATIONS
from chat.features.retention.counting import expired
from chat.features.retention.native import OPERATIONS, TrimmedEvent, trimmed_event
from chat.features.retention.ports import RETENTION
from chat.features.retention.queries import PostgresRetention, read_counts, save_expiries, save_trims
from chat.features.retention.remover import open_remover
from chat.features.retention.row_queries import PostgresOldRows
from chat.features.retention.rows import OLD_ROWS
from chat.features.retention.rules import rules_of
from chat.storage.postgres.features import RemoveMessages

__all__ = ["retention"]


async def _overdue(ports: Ports, settings: Mapping[str, Setting]) -> list[Overdue]:
    rules = rules_of(settings, time.time(), grace=0.0)
    return [Overdue(each.kind, each.count, each.oldest) for each in await expired(ports, rules)]


def retention(removals: Sequence[RemoveMessages]) -> Feature:
    """Return the feature. `removals` remove what other features keep of messages."""
    return Feature(
        name="retention",
        kinds=(TRIM,),
        savers={Trim: save_trims, Expiry: save_expiries},
        ports={
            RETENTION: partial(PostgresRetention, removals=removals),
            OLD_CONVERSATIONS: PostgresOldConversations,
            OLD_ROWS: PostgresOldRows,
        },
        figures=read_counts,
        operations=OPERATIONS,
        events=(ChangeEvent(Trimmed, TrimmedEvent, trimmed_event),),
        open=open_remover,
        overdue=_overdue,
        holds=itemgetter(RETENTION),
    )
