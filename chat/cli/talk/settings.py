"""The settings of `chat talk`: a TOML file beside the sessions, which may be edited by hand."""

import os
import re
import tomllib
from pathlib import Path
from typing import NamedTuple


class _Setting(NamedTuple):
    default: bool
    does: str


SETTINGS = {
    "bell": _Setting(True, "ring the terminal's bell for mentions and direct messages"),
    "log": _Setting(False, "write the messages of each room to a file"),
    "typing": _Setting(True, "show others when you are typing"),
}
"""By name: the default, and the description."""


class TalkSettings:
    """The present settings.

    Args:
        path: the file; it may be missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._set: dict[str, bool] = {}
        self.problem = ""
        """Why the file is ignored, if it is; else empty."""
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            self.problem = f"{path}: {error}"
            return
        for name, value in found.items():
            if name not in SETTINGS or not isinstance(value, bool):
                self.problem = f"{path}: {name} = {value!r} is not understood: /set lists the settings"
            else:
                self._set[name] = value

    def __getitem__(self, name: str) -> bool:
        return self._set.get(name, SETTINGS[name].default)

    def change(self, name: str, value: bool) -> None:
        """Change a setting and store it; the rest of the file stays as it is. Sync. Raises OSError."""
        self._set[name] = value
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            text = ""
        line = f"{name} = {str(value).lower()}"
        changed, times = re.subn(rf"(?m)^\s*{name}\s*=.*$", line, text)
        if not times:
            changed = f"{line}\n{text}"  # before the first table, if there is one
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        part.write_text(changed, "utf-8")
        part.replace(self._path)
