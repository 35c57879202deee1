"""Servers of other releases beside this tree's: an older one from its wheel, and one with an additional migration."""

import os
import shutil
import zipfile
from pathlib import Path
from typing import NamedTuple

from chat import __version__

_ROOT = Path(__file__).parents[2]
_RELEASES = _ROOT / "tests" / "releases"


class Release(NamedTuple):
    """A release that is unpacked; `schema` is the newest migration that it knows."""

    version: str
    schema: int
    environment: dict[str, str]
    """With which `python -m chat` is that release."""


def this_release() -> Release:
    """Return the tree as it lies."""
    return Release(__version__, _schema(_ROOT / "sql"), {})


def older_release(directory: Path) -> Release:
    """Unpack the newest release before this tree into `directory`, which is made."""
    (wheel,) = _RELEASES.glob("trio_chat-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return _release(wheel.name.split("-")[1], directory, directory / "chat" / "sql")


def next_release(directory: Path, migration: str, before: Release) -> Release:
    """Make a release that is one of this tree with one migration more than `before` into `directory`, which is made."""
    directory.mkdir()
    (directory / "chat").symlink_to(_ROOT / "chat")
    own = Path(before.environment.get("PYTHONPATH", str(_ROOT)).split(os.pathsep)[0]) / "sql"
    shutil.copytree(own, directory / "sql")
    number = before.schema + 1
    (directory / "sql" / f"{number:04}_next.sql").write_text(migration)
    return _release(__version__, directory, directory / "sql")


def _release(version: str, directory: Path, sql: Path) -> Release:
    # Safe: else Python looks in the current directory first, where this tree lies.
    path = os.pathsep.join(filter(None, (str(directory), os.environ.get("PYTHONPATH"))))
    return Release(version, _schema(sql), {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"})


def _schema(sql: Path) -> int:
    return max(int(file.name.partition("_")[0]) for file in sql.glob("*.sql"))
