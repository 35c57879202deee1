"""The name of a group's room, for clients that know no groups: the names of its people. Sync and pure."""

from collections.abc import Sequence

from chat.domain.text.rules import NAME_LENGTH


def made_name(names: Sequence[str]) -> str:
    """Return the names in a row, cut to the length of a room's name."""
    name = ", ".join(names)
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
