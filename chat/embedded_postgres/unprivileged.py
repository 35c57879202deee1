"""The user that runs PostgreSQL: our own, or an ordinary one if we are root, as which PostgreSQL refuses to run."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from chat.domain.startup import CannotStart


class UnixUser(NamedTuple):
    """The ordinary user that runs PostgreSQL and owns its data."""

    uid: int
    gid: int
    name: str


def choose_owner(home: Path) -> UnixUser | None:
    """Return the user that runs PostgreSQL in `home`, which may not exist yet; None: our own user.

    An existing `home` keeps its owner, because PostgreSQL starts only on data of its own user. Raises CannotStart.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # imported late: Windows has no such module

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
        "PostgreSQL refuses to run as root, and there is no user postgres or nobody: run the server as another"
        " user, or pass --database"
    )


def make_home(home: Path, owner: UnixUser | None) -> None:
    """Create PostgreSQL's directory, private to its user, who can reach it through our directory.

    Raises CannotStart, and OSError from the file system.
    """
    home.mkdir(mode=0o700, exist_ok=True)
    if owner is not None:
        parent = home.parent
        if parent.stat().st_uid == 0:
            parent.chmod(parent.stat().st_mode & 0o7777 | 0o001)  # others may enter, not list
        try:
            os.chown(home, owner.uid, owner.gid)
        except PermissionError as error:  # root of a container without capabilities
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
    """Return the highest directory above `path` that `owner` may not enter; `path` if there is none."""
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
