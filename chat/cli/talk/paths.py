"""Completes paths of this machine."""

import os
from pathlib import Path

_MAX_PATHS = 200


def complete_path(typed: str) -> list[str]:
    """Return the paths that begin with the typed text; a directory ends with a slash. Sync.

    Hidden files are included only if the dot was typed.
    """
    directory, slash, part = typed.rpartition("/")
    found = []
    try:
        with os.scandir(Path(directory + slash or ".").expanduser()) as entries:
            for entry in entries:
                if entry.name.startswith(part) and (part or not entry.name.startswith(".")):
                    found.append(f"{directory}{slash}{entry.name}{'/' if entry.is_dir() else ''}")
                if len(found) == _MAX_PATHS:
                    break
    except OSError:
        return []
    return sorted(found)
