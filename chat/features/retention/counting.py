"""Counts what has expired, of all kinds that are counted."""

from chat.domain.features import Ports
from chat.features.retention.conversations import OLD_CONVERSATIONS
from chat.features.retention.ports import RETENTION
from chat.features.retention.rows import OLD_ROWS
from chat.features.retention.rules import Expired, Rules


async def expired(ports: Ports, rules: Rules) -> list[Expired]:
    """Return what would be removed or closed now; it reads all that it counts. Raises StorageDown."""
    return [
        *await ports[RETENTION].expired(rules),
        *await ports[OLD_CONVERSATIONS].expired(rules),
        *await ports[OLD_ROWS].expired_rows(rules),
    ]
