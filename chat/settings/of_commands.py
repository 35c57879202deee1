"""The environment of commands that a server runs beside itself, on its data."""

import os
from collections.abc import Iterable
from pathlib import Path

from chat.settings.config import Config, variable


def environment_of_transfers(config: Config, place: Path | None) -> dict[str, str]:
    """Return the environment of `chat transfer`; `place` is the directory of files. Sync."""
    return environment_of_commands(config, ("database_url", "bcrypt_cost"), data=config.data, files=place)


def environment_of_commands(config: Config, names: Iterable[str], **others: object) -> dict[str, str]:
    """Return the variables with these settings, those of `others`, and what PostgreSQL's clients and Python read.

    Paths are absolute: commands run in another directory. Sync.
    """
    kept = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    kept |= {name: os.environ[name] for name in ("HOME", "PYTHONPATH", "TMPDIR") if name in os.environ}
    given = {name: getattr(config, name) for name in names} | others
    texts = {
        name: str(value.absolute() if isinstance(value, Path) else value)
        for name, value in given.items()
        if value is not None
    }
    return kept | {variable(name): text for name, text in texts.items()}
