"""The paths on this machine that begin so, for Tab."""

import os
from pathlib import Path

_MOST = 200
"""Paths that are gone through."""


def paths_beginning(typed: str) -> list[str]:
    """Return the paths that begin with what is typed, as it is typed; a directory ends with a slash. Sync.

    Files whose names begin with a dot are among them where that is typed.
    """
    directory, slash, part = typed.rpartition("/")
    found = []
    try:
        with os.scandir(Path(directory + slash or ".").expanduser()) as entries:
            for entry in entries:
                if entry.name.startswith(part) and (part or not entry.name.startswith(".")):
                    found.append(f"{directory}{slash}{entry.name}{'/' if entry.is_dir() else ''}")
                if len(found) == _MOST:
                    break
    except OSError:
        return []
    return sorted(found)
