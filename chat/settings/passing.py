"""Passes the settings from one process of this server to another, as plain values for JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chat.settings.config import FIELDS, Config


def settings_to_pass(config: Config) -> dict[str, Any]:
    """Return every field by its name; secrets too. Sync."""
    fields = msgspec.to_builtins(config, enc_hook=_plain)
    assert isinstance(fields, dict)
    return fields


def passed_settings(fields: Mapping[str, Any]) -> Config:
    """Return the record that `settings_to_pass` was given.

    The other process may be of another version: a field that is unknown here is left out, and one that it does not
    know has its default. Raises msgspec.ValidationError if a value is not valid here.
    """
    known = {name: value for name, value in fields.items() if name in FIELDS}
    config: Config = msgspec.convert(known, Config, dec_hook=_rich)
    return config


def _plain(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no setting's")


def _rich(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"{kind.__name__} is no setting's")
