"""The migrations of this release: the files `sql/NNNN_name.sql`."""

import hashlib
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

_SERVES = re.compile(r"^-- Serves: (\d+)$", re.MULTILINE)


class Migration(NamedTuple):
    """One numbered file."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def serves(self) -> int | None:
        """The oldest schema version whose servers may run after this migration; None: only those that know it."""
        found = _SERVES.search(self.text)
        return int(found[1]) if found else None


def known_migrations() -> list[Migration]:
    """Return the migrations of this release, in order."""
    return sorted(_read(_directory()))


def _directory() -> Traversable:
    # An installed package has sql/ inside; a checkout has it beside the package.
    packaged = files("chat") / "sql"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "sql"


def _read(directory: Traversable) -> Iterator[Migration]:
    for file in directory.iterdir():
        if file.name.endswith(".sql"):
            version, _, name = file.name.removesuffix(".sql").partition("_")
            yield Migration(int(version), name, file.read_text(encoding="utf-8"))
