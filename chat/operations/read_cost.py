"""What a caller is charged for messages that an operation has read."""

from collections.abc import Iterable

from chat.domain.limits.budgets import Budgets
from chat.domain.messages.sync_types import MessageNow, json_bytes
from chat.operations.operation import Caller

MESSAGE_OVERHEAD = 256
"""About how many bytes a message has as JSON beside its text and files: numbers, times, names."""


def charge_read(budgets: Budgets, caller: Caller, messages: Iterable[MessageNow], limit: int) -> int:
    """Charge the caller for the bytes of these messages, and return how many they are. Sync.

    The request has paid for `limit` messages when it came (`Operation.over_budget`).
    """
    size = sum(json_bytes(message) + MESSAGE_OVERHEAD for message in messages)
    budgets.was_read(caller.known.id, caller.device.address, size, limit)
    return size
