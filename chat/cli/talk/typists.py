"""Who types in which room, as far as one has heard. Pure."""

from chat.client import Sender

_KEPT = 6.0
"""Seconds after which somebody is forgotten who is not told again."""


class Typists:
    """Those who type now."""

    def __init__(self) -> None:
        self._heard: dict[tuple[int, int], tuple[str, float]] = {}

    def hear(self, room: int, person: Sender, now: float) -> None:
        """Somebody types. Sync."""
        self._heard[room, person.id] = person.name, now + _KEPT

    def stop(self, room: int, person: int) -> None:
        """Somebody types there no longer. Sync."""
        self._heard.pop((room, person), None)

    def forget(self, now: float) -> float | None:
        """Forget who was not heard of for long; return when the next is to be forgotten, if anybody types. Sync."""
        self._heard = {where: heard for where, heard in self._heard.items() if heard[1] > now}
        return min((until for _, until in self._heard.values()), default=None)

    def told(self, room: int | None) -> str:
        """Return who types in a room, in words; empty: nobody. Sync."""
        names = [name for (where, _), (name, _) in self._heard.items() if where == room]
        match names:
            case []:
                return ""
            case [name]:
                return f"{name} is typing"
            case [one, other]:
                return f"{one} and {other} are typing"
        return f"{names[0]}, {names[1]} and {len(names) - 2} more are typing"
