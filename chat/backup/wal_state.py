"""The state of the WAL archive, in the server's data directory: for monitoring and `chat doctor`."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog

STATE = "wal-archive.json"

logger = structlog.get_logger(__name__)


class WalState(msgspec.Struct, frozen=True, kw_only=True):
    """The last that is known; times are Unix times, and positions in the WAL are in bytes.

    Attributes:
        target: the directory of backups.
        since: when the archive was first tried.
        until: all that was acknowledged before it is archived; None: nothing is yet.
        received: the position up to which it has the WAL.
        behind: bytes of WAL that it lacks.
        wants_base: no backup has been made since the series began: there is no moment to restore to yet.
        gap_at: when the last gap was found.
        problem: why nothing is archived at present; None: it is.
    """

    target: str
    since: float
    until: float | None = None
    received: int = 0
    behind: int = 0
    wants_base: bool = True
    gap_at: float | None = None
    problem: str | None = None


def read_wal_state(data: Path) -> WalState | None:
    """Return the noted state of the archive; None: no archive was made. It blocks for a small file."""
    try:
        return msgspec.json.decode((data / STATE).read_bytes(), type=WalState)
    except (OSError, msgspec.MsgspecError):
        return None


def write_wal_state(data: Path, state: WalState) -> None:
    """Replace the file. A directory that cannot be written is logged: the archive goes on. It blocks."""
    new = data / f"{STATE}.new"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(state))
        os.replace(new, data / STATE)
    except OSError as error:
        logger.warning("cannot note the state of the WAL archive", directory=str(data), reason=str(error))


def forget_wal_state(data: Path) -> None:
    """Remove the file: nothing is archived any more. It blocks. Raises OSError."""
    (data / STATE).unlink(missing_ok=True)


def wal_readings(data: Path) -> Iterator[tuple[str, str, float]]:
    """Yield metrics of the archive, by name and meaning; none without one. It blocks for a small file."""
    state = read_wal_state(data)
    if state is None:
        return
    yield (
        "chat_backup_wal_timestamp_seconds",
        "All that was acknowledged before it is in the WAL archive",
        state.since if state.until is None else state.until,
    )
    yield (
        "chat_backup_wal_received_bytes",
        "Position in the WAL up to which it is archived",
        float(state.received),
    )
    yield "chat_backup_wal_behind_bytes", "WAL that is not archived yet", float(state.behind)
    if state.gap_at is not None:
        yield (
            "chat_backup_wal_gap_timestamp_seconds",
            "When the last gap in the WAL archive was found",
            state.gap_at,
        )
