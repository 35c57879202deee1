"""The user that runs PostgreSQL: ourselves, or an ordinary one where we are root, which PostgreSQL refuses to be."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from chat.domain.startup import CannotStart


class UnixUser(NamedTuple):
    """The ordinary user that PostgreSQL runs as, and that owns what it writes."""

    uid: int
    gid: int
    name: str


def choose_owner(home: Path) -> UnixUser | None:
    """Return the user that runs PostgreSQL in `home` (it may not exist yet); None where we run it ourselves.

    Who owns `home` already goes on owning it, as PostgreSQL starts only on data of its own user. Raises
    CannotStart.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # late: Windows has none

    if home.exists() and home.stat().st_uid != 0:
        status = home.stat()
        try:
            name = pwd.getpwuid(status.st_uid).pw_name
        except KeyError:
            name = str(status.st_uid)
        return UnixUser(status.st_uid, status.st_gid, name)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return UnixUser(entry.pw_uid, entry.pw_gid, name)
    raise CannotStart(
        "PostgreSQL does not run as root, and there is no user postgres or nobody: run the server as another"
        " user, or pass --database"
    )


def make_home(home: Path, owner: UnixUser | None) -> None:
    """Make the directory that PostgreSQL writes to, private to its user, who can get there through ours.

    Raises CannotStart, and OSError where the disk does.
    """
    home.mkdir(mode=0o700, exist_ok=True)
    if owner is not None:
        parent = home.parent
        if parent.stat().st_uid == 0:
            parent.chmod(parent.stat().st_mode & 0o7777 | 0o001)  # others may pass, not look around
        try:
            os.chown(home, owner.uid, owner.gid)
        except PermissionError as error:  # a container's root that may do nothing
            raise CannotStart(
                f"cannot switch to user {owner.name} to run PostgreSQL, which refuses to run as root: {error}"
            ) from error
    for path in (home, home / "cluster"):
        uid = os.geteuid() if owner is None else owner.uid
        if path.exists() and path.stat().st_uid != uid:
            raise CannotStart(
                f"{path} belongs to user {path.stat().st_uid}, and PostgreSQL runs as {uid}: give it back by"
                f" chown -R {uid} {home}"
            )


def barrier(path: Path, owner: UnixUser) -> Path:
    """Return the highest directory on the way to `path` that `owner` may not enter; `path` if none is found."""
    for directory in (*reversed(path.parents), path):
        status = directory.stat()
        if status.st_uid == owner.uid:
            may_enter = status.st_mode & 0o100
        elif status.st_gid == owner.gid:
            may_enter = status.st_mode & 0o010
        else:
            may_enter = status.st_mode & 0o001
        if not may_enter:
            return directory
    return path
