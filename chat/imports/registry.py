"""The chats whose exports are read, and the archive that is made of one."""

import hashlib
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol

import msgspec

from chat.archive.directory import HEAD, BadArchive

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
    "archive": ("chat.imports.packed", "PackedArchive"),
    "discord": ("chat.imports.discord.convert", "DiscordExport"),
    "mattermost": ("chat.imports.mattermost.convert", "MattermostExport"),
    "rocketchat": ("chat.imports.rocketchat.convert", "RocketChatDump"),
    "slack": ("chat.imports.slack.convert", "SlackExport"),
    "zulip": ("chat.imports.zulip.convert", "ZulipExport"),
}
"""By the name of a chat: a module and its class, which takes an export, a directory, and a function of progress.

`archive` is a zip file of an archive of this software.
"""


def place_of(export: Path, work: Path | None) -> Path:
    """Return the path, without its suffix, of what is made of an export: in `work`, or beside it. It blocks.

    It has the export's digest in its name, so that the next run finds it. Raises OSError.
    """
    digest = hashlib.sha256()
    with export.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return (work or export.parent) / f"{export.name}.{digest.hexdigest()[:12]}"


@contextmanager
def held(place: Path) -> Generator[None]:
    """Keep other commands from what is made of an export, for the block. Raises BadArchive and OSError."""
    path = place.with_name(f"{place.name}.lock")
    with path.open("w") as file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BadArchive("another command imports this export just now") from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def converted(
    source: str,
    export: Path,
    directory: Path,
    progress: Callable[[int, int], object],
    **more: object,
) -> Counter[str]:
    """Make the archive of an export in a directory, unless it is there, and return what is left out. It blocks.

    `more` is what the source's class takes besides. Raises BadArchive and OSError.
    """
    if not (directory / HEAD).exists() or not (directory / _LOST).exists():
        if directory.exists():
            shutil.rmtree(directory)  # it was cut off
        module, name = SOURCES[source]
        conversion: Conversion = getattr(import_module(module), name)(export, directory, progress, **more)
        conversion.make()
        (directory / _LOST).write_bytes(msgspec.json.encode(conversion.lost))
    return Counter(msgspec.json.decode((directory / _LOST).read_bytes(), type=dict[str, int]))
