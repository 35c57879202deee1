"""Worlds in which messages and changes expire within seconds, while clients are behind, resume and page back."""

from contextlib import ExitStack
from unittest.mock import patch

import chat.features.retention.remover
import chat.features.retention.row_remover
import chat.features.retention.rules
import tests.features.retention.conversations_model
import tests.features.retention.model
from chat.features.retention.ports import RETENTION
from chat.features.retention.remover import Remover
from chat.features.retention.rules import RoomRule
from tests.reference.storage import MemoryStorage
from tests.simulation.plan import Forgetting

_LOOK = 0.5
"""Seconds between two looks at what has expired."""


def with_short_days() -> ExitStack:
    """Have a day of the rules last for a second, and the servers look often; a changed rule counts at once."""
    stack = ExitStack()
    for module in (
        chat.features.retention.rules,
        chat.features.retention.row_remover,
        tests.features.retention.model,
        tests.features.retention.conversations_model,
    ):
        stack.enter_context(patch.object(module, "DAY", 1.0))
    stack.enter_context(patch.object(chat.features.retention.remover, "_LOOK", _LOOK))
    stack.enter_context(patch.object(chat.features.retention.remover, "_CLAIM", _LOOK))
    stack.enter_context(patch.dict(Remover.__init__.__kwdefaults__, {"grace": 0.0}))
    return stack


async def set_rules(kept: MemoryStorage, forgetting: Forgetting, room_id: int) -> None:
    """Have the messages of one room expire, and the changes of all rooms."""
    await kept.settings.change_settings({"change_days": forgetting.changes}, None)
    rule = RoomRule(forgetting.messages, is_by_admin=True)
    await kept.feature_ports[RETENTION].set_room_rule(room_id, rule, None)
