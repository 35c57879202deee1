"""The port by which an export reads what a person has."""

from collections.abc import AsyncGenerator
from typing import Protocol

from chat.domain.features import Port


class PersonalData(Protocol):
    """What people have, as lines of JSON. Every method may raise StorageDown. Cancelling changes nothing."""

    async def person(self, person_id: int) -> str | None:
        """Return a profile; None: there is no such person, or they are deleted."""
        ...

    async def extent(self, person_id: int) -> tuple[int, int]:
        """Return about how many lists kinds() yields, and the bytes of the person's files."""
        ...

    def kinds(self, person_id: int) -> AsyncGenerator[tuple[str, list[str]]]:
        """Yield lines with their kind, all of one kind in a row; a kind without lines has one empty list."""
        ...


PERSONAL_DATA: Port[PersonalData] = Port("personal data")
