"""Exports that people asked for, and the port that keeps them: one of each person."""

from enum import StrEnum
from typing import Protocol

import msgspec

from chat.domain.features import Port

KEPT = 86_400.0
"""Seconds for which a finished archive, or the note of a failure, is kept."""

PAUSE = 3600.0
"""Seconds from one request of a person to the next."""


class Failure(StrEnum):
    """Why an export was given up."""

    TOO_BIG = "too_big"
    """The archives would take more than `export_bytes`, or leave too little space on the disk."""
    DISK = "disk"
    """The disk failed."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """An export; times in Unix seconds.

    `name` is that of the file, `share` the part that is made (0 to 1). One of `made_at` and `failed_at` is set once it
    has ended.
    """

    person_id: int
    name: str
    asked_at: float
    share: float = 0.0
    made_at: float | None = None
    size: int | None = None
    failed_at: float | None = None
    failure: str | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it waits to be made, or is being made."""
        return self.made_at is None and self.failed_at is None


class Asked(msgspec.Struct, frozen=True):
    """The export of a person after a request; `is_new`: it is a new one. `wait`: seconds until the next request."""

    export: Export
    is_new: bool
    wait: float


class ExportRequests(Protocol):
    """The exports, by the storage's own clock. Every method may raise StorageDown, those that change OutcomeUnknown."""

    async def ask(self, person_id: int, name: str) -> Asked:
        """Replace a person's export by a new one, unless it is under way or was asked for within PAUSE.

        A failed one is replaced at once. The audit gets the request.
        """
        ...

    async def of_person(self, person_id: int) -> Export | None:
        """Return a person's export; None: there is none, or its time is over."""
        ...

    async def make_link(
        self, person_id: int, session_id: int | None, generation: int, digest: bytes
    ) -> Export | None:
        """Replace the link of a person's finished export, and note it in the audit. None: there is none."""
        ...

    async def by_link(self, digest: bytes) -> Export | None:
        """Return the finished export of a link.

        None: the link was replaced, its time is over, its session has ended, or its person is disabled or deleted.
        """
        ...

    async def claim(self, by: int, seconds: float) -> Export | None:
        """Let a server make the export that waits longest; None: none waits, or another server is making one.

        The claim lasts for `seconds` from now and from each renewal.
        """
        ...

    async def renew(self, by: int, name: str, seconds: float, share: float) -> bool:
        """Extend a claim, and note the share that is made. False: the claim or the export has ended."""
        ...

    async def finish(self, by: int, name: str, size: int) -> bool:
        """Note that the file is whole, of so many bytes. False: the claim or the export has ended."""
        ...

    async def fail(self, by: int, name: str, failure: Failure) -> None:
        """Note that it was given up."""
        ...

    async def expire(self) -> "Names":
        """Remove exports whose time is over, and those of disabled or deleted people; return the files of others."""
        ...


class Names(msgspec.Struct, frozen=True):
    """The names of files that are whole, and of those that a server is writing just now."""

    made: frozenset[str]
    claimed: frozenset[str]


REQUESTS: Port[ExportRequests] = Port("exports")
