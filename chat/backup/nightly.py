"""The server's own backups: each night one is made and proven, by commands beside the server."""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile

import structlog
import trio

from chat.backup.encryption import read_recipients
from chat.backup.failures import BackupFailed
from chat.backup.kept import forget_kept
from chat.backup.scratch import PLAIN, clear_scratch
from chat.backup.state import note_problem, read_backup_state
from chat.backup.wal_state import read_wal_state
from chat.domain.administration.backups import BackupFacts
from chat.domain.startup import CannotStart
from chat.embedded_postgres.process import open_process
from chat.settings.config import Config
from chat.settings.of_commands import environment_of_commands

HOUR = 3
"""The hour of the machine's own time at which it begins."""
SOON = 300.0
"""Seconds after the start, if the last backup is older than a day: the machine was off at night."""
_LOOK_EVERY = 300.0
"""Seconds between two looks at whether the WAL archive wants a backup."""
_AGAIN = 3600.0
"""Seconds after one that failed."""
_LATE = 26 * 3600.0
_LONGEST = 86_400.0
"""Seconds for a backup or a proof."""
_GRACE = 2.0
"""Seconds for the command to stop with the server; what it leaves is removed by the next one."""
_PASSED = ("data", "files", "database_url", "secret", "bus")

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def open_nightly_backups(config: Config, data: Path) -> AsyncGenerator[None]:
    """Make and prove a backup each night for as long as the block lasts, if the settings name a place for them.

    Args:
        config: the settings of the running server.
        data: its data directory, which has the state of its backups.

    Cancelling: a backup under way is stopped, and leaves none.
    """
    if config.backup is None:
        yield
        return
    await trio.to_thread.run_sync(clear_scratch, data / PLAIN)
    if config.backup_recipient is None:
        await trio.to_thread.run_sync(forget_kept, data)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_back_up_nightly, config, config.backup, data)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")


def check_recipients(config: Config) -> None:
    """Raise CannotStart if the settings name recipients of backups that are not usable. It blocks for a moment."""
    if config.backup_recipient is not None:
        try:
            read_recipients(config.backup_recipient)
        except BackupFailed as error:
            raise CannotStart(f"backup_recipient: {error}") from error


def seconds_until_due(now: datetime, made_at: float | None) -> float:
    """Return the seconds until the next backup. `now` has a time zone. Sync and pure."""
    if made_at is None or now.timestamp() - made_at > _LATE:
        return SOON
    due = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if due <= now:
        due += timedelta(days=1)
    return due.timestamp() - now.timestamp()


def backup_facts(config: Config, data: Path) -> BackupFacts:
    """Return what the server with this data directory knows of its backups. It blocks for a small file."""
    state, next_at = read_backup_state(data), None
    if config.backup is not None:
        now = datetime.now().astimezone()
        next_at = now.timestamp() + seconds_until_due(now, state.made_at)
        if state.problem_at is not None:
            next_at = max(state.problem_at + _AGAIN, now.timestamp())
    return BackupFacts(
        made_at=state.made_at,
        copied_bytes=state.copied_bytes,
        seconds=state.seconds,
        proven_at=state.proven_at,
        proven_made_at=state.proven_made_at,
        next_at=next_at,
        problem=state.problem,
        problem_at=state.problem_at,
    )


async def _back_up_nightly(config: Config, target: Path, data: Path) -> None:
    is_well = True
    while True:
        made_at = read_backup_state(data).made_at
        pause = seconds_until_due(datetime.now().astimezone(), made_at) if is_well else _AGAIN
        await _sleep_or_wanted(data, pause, may_be_wanted=is_well)
        is_well = await _back_up_and_prove(config, target, data)


async def _sleep_or_wanted(data: Path, seconds: float, *, may_be_wanted: bool) -> None:
    """Sleep, but only until the WAL archive wants a backup: moments can be restored from that on."""
    deadline = trio.current_time() + seconds
    while (left := deadline - trio.current_time()) > 0:
        await trio.sleep(min(left, _LOOK_EVERY))
        state = read_wal_state(data)
        if may_be_wanted and state is not None and state.until is not None and state.wants_base:
            return


async def _back_up_and_prove(config: Config, target: Path, data: Path) -> bool:
    """Make a backup, then prove it; return whether both went well."""
    make = ("make", str(target), "--spread", "--keep", config.backup_keep)
    for what, arguments in (("backup made", make), ("backup proven", ("verify", str(target)))):
        began = trio.current_time()
        try:
            status, said = await _run(config, arguments)
        except (OSError, trio.TooSlowError) as error:
            status, said = 1, str(error) or "it did not end within a day"
        lines = [line for line in said.splitlines() if line.strip()]
        if status != 0:
            problem = lines[-1] if lines else f"status {status}"
            logger.error("no backup tonight; trying again in an hour", command=arguments[0], reason=problem)
            await trio.to_thread.run_sync(note_problem, data, problem)
            return False
        logger.info(what, result=lines[0] if lines else "", seconds=round(trio.current_time() - began))
    return True


async def _run(config: Config, arguments: tuple[str, ...]) -> tuple[int, str]:
    """Run `chat backup` with the settings of this server; return its status and output. Cancelling: it is stopped."""
    command = (sys.executable, "-m", "chat", "backup", *arguments)
    with TemporaryFile() as output:
        with trio.fail_after(_LONGEST):
            async with open_process(
                command,
                directory=Path("/"),
                owner=None,
                output=output.fileno(),
                grace=_GRACE,
                environment=_environment(config),
            ) as process:
                status = await process.wait()
        output.seek(0)
        return status, output.read().decode(errors="replace")


def _environment(config: Config) -> dict[str, str]:
    recipient = config.backup_recipient
    if recipient is not None and not recipient.startswith("age1"):
        recipient = os.path.abspath(recipient)  # the command runs in another directory
    return environment_of_commands(config, _PASSED, backup_recipient=recipient)
