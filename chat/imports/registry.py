"""The chats whose exports are read, and the archive that is made of one."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Protocol

import msgspec

from chat.archive.directory import HEAD

_PIECE = 1 << 20
_LOST = "lost.json"


class Conversion(Protocol):
    """Makes one archive. Sync: it blocks. Raises BadArchive and OSError."""

    @property
    def lost(self) -> dict[str, int]:
        """What is left out, and how often."""
        ...

    def make(self) -> None:
        """Make the archive."""
        ...


SOURCES = {
    "mattermost": ("chat.imports.mattermost.convert", "MattermostExport"),
    "slack": ("chat.imports.slack.convert", "SlackExport"),
}
"""By the name of a chat: a module and its class, which takes an export, a directory, and a function of progress."""


def converted(
    source: str, export: Path, work: Path | None, progress: Callable[[int, int], object]
) -> tuple[Path, Counter[str]]:
    """Make the archive of an export, and return its directory, and what is left out. It blocks.

    The directory is in `work`, or beside the export, and has the export's digest in its name: the next run finds it.
    Raises BadArchive and OSError.
    """
    digest = hashlib.sha256()
    with export.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    directory = (work or export.parent) / f"{export.name}.{digest.hexdigest()[:12]}.archive"
    if not (directory / HEAD).exists() or not (directory / _LOST).exists():
        if directory.exists():
            shutil.rmtree(directory)  # it was cut off
        module, name = SOURCES[source]
        conversion: Conversion = getattr(import_module(module), name)(export, directory, progress)
        conversion.make()
        (directory / _LOST).write_bytes(msgspec.json.encode(conversion.lost))
    lost = msgspec.json.decode((directory / _LOST).read_bytes(), type=dict[str, int])
    return directory, Counter(lost)
