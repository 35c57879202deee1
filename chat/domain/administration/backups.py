"""What a server knows of its backups, for admins."""

import msgspec


class BackupFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The last events; times are Unix times, and None: it never happened, or is not planned.

    Attributes:
        made_at: when the newest backup began: messages that are older are in it.
        copied_bytes, seconds: what it took.
        proven_at: when the restore of a backup was last tried and whole.
        proven_made_at: when that backup began.
        next_at: when the server makes the next one.
        problem: why the last backup or proof failed; None: it did not.
        problem_at: when.
    """

    made_at: float | None = None
    copied_bytes: int = 0
    seconds: float = 0.0
    proven_at: float | None = None
    proven_made_at: float | None = None
    next_at: float | None = None
    problem: str | None = None
    problem_at: float | None = None
