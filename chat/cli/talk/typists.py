"""Who is typing in which room. Pure."""

from chat.client import Sender

_EXPIRY = 6.0
"""Seconds that a typing notice holds."""


class Typists:
    """The people who are typing."""

    def __init__(self) -> None:
        self._typing: dict[tuple[int, int], tuple[str, float]] = {}

    def add(self, room: int, person: Sender, now: float) -> None:
        """A person is typing. Sync."""
        self._typing[room, person.id] = person.name, now + _EXPIRY

    def stop(self, room: int, person: int) -> None:
        """A person stopped typing. Sync."""
        self._typing.pop((room, person), None)

    def expire(self, now: float) -> float | None:
        """Remove expired notices; return when the next one expires, or None. Sync."""
        self._typing = {where: notice for where, notice in self._typing.items() if notice[1] > now}
        return min((until for _, until in self._typing.values()), default=None)

    def describe(self, room: int | None) -> str:
        """Return a text that says who is typing in a room, or an empty one. Sync."""
        names = [name for (where, _), (name, _) in self._typing.items() if where == room]
        match names:
            case []:
                return ""
            case [name]:
                return f"{name} is typing"
            case [one, other]:
                return f"{one} and {other} are typing"
        return f"{names[0]}, {names[1]} and {len(names) - 2} more are typing"
