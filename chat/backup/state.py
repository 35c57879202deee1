"""The state of a server's backups, in its data directory: for operators, monitoring and `chat doctor`.

`backups.json` is written by `chat backup`, `chat backup verify` and the server's own timer; it is small, and reading it
needs no database.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import structlog

STATE = "backups.json"

logger = structlog.get_logger(__name__)


class BackupState(msgspec.Struct, frozen=True, kw_only=True):
    """The last events; times are Unix times, and None: it never happened.

    Attributes:
        backup: the path of the newest backup.
        made_at: when it began: messages that are older are in it.
        copied_bytes, seconds: what it took.
        proven: the path of the last backup whose restore was tried and is whole.
        proven_at: when that was tried.
        proven_made_at: when that backup began.
        problem: why the last backup or proof failed; None: it did not.
        problem_at: when.
    """

    backup: str | None = None
    made_at: float | None = None
    copied_bytes: int = 0
    seconds: float = 0.0
    proven: str | None = None
    proven_at: float | None = None
    proven_made_at: float | None = None
    problem: str | None = None
    problem_at: float | None = None


def read_backup_state(data: Path) -> BackupState:
    """Return what is known of the backups of the server with this data directory. It blocks for a small file."""
    try:
        return msgspec.json.decode((data / STATE).read_bytes(), type=BackupState)
    except (OSError, msgspec.MsgspecError):
        return BackupState()


def backup_readings(data: Path) -> Iterator[tuple[str, str, float]]:
    """Yield metrics of the backups, by name and meaning; none before the first. It blocks for a small file."""
    state = read_backup_state(data)
    if state.made_at is not None:
        yield "chat_backup_timestamp_seconds", "When the newest backup began", state.made_at
    if state.proven_at is not None:
        yield (
            "chat_backup_proven_timestamp_seconds",
            "When the restore of a backup was last tried and whole",
            state.proven_at,
        )
    if state != BackupState():
        yield (
            "chat_backup_failed",
            "Whether the last backup or proof failed",
            float(state.problem is not None),
        )


def note_made(data: Path, backup: Path, begun_at: float, seconds: float, copied_bytes: int) -> None:
    """Note a backup. It blocks."""
    _change(
        data,
        lambda old: msgspec.structs.replace(
            old,
            backup=str(backup),
            made_at=begun_at,
            seconds=round(seconds, 1),
            copied_bytes=copied_bytes,
            problem=None,
            problem_at=None,
        ),
    )


def note_proven(data: Path, backup: Path, begun_at: float) -> None:
    """Note that the restore of a backup was tried and is whole. It blocks."""
    now = time.time()
    _change(
        data,
        lambda old: msgspec.structs.replace(
            old, proven=str(backup), proven_at=now, proven_made_at=begun_at, problem=None, problem_at=None
        ),
    )


def note_problem(data: Path, problem: str) -> None:
    """Note why there is no new backup, or no proof of it. It blocks."""
    now = time.time()
    _change(data, lambda old: msgspec.structs.replace(old, problem=problem, problem_at=now))


def _change(data: Path, change: Callable[[BackupState], BackupState]) -> None:
    """Replace the file. A directory that cannot be written is logged: the backup is good without it."""
    new = data / f"{STATE}.{os.getpid()}"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(change(read_backup_state(data))))
        os.replace(new, data / STATE)
    except OSError as error:
        logger.warning("cannot note the state of backups", directory=str(data), reason=str(error))
